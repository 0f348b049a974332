import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { movableClock } from '../../platform/time/index.ts'
import { findOrCreateContact } from '../contacts/index.ts'
import { bookAppointment } from './appointments.ts'
import { minuteMs, type OpeningHours } from './calendar.ts'
import { readBook, setCalendar, usualCalendar } from './calendars.ts'
import { slotAt, vacancyOf } from './slots.ts'

let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse({ clock: movableClock('2026-11-23T08:00:00Z') })
})
afterAll(() => house.close())

const dayMs = 24 * 60 * minuteMs
const monday = Date.parse('2026-11-30T00:00:00Z')
const roundTheClock: OpeningHours = Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((weekday) => [weekday, [['00:00', '24:00']]]))
const quarter = (index: number) => monday + index * 15 * minuteMs

test('what is read of a book for some hours judges like the whole of it, whatever lies before, after and between', async () => {
  const session = house.session()
  const { id: contactId } = await findOrCreateContact(session, { fullName: 'John Smith', mobile: '+447700900001' })
  const none = { resourceId: null, service: null, notes: null, forName: null, callId: null, source: 'api', contactId } as const
  await setCalendar(session, { ...usualCalendar, openingHours: roundTheClock, bufferBeforeMin: 25, bufferAfterMin: 10 })
  const lengths = [15, 30, 180, 720]
  for (let index = 0; index < 40; index++) {
    const wish = { ...none, startsAt: new Date(quarter((index * 97) % 480)), durationMin: lengths[index % lengths.length] ?? 30 }
    await bookAppointment(session, wish).catch((error: { code: string }) => expect(error.code).toBe('appointment_conflict'))
  }
  const whole = await readBook(session, { start: monday - 5 * dayMs, end: monday + 10 * dayMs }, { durationMin: null })
  expect([...whole.busy.values()].flat().length).toBeGreaterThan(10)

  const stretch = fc.record({ from: fc.nat(480), quarters: fc.nat(60), durationMin: fc.constantFrom(null, 15, 45, 600) })
  await fc.assert(
    fc.asyncProperty(stretch, async ({ from, quarters, durationMin }) => {
      const part = await readBook(session, { start: quarter(from), end: quarter(from + quarters) }, { durationMin })
      for (let index = from; index <= from + quarters; index++) {
        const slot = slotAt(quarter(index), durationMin ?? usualCalendar.defaultDurationMin)
        const now = session.now().getTime()
        expect([index, vacancyOf(part, slot, now)]).toEqual([index, vacancyOf(whole, slot, now)])
      }
    }),
    { numRuns: 60 },
  )
})
