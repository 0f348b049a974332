// An organisation's calendar: how it is read, set up and changed. Refuses hours and zones that cannot be kept.
import { refuse, refuseField } from '../../platform/errors/index.ts'
import type { Session } from '../../platform/session/index.ts'
import type { Calendar, OpeningHours, Span } from './calendar.ts'
import {
  type CalendarFacts,
  type CalendarParams,
  insertHoliday,
  insertResource,
  selectBook,
  selectCalendar,
  upsertCalendar,
} from './calendars.sql.ts'
import { type Book, openBook } from './slots.ts'

export type CalendarSettings = Readonly<CalendarParams>

/** A book and what the organisation wants sent. */
export interface ReadBook extends Book {
  readonly confirmBySms: boolean
  readonly remindBeforeMin: number | null
}

/** Monday to Friday, half an hour by default, from two hours to four hundred days ahead. */
export const usualCalendar: CalendarSettings = {
  timezone: 'Europe/London',
  openingHours: Object.fromEntries([1, 2, 3, 4, 5].map((weekday) => [weekday, [['09:00', '17:30']]])),
  slotMinutes: 15,
  defaultDurationMin: 30,
  minNoticeMin: 120,
  maxAheadDays: 400,
  bufferBeforeMin: 0,
  bufferAfterMin: 0,
  confirmBySms: true,
  remindBeforeMin: 1440,
}

/**
 * What is open and what is taken where an appointment could lie that begins between two moments, in one read. `durationMin`
 * null is as long as they usually are; `except` leaves one appointment out (the one that moves).
 * @throws calendar_missing
 */
export async function readBook(
  session: Session,
  { start, end }: Span,
  { durationMin, except = null }: { durationMin: number | null; except?: number | null },
): Promise<ReadBook> {
  const between = { from: new Date(start), to: new Date(end) }
  const row = (await session.read(selectBook, { ...between, durationMin, except })) ?? refuse('calendar_missing')
  const taken = row.busy.map(([resourceId, from, to]) => ({ resourceId, start: from, end: to }))
  const { confirmBySms, remindBeforeMin } = row
  return { ...openBook(row satisfies Calendar, row.resources, taken), confirmBySms, remindBeforeMin }
}

/** What there is to know of a calendar without its book. @throws calendar_missing */
export async function readCalendar(session: Session): Promise<CalendarFacts> {
  return (await session.read(selectCalendar, {})) ?? refuse('calendar_missing')
}

/** Gives an organisation its calendar and its first resource. */
export function seedBooking(
  session: Session,
  settings: Partial<CalendarSettings> & { resource?: string } = {},
): Promise<{ resourceId: number }> {
  const { resource = 'Main', ...calendar } = settings
  return session.write(async (tx) => {
    await setCalendar(tx, { ...usualCalendar, ...calendar })
    return { resourceId: await addResource(tx, resource) }
  })
}

/** @throws invalid_request: an unknown time zone, hours that are none */
export function setCalendar(session: Session, settings: CalendarSettings): Promise<void> {
  checkZone(settings.timezone)
  checkHours(settings.openingHours)
  return session.write(async (tx) => {
    await tx.run(upsertCalendar, { ...settings, at: tx.now() })
    tx.emit('calendar.changed', { timezone: settings.timezone }, { resource: 'calendar', after: settings, feed: false })
  })
}

export function addResource(session: Session, name: string): Promise<number> {
  return session.write(async (tx) => {
    const { id } = (await tx.read(insertResource, { name })) ?? refuse('internal')
    tx.emit('resource.created', { id, name }, { resource: `resource:${id}`, after: { name }, feed: false })
    return id
  })
}

export function addHoliday(session: Session, day: string, name: string): Promise<void> {
  return session.write(async (tx) => {
    await tx.run(insertHoliday, { day, name })
    tx.emit('holiday.added', { day, name }, { resource: `holiday:${day}`, after: { name }, feed: false })
  })
}

function checkZone(timezone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone })
  } catch {
    refuseField('body', 'timezone', `${timezone} is not an IANA time zone`)
  }
}

const time = /^(?:[01]\d|2[0-3]):[0-5]\d$/
function checkHours(hours: OpeningHours): void {
  for (const [weekday, openings] of Object.entries(hours)) {
    const good = /^[1-7]$/.test(weekday) && openings.every(([from, to]) => time.test(from) && (time.test(to) || to === '24:00'))
    if (!good) refuseField('body', ['openingHours', weekday], 'must be an ISO weekday (1 to 7) with openings like ["09:00", "17:30"]')
  }
}
