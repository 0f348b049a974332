// Which free slots are offered, and which of the offered ones was meant.
import { dateOf, minutesOf, readings } from './calendar.ts'
import { fits } from './fits.ts'
import type { DayWish, Slot, TimeWish } from './ports.ts'

const offeredAtOnce = 3
const apartMinutes = 60

/** A few slots, the soonest first, an hour apart where there are enough: three of 9:00, 9:15 and 9:30 are no choice. */
export function spread(slots: Slot[]): Slot[] {
  const distinct = slots.filter((slot, i) => slots.findIndex((other) => other.startsAt === slot.startsAt) === i)
  const chosen: Slot[] = []
  for (const slot of distinct) {
    const last = chosen.at(-1)
    const apart = !last || Date.parse(slot.startsAt) - Date.parse(last.startsAt) >= apartMinutes * 60_000
    if (apart && chosen.length < offeredAtOnce) chosen.push(slot)
  }
  const filled = [...chosen, ...distinct.filter((slot) => !chosen.includes(slot))].slice(0, offeredAtOnce)
  return filled.toSorted((a, b) => (a.startsAt < b.startsAt ? -1 : 1))
}

/** The offered slots that a day or a time, said about the offer, can mean. */
export function meant<Offered extends { localStart: string }>(offered: Offered[], day: DayWish | null, time: TimeWish | null): Offered[] {
  return offered.filter((slot) => onDay(slot, day) && atTime(slot, time))
}

function onDay(slot: { localStart: string }, day: DayWish | null): boolean {
  const date = dateOf(slot.localStart)
  if (day === null) return true
  if (day.kind === 'date') return day.date === date
  if (day.kind === 'dates') return day.dates.includes(date)
  return day.kind === 'range' ? day.from <= date && date <= day.to : day.kind === 'same' || day.kind === 'any'
}

function atTime(slot: { localStart: string }, time: TimeWish | null): boolean {
  if (time === null) return true
  const minutes = minutesOf(slot.localStart)
  if (time.kind === 'at') return readings(time.at).includes(minutes)
  return ['earlier', 'later', 'shift', 'same', 'first', 'last'].includes(time.kind) ? false : fits(minutes, time)
}
