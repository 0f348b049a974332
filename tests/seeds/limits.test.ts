// The documented limits and the fields that tell of them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { movableClock } from '../../src/platform/time/index.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { asker, lacking } from './asking.ts'

const clock = movableClock('2026-11-24T09:00:00Z')
let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse({
    clock,
    env: { LIMIT_SAPIEN: '100/s;burst=200', LIMIT_BELLA: '1000/h', LIMIT_SEI: '1000/h', LIMIT_SEI_ANONYMOUS: '100/h' },
  })
})
afterAll(() => house?.close())
const ask = asker(() => house)
const at = () => Math.floor(clock.now().getTime() / 1000)

test('bella: 1000 an hour for a key, told by the documented headers', async () => {
  const key = house.org.apiKey
  const { headers } = await ask('GET', '/appointments?limit=1', { key })
  expect([headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining')]).toEqual(['1000', '999'])
  expect(Number(headers.get('x-ratelimit-reset'))).toBeGreaterThanOrEqual(at())
  expect(headers.get('ratelimit-policy')).toMatch(/q=1000;w=3600/)
  expect(headers.get('ratelimit')).toMatch(/r=999/)
  expect((await ask('GET', '/appointments?limit=1', { key })).headers.get('x-ratelimit-remaining')).toBe('998')
  const { key: second } = await house.house.apiKeys.create(house.session(), { name: 'Second', scopes: ['*'], expiresAt: null })
  expect((await ask('GET', '/appointments?limit=1', { key: second })).headers.get('x-ratelimit-remaining')).toBe('999')
})

test('sapien: 100 a second, a burst of 200, then 429 with Retry-After until time has passed', async () => {
  const token = await house.token({ subject: 'client:busy' })
  const all = []
  for (let turn = 0; turn < 21; turn++)
    all.push(...(await Promise.all(Array.from({ length: 10 }, () => ask('GET', '/v1/users?limit=1', { token })))))
  expect(all.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(200)
  expect(all[0]?.headers.get('x-ratelimit-limit')).toBe('100')
  expect(all[0]?.headers.get('ratelimit-policy')).toMatch(/q=100;w=1;burst=200/)
  const refused = all.filter(({ status }) => status === 429)
  expect(refused).toHaveLength(10)
  for (const { headers, body } of refused) {
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect(headers.get('x-ratelimit-remaining')).toBe('0')
    expect(lacking({ error: { code: '', message: '', requestId: '' } }, body)).toEqual([])
  }
  clock.advance(1)
  expect((await ask('GET', '/v1/users?limit=1', { token })).status).toBe(200)
})

test('sei: 100 an hour for an address without a credential', async () => {
  const { headers } = await ask('POST', '/api/v1/auth/login', { json: { username: 'nobody', password: 'nothing' } })
  expect([headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining')]).toEqual(['100', '99'])
})

describe('not counted', () => {
  test.for(['/hello', '/v1/hello', '/v1/hello/database', '/healthz', '/readyz', '/health', '/metrics', '/'])('%s', async (path) => {
    const { status, headers } = await ask('GET', path)
    expect([status, headers.get('x-ratelimit-limit')]).toEqual([200, null])
  })
})
