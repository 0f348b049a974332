// What the server has acknowledged, as those who asked for it remember it, and what the rules say it must answer next. The
// rules are written here a second time and in another way: minute by minute on the wall clock.
import type { CalendarSettings } from '../../src/domain/booking/index.ts'
import type { Founded } from '../../src/founding/organization.ts'

export interface Person {
  readonly id: number
  readonly name: string
  readonly mobile: string
}

export interface Kept {
  readonly id: number
  readonly personId: number
  startsAt: number
  endsAt: number
  status: 'booked' | 'confirmed' | 'cancelled' | 'completed' | 'no_show'
  resourceId: number
  /** With the buffers that held when the time was given. */
  busy: { readonly from: number; readonly to: number }
  readonly callId: string | null
  notes: string | null
}

export interface Organization {
  readonly index: number
  readonly lane: string
  readonly founded: Founded
  readonly number: string
  readonly resources: readonly number[]
  calendar: CalendarSettings
  readonly holidays: Set<string>
  settings: { voicemailEnabled: boolean; recordingEnabled: boolean }
  readonly people: Person[]
  readonly appointments: Map<number, Kept>
  /** Erased people: their rows stay, without them. */
  readonly erased: Set<number>
  nextMobile: number
}

export type Verdict = 'free' | 'APPOINTMENT_CONFLICT' | 'OUTSIDE_OPENING_HOURS' | 'TOO_SHORT_NOTICE' | 'TOO_FAR_AHEAD' | 'TIME_IN_PAST'

export const minuteMs = 60_000
export const dayMs = 24 * 60 * minuteMs
export const isLive = ({ status }: Kept): boolean => status !== 'cancelled'
export const isOpen = ({ status }: Kept): boolean => status === 'booked' || status === 'confirmed'

/** What must be answered to whoever wants this time now. `except` is the appointment that moves. */
export function verdictOn(organization: Organization, now: number, from: number, to: number, except: number | null = null): Verdict {
  const { calendar } = organization
  if (from < now) return 'TIME_IN_PAST'
  const zoned = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(calendar.timezone)
  if (from > zoned.add({ days: calendar.maxAheadDays }).epochMilliseconds) return 'TOO_FAR_AHEAD'
  if (!isOpenThroughout(organization, from, to)) return 'OUTSIDE_OPENING_HOURS'
  if (from < now + calendar.minNoticeMin * minuteMs) return 'TOO_SHORT_NOTICE'
  return freeResources(organization, from, to, except).length > 0 ? 'free' : 'APPOINTMENT_CONFLICT'
}

export function freeResources(organization: Organization, from: number, to: number, except: number | null = null): number[] {
  const busy = busySpan(organization, from, to)
  const taken = [...organization.appointments.values()].filter(
    (kept) => isLive(kept) && kept.id !== except && kept.busy.from < busy.to && kept.busy.to > busy.from,
  )
  return organization.resources.filter((id) => !taken.some(({ resourceId }) => resourceId === id))
}

export const busySpan = ({ calendar }: Organization, from: number, to: number) => ({
  from: from - calendar.bufferBeforeMin * minuteMs,
  to: to + calendar.bufferAfterMin * minuteMs,
})

/** Every quarter of an hour of it, and its last minute, lies within an opening of its own day or of the day before. */
export function isOpenThroughout({ calendar, holidays }: Organization, from: number, to: number): boolean {
  for (let at = from; at < to; at += 5 * minuteMs) if (!isOpenAt(calendar, holidays, at)) return false
  return isOpenAt(calendar, holidays, to - minuteMs)
}

function isOpenAt({ timezone, openingHours }: CalendarSettings, holidays: ReadonlySet<string>, at: number): boolean {
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone)
  const minute = local.hour * 60 + local.minute
  const today = local.toPlainDate()
  const openings = (day: Temporal.PlainDate) => (holidays.has(day.toString()) ? [] : (openingHours[day.dayOfWeek] ?? []))
  const opens = openings(today).some(([open, close]) => {
    const [a, b] = [minutesOf(open), minutesOf(close)]
    return minute >= a && (b <= a || minute < b)
  })
  return opens || openings(today.subtract({ days: 1 })).some(([a, b]) => minutesOf(b) <= minutesOf(a) && minute < minutesOf(b))
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

export const personOf = ({ people }: Organization, id: number): Person | undefined => people.find((person) => person.id === id)
