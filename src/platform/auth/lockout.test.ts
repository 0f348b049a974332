import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { movableClock } from '../time/index.ts'

const clock = movableClock('2026-11-24T09:00:00Z')
let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse({ clock })
})
afterAll(() => house?.close())

const count = async (table: string): Promise<number> => {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: house.databaseUrl })
  await client.connect()
  const { rows } = await client.query(`SELECT count(*)::int AS n FROM platform.${table}`)
  await client.end()
  return rows[0]?.n
}

test('the sweep takes what is over, of every organisation, and leaves what is in force', async () => {
  const { lockout } = house.house
  const signIn = ({ username, password }: { username: string; password: string }) =>
    house.request('POST', '/api/v1/auth/login', { json: { username, password } })
  await signIn(house.org.admin)
  await signIn(house.other.admin)
  await house.house.oauthClients.revoke(house.session(200), house.other.oauth.client_id)
  for (let round = 0; round < 10; round++) await lockout.fail('client:guessed')
  await lockout.sweep()
  await expect(lockout.check('client:guessed')).rejects.toMatchObject({ code: 'locked_out' })
  expect([await count('refresh_tokens'), await count('revocations'), await count('login_failures')]).toEqual([2, 1, 1])

  clock.advance(181)
  await lockout.sweep()
  expect([await count('refresh_tokens'), await count('revocations'), await count('login_failures')]).toEqual([2, 1, 0])

  clock.advance(32 * 24 * 3600)
  await lockout.sweep()
  expect([await count('refresh_tokens'), await count('revocations')]).toEqual([0, 0])
})
