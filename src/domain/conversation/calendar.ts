// Wall clocks and instants of the desk's zone. A wall clock that does not exist (spring) is moved on by the missing hour,
// one that exists twice (autumn) is the earlier: Temporal's "compatible". What is spoken is always the real wall clock.
import type { Clock } from './ports.ts'
import type { Place } from './state.ts'

const halfDay = 720

export const dateOf = (local: string): string => local.slice(0, 10)
export const minutesOf = (local: string): number => Number(local.slice(11, 13)) * 60 + Number(local.slice(14, 16))

export function placeAt(date: string, minutes: number, timezone: string): Place {
  const time = Temporal.PlainTime.from({ hour: Math.floor(minutes / 60), minute: minutes % 60 })
  return placeOf(Temporal.PlainDate.from(date).toZonedDateTime({ timeZone: timezone, plainTime: time }))
}

export function placeOf(zoned: Temporal.ZonedDateTime): Place {
  return { startsAt: zoned.toInstant().toString(), localStart: zoned.toPlainDateTime().toString({ smallestUnit: 'minute' }) }
}

export function startOfDay(date: string, timezone: string): string {
  return Temporal.PlainDate.from(date).toZonedDateTime({ timeZone: timezone }).toInstant().toString()
}

export const today = (now: string, timezone: string): string =>
  Temporal.Instant.from(now).toZonedDateTimeISO(timezone).toPlainDate().toString()

export const addDays = (date: string, days: number): string => Temporal.PlainDate.from(date).add({ days }).toString()

/** Both readings of a time without am or pm, the likelier in business first: seven to twelve is morning. */
export function readings(clock: Clock): number[] {
  if (!clock.open) return [clock.minutes]
  const late = clock.minutes + halfDay
  return clock.minutes < 420 ? [late, clock.minutes] : [clock.minutes, late]
}

export const likeliest = (clock: Clock): number => readings(clock)[0] ?? clock.minutes
