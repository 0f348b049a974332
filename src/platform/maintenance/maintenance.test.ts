import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { statement } from '../db/index.ts'
import { factsByHand } from '../jobs/index.ts'
import { maintenanceJobs } from './index.ts'

let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse()
})
afterAll(() => house.close())

const run = async (name: string, at: string) => {
  const definition = maintenanceJobs().find((one) => one.name === name)
  const session = { ...house.session(0), now: () => new Date(at) }
  await definition?.handle(session, {}, factsByHand(session))
}

test('a stored answer is there for its day and gone after it', async () => {
  const headers = { 'idempotency-key': 'once' }
  const post = () =>
    house.request('POST', '/users', { key: house.org.apiKey, json: { full_name: 'Ada Lovelace', mobile: '+447700900123' }, headers })
  expect((await post()).status).toBe(201)
  await run('answers.forget', new Date().toISOString())
  expect((await post()).headers.get('idempotent-replayed')).toBe('true')
  await run('answers.forget', new Date(Date.now() + 26 * 3600 * 1000).toISOString())
  expect((await post()).status).toBe(409)
})

test('next months have their partitions before they begin, without the server owning a table', async () => {
  const count = statement<object, { partitions: number }>(
    'test_partitions',
    `SELECT count(*)::int AS partitions FROM pg_inherits WHERE inhparent = 'calls.calls'::regclass`,
  )
  const before = (await house.session().read(count, {}))?.partitions
  await run('partitions.extend', new Date().toISOString())
  expect((await house.session().read(count, {}))?.partitions).toBe(before)
  expect(before).toBeGreaterThanOrEqual(6)
})
