// What all the APIs promise alike: repeats, limits, errors, request ids, audit.
import { randomUUID } from 'node:crypto'
import { request as plainRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { movableClock } from '../../src/platform/time/index.ts'
import { openTestHouse, type RequestOptions, type TestHouse } from '../support/house.ts'
import { asker, lacking } from './asking.ts'

const clock = movableClock('2026-11-24T09:00:00.500Z')
let house: TestHouse
let token: string
beforeAll(async () => {
  house = await openTestHouse({ clock, env: { LIMIT_SAPIEN: 'off' } })
  token = await house.token()
})
afterAll(() => house?.close())

const ask = asker(() => house)
let count = 0
const person = () => {
  const username = `person.${++count}`
  return { username, email: `${username}@example.com`, firstName: 'Some', lastName: 'Body' }
}

describe('a repeated request', () => {
  const post = (key: string, json: object, more: RequestOptions = {}) =>
    ask('POST', '/v1/users', { token, json, ...more, headers: { 'idempotency-key': key } })

  test('gets the first answer for a day, and does nothing twice', async () => {
    const [key, json] = [randomUUID(), person()]
    const first = await post(key, json)
    expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([201, null])
    clock.advance(23 * 3600)
    token = await house.token()
    const again = await post(key, json)
    expect([again.status, again.headers.get('idempotent-replayed'), again.body]).toEqual([201, 'true', first.body])
    expect(again.headers.get('location')).toBe(first.headers.get('location'))
    clock.advance(3600 + 60)
    token = await house.token()
    expect((await post(key, json)).status).toBe(409)
  })

  test('with another body is 422', async () => {
    const key = randomUUID()
    expect((await post(key, person())).status).toBe(201)
    expect((await post(key, person())).status).toBe(422)
  })

  test('while the first is under way is 409 with Retry-After, and one is made', async () => {
    const [key, json] = [randomUUID(), person()]
    const all = await Promise.all(Array.from({ length: 8 }, () => post(key, json)))
    const refused = all.filter(({ status }) => status === 409)
    expect(all.every(({ status }) => status === 201 || status === 409)).toBe(true)
    expect(refused.every(({ headers }) => headers.get('retry-after') === '1')).toBe(true)
    expect(new Set(all.filter(({ status }) => status === 201).map(({ body }) => body.id)).size).toBe(1)
  })

  test('remembers what broke a rule, and not what was malformed', async () => {
    const [taken, key, other] = [person(), randomUUID(), randomUUID()]
    await ask('POST', '/v1/users', { token, json: taken })
    expect((await post(key, { ...person(), username: taken.username })).status).toBe(409)
    const again = await post(key, { ...person(), username: taken.username })
    expect(again.status).toBe(422)
    expect((await post(other, { username: 5 })).status).toBe(400)
    expect((await post(other, person())).status).toBe(201)
  })

  test('is one per principal and route', async () => {
    const key = randomUUID()
    const [one, two] = [await post(key, person()), await post(key, person(), { token: await house.token({ subject: 'client:other' }) })]
    expect([one.status, two.status]).toEqual([201, 201])
    const book = { full_name: 'Ada Byron', mobile: '+442079460998' }
    const headers = { 'idempotency-key': key }
    const made = await ask('POST', '/users', { key: house.org.apiKey, json: book, headers })
    const replay = await ask('POST', '/users', { key: house.org.apiKey, json: book, headers })
    expect([made.status, replay.status, replay.headers.get('idempotent-replayed')]).toEqual([201, 201, 'true'])
  })
})

describe('whatever is sent', () => {
  const bodies: [string, string | Buffer, string][] = [
    ['malformed JSON', '{"username":', 'application/json'],
    ['nothing where something is needed', '', 'application/json'],
    ['a list', '[]', 'application/json'],
    ['null', 'null', 'application/json'],
    ['bad UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 'application/json'],
    ['NUL', '{"username":"a\\u0000b","email":"a@b.example","firstName":"A","lastName":"B"}', 'application/json'],
    [
      'an absurd number',
      '{"organizationId":1e999,"username":"a","email":"a@b.example","firstName":"A","lastName":"B"}',
      'application/json',
    ],
    ['deep nesting', '['.repeat(100_000), 'application/json'],
    ['plain text', 'hello', 'text/plain'],
    ['no known type', 'hello', 'application/x-unknown'],
    ['too much', `{"username":"${'x'.repeat(3_000_000)}"}`, 'application/json'],
  ]
  test.for(bodies)('%s is refused in each API’s own words, never 5xx', async ([, body, type]) => {
    const headers = { 'content-type': type }
    const sapien = await ask('POST', '/v1/users', { token, body, headers })
    expect(sapien.status).toBeGreaterThanOrEqual(400)
    expect(sapien.status).toBeLessThan(500)
    expect(lacking({ error: { code: '', message: '', requestId: '' } }, sapien.body)).toEqual([])
    const bella = await ask('POST', '/appointments', { key: house.org.apiKey, body, headers })
    expect(bella.status).toBeGreaterThanOrEqual(400)
    expect(bella.status).toBeLessThan(500)
    expect(lacking({ error_code: '', timestamp: '', correlation_id: '' }, bella.body)).toEqual([])
    const sei = await ask('POST', '/api/v1/auth/login', { body, headers })
    expect(sei.status).toBeGreaterThanOrEqual(400)
    expect(sei.status).toBeLessThan(500)
    expect(lacking({ error: { code: '', message: '' } }, sei.body)).toEqual([])
    for (const { text } of [sapien, bella, sei]) expect(text).not.toMatch(/node_modules|\.ts\b|SELECT|INSERT|at \w+ \(/)
  })

  test('an unknown path is a 404, a method that is not taken a 405 with Allow', async () => {
    expect((await ask('GET', '/v1/nothing', { token })).body.error.code).toMatch(/not_found/)
    expect((await ask('GET', '/appointments/1/nothing', { key: house.org.apiKey })).body.error_code).toMatch(/NOT_FOUND/)
    const { status, headers } = await ask('PATCH', '/v1/users', { token })
    expect([status, headers.get('allow')]).toEqual([405, expect.stringContaining('POST')])
  })
})

describe('a request id', () => {
  test('of the client’s is kept when it is printable and short, in header and error alike', async () => {
    for (const [id, kept] of [
      ['abc-123', true],
      ['x'.repeat(128), true],
      ['x'.repeat(129), false],
      ['a b', false],
    ] as const) {
      const { headers, body } = await ask('GET', '/v1/users/0', { token, headers: { 'x-request-id': id } })
      expect(headers.get('x-request-id') === id).toBe(kept)
      expect(body.error.requestId).toBe(headers.get('x-request-id'))
      const bella = await ask('GET', '/appointments/0', { key: house.org.apiKey, headers: { 'x-request-id': id } })
      expect(bella.body.correlation_id).toBe(bella.headers.get('x-request-id'))
    }
  })
})

test('two Authorization headers are refused, whatever they say', async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const { hostname, port } = new URL(house.url)
    const headers = ['Host', `${hostname}:${port}`, 'Authorization', `Bearer ${token}`, 'Authorization', `Bearer ${token}`]
    const sent = plainRequest({ hostname, port, path: '/v1/users', headers: headers as never }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    sent.on('error', reject).end()
  })
  expect(status).toBe(401)
})

test('every change is one entry of the audit chain, and the chain holds', async () => {
  const before = (await house.house.audit.verify({ organizationId: 100 })).entries
  await ask('POST', '/v1/users', { token, json: person() })
  const { entries, findings } = await house.house.audit.verify({ organizationId: 100 })
  expect([entries, findings]).toEqual([before + 1, []])
})
