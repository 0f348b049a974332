import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { until } from '../../../tests/support/until.ts'
import { rotateSigningKeys } from './index.ts'

let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse()
})
afterAll(() => house.close())

test('after a rotation new tokens carry the new key, and the old ones are good until they run out', async () => {
  const { database, vault, clock, bus, signingKeys } = house.house
  const old = await house.token()
  const kid = await rotateSigningKeys(database, vault, clock)
  await bus.publish('auth.keys_rotated', { kid })
  await until('the new key to sign', async () => signingKeys.current().kid === kid)
  const fresh = await house.token()
  expect(decodeProtectedHeader(fresh).kid).toBe(kid)
  for (const token of [old, fresh]) expect((await house.request('GET', '/v1/users', { token })).status).toBe(200)
  const { keys } = (await (await house.request('GET', '/.well-known/jwks.json')).json()) as { keys: { kid: string; d?: string }[] }
  expect(keys).toHaveLength(2)
  expect(keys.every((key) => key.d === undefined)).toBe(true)
})
