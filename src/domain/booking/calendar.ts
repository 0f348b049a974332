// When the place is open. Local opening times become spans of real time, so that a day of 23 or 25 hours needs no
// rule of its own: an hour that the clocks skip has no instants, an hour that they repeat has twice as many.

/** ISO weekday (1 = Monday … 7 = Sunday) to local opening times `["09:00", "17:30"]`; an end not after its start is on the next day. */
export type OpeningHours = Readonly<Record<string, readonly (readonly [string, string])[]>>

export interface Calendar {
  readonly timezone: string
  readonly openingHours: OpeningHours
  /** ISO dates on which nothing opens. */
  readonly holidays: readonly string[]
  readonly slotMinutes: number
  readonly defaultDurationMin: number
  readonly minNoticeMin: number
  readonly maxAheadDays: number
  readonly bufferBeforeMin: number
  readonly bufferAfterMin: number
}

/** Unix milliseconds, `end` exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

export const minuteMs = 60_000

/** The openings that begin on a local day. */
export function openingsOf(calendar: Calendar, day: Temporal.PlainDate): Span[] {
  if (calendar.holidays.includes(day.toString())) return []
  return (calendar.openingHours[day.dayOfWeek] ?? [])
    .map(([from, to]) => ({
      start: instantOf(day, from, calendar.timezone, 'earlier'),
      end: instantOf(minutesOf(to) > minutesOf(from) ? day : day.add({ days: 1 }), to, calendar.timezone, 'later'),
    }))
    .filter(({ start, end }) => end > start)
}

/** Every opening that touches a span of time, earliest first. */
export function openingsBetween(calendar: Calendar, { start, end }: Span): Span[] {
  const last = localDay(end, calendar.timezone)
  const openings: Span[] = []
  // One day back: an opening may begin before midnight and end after it.
  for (
    let day = localDay(start, calendar.timezone).subtract({ days: 1 });
    Temporal.PlainDate.compare(day, last) <= 0;
    day = day.add({ days: 1 })
  ) {
    openings.push(...openingsOf(calendar, day))
  }
  return openings.filter((opening) => opening.end > start && opening.start < end).toSorted((a, b) => a.start - b.start)
}

/** Those that overlap or meet become one. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = []
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const previous = merged.at(-1)
    if (previous && span.start <= previous.end) merged[merged.length - 1] = { start: previous.start, end: Math.max(previous.end, span.end) }
    else merged.push(span)
  }
  return merged
}

export const localDay = (at: number, timezone: string): Temporal.PlainDate => zoned(at, timezone).toPlainDate()

/** `2026-11-24T09:00` on the wall clock of the zone. */
export const localMinute = (at: number, timezone: string): string =>
  zoned(at, timezone).toPlainDateTime().toString({ smallestUnit: 'minute' })

/** The last moment that may be booked: that many days on by the calendar, whatever the clocks do meanwhile. */
export const furthest = (calendar: Calendar, now: number): number =>
  zoned(now, calendar.timezone).add({ days: calendar.maxAheadDays }).epochMilliseconds

/** The instant at which a local day begins. */
export const startOfDay = (day: Temporal.PlainDate, timezone: string): number => day.toZonedDateTime(timezone).epochMilliseconds

const zoned = (at: number, timezone: string) => Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone)

/** A wall-clock time that the clocks skip is the moment of the skip; one that they repeat is the earlier or the later, as told. */
function instantOf(day: Temporal.PlainDate, time: string, timezone: string, which: 'earlier' | 'later'): number {
  const wanted = time === '24:00' ? day.add({ days: 1 }).toPlainDateTime() : day.toPlainDateTime(time)
  const found = wanted.toZonedDateTime(timezone, { disambiguation: which })
  if (found.toPlainDateTime().equals(wanted)) return found.epochMilliseconds
  const before = wanted.toZonedDateTime(timezone, { disambiguation: 'earlier' })
  return (before.getTimeZoneTransition('next') ?? before).epochMilliseconds
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}
