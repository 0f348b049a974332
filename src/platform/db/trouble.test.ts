import { describe, expect, test } from 'vitest'
import { Refusal } from '../errors/index.ts'
import { lossOf, notConnected, openOutage, translate } from './trouble.ts'

const failure = (message: string, code?: string) => Object.assign(new Error(message), code ? { code } : {})
const codeOf = (error: unknown) => (error instanceof Refusal ? error.code : null)

describe('an error of PostgreSQL', () => {
  test.each(['08006', '53100', '53300', '57014', '57P01', '58030', '25P03', '25006', '40001', '40P01', '55P03', 'ECONNRESET', 'EAI_AGAIN'])(
    '%s means "not now": 503, with a time to come back',
    (code) => {
      const refusal = translate(failure('told by the server', code))
      expect(refusal).toMatchObject({ kind: 'unavailable', details: { headers: { 'retry-after': '1' } } })
      expect((refusal as Refusal).message).not.toContain('told by the server')
    },
  )

  test.each(['Connection terminated unexpectedly', 'Client has encountered a connection error and is not queryable', 'Query read timeout'])(
    'so does one without a code: %s',
    (message) => expect(codeOf(translate(failure(message)))).toBe('database_unavailable'),
  )

  test.each(['23505', '22P02', '42601', '42501'])('%s is no matter of waiting, and stays what it is', (code) => {
    const error = failure('a fault of the statement', code)
    expect(translate(error)).toBe(error)
    expect(lossOf(error)).toBeNull()
  })

  test('whatever keeps a connection from opening means "not now", and none being free is our own limit', () => {
    expect(codeOf(notConnected(failure('the database is not accepting connections', '55000')))).toBe('database_unavailable')
    expect(codeOf(notConnected(failure('timeout exceeded when trying to connect')))).toBe('overloaded')
  })

  test('only a lost connection is an outage: not a full pool, not a lock that was not to be had', () => {
    expect(lossOf(failure('read ECONNRESET', 'ECONNRESET'))).not.toBeNull()
    expect(lossOf(notConnected(failure('refused', 'ECONNREFUSED')))).toMatchObject({ message: 'refused' })
    expect(lossOf(notConnected(failure('timeout exceeded when trying to connect')))).toBeNull()
    expect(lossOf(failure('canceling statement due to lock timeout', '55P03'))).toBeNull()
  })
})

test('an outage is told once, and once more when nothing has failed for a second and something worked', () => {
  const told: string[] = []
  let now = 0
  const outage = openOutage(
    ({ message }) => told.push(message),
    (ms) => told.push(`over after ${ms}`),
    () => now,
  )
  outage.worked()
  for (now = 10_000; now < 10_500; now += 100) {
    outage.failed(new Error(`lost at ${now}`))
    outage.worked()
  }
  now = 11_399
  outage.worked()
  expect(told).toEqual(['lost at 10000'])
  now = 11_400
  outage.worked()
  outage.worked()
  expect(told).toEqual(['lost at 10000', 'over after 400'])
  outage.failed(new Error('again'))
  expect(told.at(-1)).toBe('again')
})
