import fc from 'fast-check'
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

let names = 0
/** Guesses after these pauses, each as a sign-in makes it. @returns the seconds at which one was let through */
async function guess(pausesS: readonly number[]): Promise<number[]> {
  const { lockout } = house.house
  const name = `client:guessed-${++names}`
  const tried: number[] = []
  for (const pause of pausesS) {
    clock.advance(pause)
    const open = await lockout.check(name).then(
      () => true,
      () => false,
    )
    if (!open) continue
    tried.push(clock.now().getTime() / 1000)
    await lockout.fail(name)
  }
  return tried
}
const within = (tried: readonly number[], seconds: number) =>
  Math.max(0, ...tried.map((from) => tried.filter((at) => at >= from && at < from + seconds).length))

test('no sixty seconds, wherever they begin, hold more than ten guesses; and whoever makes fewer is never locked', async () => {
  const pauses = fc.array(fc.oneof(fc.constantFrom(0, 0, 1, 59, 60, 61), fc.integer({ min: 0, max: 20 })), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(pauses, async (steps) => {
      const tried = await guess(steps)
      expect(within(tried, 60)).toBeLessThanOrEqual(10)
      const asked = steps.map((_, index) => steps.slice(0, index + 1).reduce((at, step) => at + step, 0))
      if (within(asked, 61) < 10) expect(tried).toHaveLength(steps.length)
    }),
    { numRuns: 25 },
  )
})

test('nine failures before a minute’s end and nine after it are more than ten in a minute', async () => {
  const tried = await guess([0, ...Array(8).fill(0), 59, ...Array(8).fill(0), 2, 0, 0])
  expect(tried).toHaveLength(10)
})

test('a lock lasts its minute, is no longer for being asked again, and counts anew after it', async () => {
  const name = 'client:patient'
  const { lockout } = house.house
  for (let round = 0; round < 10; round++) await lockout.fail(name)
  await expect(lockout.check(name)).rejects.toMatchObject({ details: { headers: { 'retry-after': '60' } } })
  clock.advance(59)
  await lockout.fail(name)
  await expect(lockout.check(name)).rejects.toMatchObject({ details: { headers: { 'retry-after': '1' } } })
  clock.advance(1)
  await expect(lockout.check(name)).resolves.toBeUndefined()
  for (let round = 0; round < 9; round++) await lockout.fail(name)
  await expect(lockout.check(name)).resolves.toBeUndefined()
  await lockout.fail(name)
  await expect(lockout.check(name)).rejects.toMatchObject({ code: 'locked_out' })
})
