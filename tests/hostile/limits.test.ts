// P8 over HTTP: so many requests a caller, told in every answer, refused in the contract's words; nobody pays for another.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { movableClock } from '../../src/platform/time/index.ts'
import { operations } from '../isolation/operations.ts'
import { type Arena, openArena } from './arena.ts'
import { type HostileJudge, openJudge } from './judge.ts'

let arena: Arena
let judge: HostileJudge
const clock = movableClock('2026-11-22T10:00:00Z')
beforeAll(async () => {
  const env = { LIMIT_SAPIEN: '2/min;burst=4', LIMIT_SEI: '3/min', LIMIT_SEI_ANONYMOUS: '2/min', LIMIT_BELLA: '3/h' }
  arena = await openArena({ env, clock })
  judge = await openJudge(arena.house)
})
afterAll(() => arena?.close())

const named = (name: string) => operations.find(({ endpoint }) => endpoint.operation === name) ?? operations[0]
let clients = 0
const fresh = async (organizationId = 100) => {
  const token = await arena.house.token({ subject: `client:limited-${++clients}`, organizationId })
  return { authorization: `Bearer ${token}` }
}
const statusesOf = async (times: number, path: string, headers: Record<string, string>, method = 'GET', body?: string) => {
  const statuses: number[] = []
  for (let index = 0; index < times; index++) statuses.push((await arena.send(method, path, headers, body)).status)
  return statuses
}

describe('sapien', () => {
  test('says in every answer what the rate is, what is left and when all of it is there again', async () => {
    const caller = await fresh()
    const first = await arena.send('GET', '/v1/organizations', caller)
    // The rate, not what may be taken at once.
    expect(first.headers).toMatchObject({
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '2',
      'ratelimit-policy': expect.stringContaining('q=2;w=60;burst=4'),
    })
    const now = clock.now().getTime() / 1000
    expect(Number(first.headers['x-ratelimit-reset'])).toBeGreaterThan(now)
    expect(Number(first.headers['x-ratelimit-reset'])).toBeLessThanOrEqual(now + 120)
    expect(first.headers['retry-after']).toBeUndefined()
    const missing = await arena.send('GET', '/v1/users/999999', caller)
    expect([missing.status, missing.headers['x-ratelimit-limit']]).toEqual([404, '2'])
  })

  test('lets the burst through, refuses the next with when to come again, and lets that one through', async () => {
    const caller = await fresh()
    expect(await statusesOf(4, '/v1/organizations', caller)).toEqual([200, 200, 200, 200])
    const refused = await arena.send('GET', '/v1/organizations', caller)
    const operation = named('organizations.list')
    expect(refused.status).toBe(429)
    expect(operation && judge.refusal(operation, refused)).toEqual([])
    expect(JSON.parse(refused.body)).toMatchObject({ error: { code: 'rate_limited' } })
    expect(refused.headers).toMatchObject({ 'retry-after': '30', 'x-ratelimit-remaining': '0' })
    clock.advance(29)
    expect(await statusesOf(1, '/v1/organizations', caller)).toEqual([429])
    clock.advance(1)
    expect(await statusesOf(2, '/v1/organizations', caller)).toEqual([200, 429])
  })

  test('counts each credential for itself, over all its operations and tokens', async () => {
    const [one, two, elsewhere] = [await fresh(), await fresh(), await fresh(200)]
    expect(await statusesOf(2, '/v1/organizations', one)).toEqual([200, 200])
    expect(await statusesOf(3, '/v1/users', one)).toEqual([200, 200, 429])
    const again = { authorization: `Bearer ${await arena.house.token({ subject: `client:limited-${clients - 2}`, ttlS: 60 })}` }
    expect(await statusesOf(1, '/v1/calls', again)).toEqual([429])
    expect(await statusesOf(1, '/v1/users', two)).toEqual([200])
    expect(await statusesOf(1, '/v1/users', elsewhere)).toEqual([200])
  })

  test('counts what was refused too: a request of the wrong shape, a thing that is not there', async () => {
    const caller = { ...(await fresh()), 'content-type': 'application/json' }
    expect(await statusesOf(5, '/v1/users', caller, 'POST', '{')).toEqual([400, 400, 400, 400, 429])
  })

  test('counts who shows no credential, or a wrong one, by address; a good one beside them is free', async () => {
    clock.advance(3_600)
    expect(await statusesOf(2, '/v1/users', {})).toEqual([401, 401])
    expect(await statusesOf(3, '/v1/users', { authorization: 'Bearer a.b.c' })).toEqual([401, 401, 429])
    expect(await statusesOf(1, '/v1/users', await fresh())).toEqual([200])
    clock.advance(3_600)
  })
})

describe('what proves itself another way', () => {
  test('is counted by that: an event stream by its caller, a calendar by its key', async () => {
    const caller = await fresh()
    expect((await arena.send('GET', '/v1/events', caller)).headers['x-ratelimit-remaining']).toBe('2')
    expect(await statusesOf(4, '/v1/events', caller)).toEqual([200, 200, 200, 429])
    expect(await statusesOf(1, '/v1/events', await fresh())).toEqual([200])
    const { key } = await arena.house.house.apiKeys.create(arena.house.session(), { name: 'Calendar', scopes: ['*'], expiresAt: null })
    expect(await statusesOf(4, '/appointments.ics', { 'x-api-key': key })).toEqual([200, 200, 200, 429])
  })
})

describe('sei', () => {
  test('has another limit for callers without a credential', async () => {
    clock.advance(3_600)
    const login = JSON.stringify({ username: 'nobody@example.com', password: 'wrong-password' })
    const answers = await statusesOf(3, '/api/v1/auth/login', { 'content-type': 'application/json' }, 'POST', login)
    expect(answers).toEqual([401, 401, 429])
    const refused = await arena.send('POST', '/api/v1/auth/login', { 'content-type': 'application/json' }, login)
    expect(JSON.parse(refused.body)).toMatchObject({ error: { code: 'RATE_LIMITED', request_id: refused.headers['x-request-id'] } })
    expect(refused.headers['x-ratelimit-limit']).toBe('2')
    expect((await arena.send('POST', '/api/v1/auth/logout', await fresh())).headers['x-ratelimit-limit']).toBe('3')
  })
})

describe('bella', () => {
  test('counts by key, and one key’s use is not another’s', async () => {
    const { key } = await arena.house.house.apiKeys.create(arena.house.session(), { name: 'Counted', scopes: ['*'], expiresAt: null })
    expect(await statusesOf(4, '/appointments', { 'x-api-key': key })).toEqual([200, 200, 200, 429])
    const refused = await arena.send('GET', '/users', { 'x-api-key': key })
    expect(JSON.parse(refused.body)).toMatchObject({ error_code: 'RATE_LIMITED', correlation_id: refused.headers['x-request-id'] })
    expect(Number(refused.headers['retry-after'])).toBe(1200)
    expect(await statusesOf(1, '/appointments', { 'x-api-key': arena.other.founded.apiKey })).toEqual([200])
  })
})

describe('what is not counted', () => {
  const free = operations.filter(
    ({ endpoint }) => endpoint.unlimited && endpoint.method === 'GET' && !endpoint.path.includes(':') && !endpoint.hidden,
  )

  test('are health, metrics, keys and reference pages, and signed webhooks: these and no others', () => {
    expect(operations.filter(({ endpoint }) => endpoint.unlimited).every(({ endpoint }) => endpoint.permission === 'public')).toBe(true)
    expect(free.length).toBeGreaterThan(10)
  })

  test.each(free.map(({ endpoint }) => [endpoint.path] as const))('%s is answered as often as it is asked', async (path) => {
    for (const answer of await Promise.all(Array.from({ length: 12 }, () => arena.send('GET', path, {})))) {
      expect(answer.status).toBeLessThan(400)
      expect(answer.headers['x-ratelimit-limit']).toBeUndefined()
    }
  })
})
