// Which times are asked for: mostly ones that could be free or are beside what is taken, often on the days on which the clocks change or the year ends,
// and now and then the past, the night, the far future.

import { isLive, minuteMs, type Organization } from './model.ts'
import type { Random } from './random.ts'

export function pickStart(organization: Organization, now: number, random: Random): number {
  const { calendar } = organization
  const { timezone } = calendar
  const taken = [...organization.appointments.values()].filter((kept) => isLive(kept) && kept.startsAt > now)
  if (taken.length > 0 && random.chance(0.3)) {
    const times = taken.map(({ startsAt }) => startsAt).toSorted((a, b) => a - b)
    return random.pick(times) + random.int(-3, 3) * 15 * minuteMs
  }
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timezone)
  const day = () => {
    switch (random.weighted({ soon: 50, month: 30, clocks: 12, yearEnd: 4, far: 3, past: 3 })) {
      case 'soon':
        return today.add({ days: random.int(0, 6) })
      case 'month':
        return today.add({ days: random.int(0, 60) })
      case 'clocks':
        return (today.getTimeZoneTransition('next') ?? today).add({ days: random.int(-1, 1) })
      case 'yearEnd':
        return today.with({ month: 12, day: 31 }).add({ days: random.int(0, 1) })
      case 'far':
        return today.add({ days: random.int(calendar.maxAheadDays - 1, calendar.maxAheadDays + 5) })
      case 'past':
        return today.subtract({ days: random.int(0, 3) })
    }
  }
  return onDay(calendar, day(), random)
}

function onDay({ openingHours }: Organization['calendar'], day: Temporal.ZonedDateTime, random: Random): number {
  const openings = openingHours[day.dayOfWeek] ?? []
  const [open, close] = openings.length > 0 ? random.pick(openings) : ['00:00', '23:45']
  const [from, to] = [minutesOf(open), minutesOf(close)]
  const length = to > from ? to - from : to + 24 * 60 - from
  const wild = random.chance(0.1)
  const minute = wild ? random.int(0, 95) * 15 : from + Math.floor(random.int(0, length) / 15) * 15 + (random.chance(0.05) ? 7 : 0)
  const midnight = day.toPlainDate().toZonedDateTime(day.timeZoneId)
  // Real minutes from midnight: on a day of 23 or 25 hours some of them are beside what the wall clock says.
  const start = random.chance(0.5)
    ? midnight.epochMilliseconds + minute * minuteMs
    : midnight.toPlainDateTime().add({ minutes: minute }).toZonedDateTime(day.timeZoneId).epochMilliseconds
  return Math.floor(start / minuteMs) * minuteMs
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

/** Half-hours of a UTC day, in order. */
export const halfHours = (random: Random, day: number, count: number): number[] =>
  Array.from({ length: count }, () => day + random.int(0, 46) * 30 * minuteMs).toSorted((a, b) => a - b)
