import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { headersByOrigin } from './cors.ts'

const [known, other] = ['https://app.example', 'https://evil.example']

let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse({ env: { CORS_ALLOW_ORIGIN: `${known},https://desk.example` } })
})
afterAll(() => house?.close())

const allowed = async (method: string, path: string, headers: Record<string, string>) => {
  const answer = await house.request(method, path, { headers })
  return [answer.status, answer.headers.get('access-control-allow-origin'), answer.headers.get('vary')?.toLowerCase().split(', ')]
}

describe('where origins are named, an answer', () => {
  const paths: [string, string, number][] = [
    ['GET', '/health', 200],
    ['GET', '/v1/users', 401],
    ['DELETE', '/v1/users', 405],
    ['GET', '/nowhere', 404],
  ]
  test.each(paths)('of %s %s may be read by their pages and by nobody else’s', async (method, path, status) => {
    expect(await allowed(method, path, { origin: known })).toEqual([status, known, ['origin']])
    expect(await allowed(method, path, { origin: other })).toEqual([status, null, ['origin']])
    expect(await allowed(method, path, { origin: 'null' })).toEqual([status, null, ['origin']])
    expect(await allowed(method, path, {})).toEqual([status, null, ['origin']]) // a cache between keeps one for each origin
  })

  test('to a preflight names the origin that asked, if it is one of them', async () => {
    const asks = { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'authorization' }
    for (const path of ['/v1/users', '/nowhere']) {
      expect((await allowed('OPTIONS', path, { ...asks, origin: known })).slice(0, 2)).toEqual([204, known])
      expect((await allowed('OPTIONS', path, { ...asks, origin: other }))[1]).toBe(null)
    }
    const { headers } = await house.request('OPTIONS', '/v1/users', { headers: { ...asks, origin: known } })
    expect(headers.get('access-control-allow-methods')).toContain('PUT')
    expect(headers.get('access-control-allow-headers')).toBe('authorization')
  })
})

test('what may be read is told to pages alone, and to everybody’s where every origin may call', () => {
  const toEverybody = headersByOrigin({ origins: ['*'], maxAgeS: 1 }, { 'x-own': '1' })
  expect(toEverybody(undefined)).toEqual({ 'x-own': '1', 'access-control-allow-origin': '*' })
  expect(toEverybody(other)['access-control-expose-headers']).toContain('X-Request-Id')
  const toSome = headersByOrigin({ origins: [known], maxAgeS: 1 }, { 'x-own': '1' })
  expect(toSome(known)['access-control-expose-headers']).toContain('Retry-After')
  expect(toSome(other)).toEqual({ 'x-own': '1', vary: 'Origin' })
})
