// When things happen in the demo: working days around today, and how a caller says one of them.
import type { Moment } from './demo-plot.ts'

export const demoZone = 'Europe/London'

/** The instant of a working day and local time around `now`. Day 0 is the last working day before the next one. */
export function instantOf({ day, time }: Moment, now: Date): Date {
  return new Date(localOf({ day, time }, now).epochMilliseconds)
}

function localOf({ day, time }: Moment, now: Date): Temporal.ZonedDateTime {
  let date = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(demoZone).toPlainDate()
  const step = Math.sign(day)
  for (let left = Math.abs(day); left > 0; ) {
    date = date.add({ days: step })
    if (date.dayOfWeek <= 5) left -= 1
  }
  return date.toZonedDateTime({ timeZone: demoZone, plainTime: Temporal.PlainTime.from(time) })
}

/** `the 24th of November at 2:45 pm` */
export function spoken(moment: Moment, now: Date): string {
  const local = localOf(moment, now)
  const month = local.toLocaleString('en-GB', { month: 'long' })
  const hour = local.hour % 12 === 0 ? 12 : local.hour % 12
  const minute = local.minute === 0 ? '' : `:${String(local.minute).padStart(2, '0')}`
  return `the ${ordinal(local.day)} of ${month} at ${hour}${minute} ${local.hour < 12 ? 'am' : 'pm'}`
}

const endings: Readonly<Record<string, string>> = { one: 'st', two: 'nd', few: 'rd', other: 'th' }
const rules = new Intl.PluralRules('en', { type: 'ordinal' })
const ordinal = (day: number): string => `${day}${endings[rules.select(day)] ?? 'th'}`

/** About 160 words a minute. */
export const speakingMs = (text: string): number => text.split(/\s+/).filter(Boolean).length * 375
