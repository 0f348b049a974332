import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { movableClock } from '../../platform/time/index.ts'
import { addHoliday, listFreeSlots } from './index.ts'

let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse({ clock: movableClock('2026-11-23T08:00:00Z') })
})
afterAll(() => house.close())

test('a holiday closes its day for the organisation that keeps it, and for no other', async () => {
  const between = { start: Date.parse('2026-12-24T00:00:00Z'), end: Date.parse('2026-12-25T00:00:00Z') }
  const free = async (organizationId: number) =>
    (await listFreeSlots(house.session(organizationId), { between, durationMin: 30, resourceId: null, limit: 10 })).slots.length
  expect(await free(100)).toBeGreaterThan(0)
  await addHoliday(house.session(100), '2026-12-24', 'Christmas Eve')
  expect(await free(100)).toBe(0)
  expect(await free(200)).toBeGreaterThan(0)
})
