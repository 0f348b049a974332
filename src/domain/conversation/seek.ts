// Finds in the appointment book what the caller wishes: one time, a few to choose from, or what must still be asked.
// A time that is taken, closed, past, too soon or too far gives the nearest free ones and the reason.
import { addDays, dateOf, minutesOf, placeAt, placeOf, readings, startOfDay, today } from './calendar.ts'
import { fits } from './fits.ts'
import { spread } from './offers.ts'
import type { Clock, DayWish, Desk, Slot, TimeWish, Vacancy } from './ports.ts'
import type { PromptKey } from './prompts/prompts.ts'
import type { Place } from './state.ts'

export interface Wanted {
  desk: Desk
  /** UTC instant. */
  now: string
  day: DayWish | null
  time: TimeWish | null
  /** What "earlier", "same time" and "the day after" are counted from. */
  reference: { first: Place; last: Place } | null
  /** Show what is free rather than ask for what is missing. */
  show: boolean
  /** Moving a booking: a new day alone keeps the time. */
  keepTime: boolean
}

export type Sought =
  | { kind: 'found'; place: Place }
  | { kind: 'offers'; slots: Slot[]; reason: PromptKey | null; instead: Place | null }
  | { kind: 'ask'; what: 'day' | 'time' | 'when'; date: string | null }
  | { kind: 'nothing' }

interface Span {
  /** First and last day, both included. */
  from: string
  to: string
  not: number[]
}

const lookAhead = 60
const wholeDays = 500

export async function seek(wanted: Wanted): Promise<Sought> {
  const { time } = wanted
  const span = spanOf(wanted)
  if (time?.kind === 'shift') return exactly(wanted, shifted(wanted, time.minutes))
  if ((time?.kind === 'earlier' || time?.kind === 'later') && wanted.reference) return compared(wanted, time.kind, span)
  if (span === null) return withoutDay(wanted)
  const single = span.from === span.to ? span.from : null
  const same = time?.kind === 'same' || (time === null && wanted.keepTime)
  const clock: Clock | null =
    time?.kind === 'at' ? time.at : same && wanted.reference ? { minutes: minutesOf(wanted.reference.first.localStart), open: false } : null
  if (wanted.day?.kind === 'dates') return amongDates(wanted, wanted.day.dates, clock)
  if (single && clock) return atClock(wanted, [single], clock)
  if (single && !wanted.show && (time === null || time.kind === 'same')) return askTime(wanted, single)
  return within(wanted, span, clock)
}

const calendarDay = (wanted: Wanted): string => today(wanted.now, wanted.desk.timezone)

function spanOf(wanted: Wanted): Span | null {
  const { day } = wanted
  const now = calendarDay(wanted)
  const referenceDay = wanted.reference ? dateOf(wanted.reference.first.localStart) : null
  const one = (date: string): Span => ({ from: date, to: date, not: [] })
  switch (day?.kind) {
    case 'date':
      return one(day.date)
    case 'dates':
      return { from: day.dates.toSorted()[0] ?? now, to: day.dates.toSorted().at(-1) ?? now, not: [] }
    case 'range':
      return { from: day.from, to: day.to, not: [] }
    case 'shift':
      return one(addDays(referenceDay ?? now, day.days))
    case 'same':
      return referenceDay === null ? null : one(referenceDay)
    case 'not':
      return { from: now, to: addDays(now, lookAhead), not: day.weekdays }
    case 'other': {
      const from = referenceDay !== null && referenceDay > now ? addDays(referenceDay, 1) : addDays(now, 1)
      return { from, to: addDays(from, lookAhead), not: [] }
    }
    case 'soonest':
    case 'any':
      return { from: now, to: addDays(now, lookAhead), not: [] }
    default:
      return wanted.show || wanted.time?.kind === 'any' ? { from: now, to: addDays(now, lookAhead), not: [] } : null
  }
}

async function withoutDay(wanted: Wanted): Promise<Sought> {
  const { time, reference } = wanted
  if (time === null || time.kind === 'same') return { kind: 'ask', what: 'when', date: null }
  if (!reference || time.kind === 'earlier' || time.kind === 'later') return { kind: 'ask', what: 'day', date: null }
  return seek({ ...wanted, day: { kind: 'date', date: dateOf(reference.first.localStart) } })
}

const worth: Vacancy[] = ['free', 'taken', 'too_soon']

/** Of the two readings of an open clock the one that the book can best serve; the likelier when neither is any good. */
async function atClock(wanted: Wanted, dates: string[], clock: Clock): Promise<Sought> {
  const { desk } = wanted
  const places = dates.flatMap((date) => readings(clock).map((minutes) => placeAt(date, minutes, desk.timezone)))
  const judged: { place: Place; vacancy: Vacancy }[] = []
  for (const place of places) judged.push({ place, vacancy: await desk.check(place.startsAt) })
  const best = worth.flatMap((vacancy) => judged.find((one) => one.vacancy === vacancy) ?? [])[0] ?? judged[0]
  if (!best) return { kind: 'nothing' }
  return best.vacancy === 'free' ? { kind: 'found', place: best.place } : instead(wanted, best.place, best.vacancy)
}

async function exactly(wanted: Wanted, place: Place | null): Promise<Sought> {
  if (!place) return { kind: 'ask', what: 'when', date: null }
  const vacancy = await wanted.desk.check(place.startsAt)
  return vacancy === 'free' ? { kind: 'found', place } : instead(wanted, place, vacancy)
}

/** The nearest free ones in place of a time that cannot be had. */
export async function instead(
  wanted: Pick<Wanted, 'desk' | 'now'>,
  place: Place,
  vacancy: Exclude<Vacancy, 'free'> | 'justTaken',
): Promise<Sought> {
  const slots = await wanted.desk.nearest(place.startsAt, 3)
  if (slots.length > 0)
    return { kind: 'offers', slots: slots.toSorted((a, b) => (a.startsAt < b.startsAt ? -1 : 1)), reason: vacancy, instead: place }
  return { kind: 'nothing' }
}

function shifted(wanted: Wanted, minutes: number): Place | null {
  const from = wanted.reference?.first
  if (!from) return null
  const day = spanOf({ ...wanted, time: null, show: false })
  const base = day && day.from === day.to ? placeAt(day.from, minutesOf(from.localStart), wanted.desk.timezone) : from
  return placeOf(Temporal.Instant.from(base.startsAt).toZonedDateTimeISO(wanted.desk.timezone).add({ minutes }))
}

async function amongDates(wanted: Wanted, dates: string[], clock: Clock | null): Promise<Sought> {
  if (clock) {
    const free: Place[] = []
    for (const date of dates.toSorted()) {
      const sought = await atClock(wanted, [date], clock)
      if (sought.kind === 'found') free.push(sought.place)
      else if (free.length === 0 && date === dates.toSorted().at(-1)) return sought
    }
    const [only] = free
    if (only && free.length === 1) return { kind: 'found', place: only }
    const slots = free.map((place) => ({ ...place, endsAt: place.startsAt, resourceId: 0 }))
    return { kind: 'offers', slots, reason: null, instead: null }
  }
  const slots: Slot[] = []
  for (const date of dates.toSorted()) slots.push(...spread(await freeIn(wanted, { from: date, to: date, not: [] }, null)).slice(0, 2))
  return slots.length > 0
    ? { kind: 'offers', slots: slots.slice(0, 4), reason: null, instead: null }
    : afterwards(wanted, dates.toSorted()[0] ?? calendarDay(wanted))
}

async function askTime(wanted: Wanted, date: string): Promise<Sought> {
  const free = await freeIn(wanted, { from: date, to: date, not: [] }, null)
  if (free.length > 0) return { kind: 'ask', what: 'time', date }
  return date < calendarDay(wanted) ? instead(wanted, placeAt(date, 720, wanted.desk.timezone), 'past') : afterwards(wanted, date)
}

async function within(wanted: Wanted, span: Span, clock: Clock | null): Promise<Sought> {
  const { time } = wanted
  const free = await freeIn(wanted, span, clock)
  const first = free[0]
  if (!first) return afterwards(wanted, span.from)
  if (time?.kind === 'first') return { kind: 'found', place: first }
  const lastOfDay = free.filter((slot) => dateOf(slot.localStart) === dateOf(first.localStart)).at(-1)
  if (time?.kind === 'last' && lastOfDay) return { kind: 'found', place: lastOfDay }
  return { kind: 'offers', slots: spread(free), reason: null, instead: null }
}

async function freeIn(wanted: Wanted, span: Span, clock: Clock | null): Promise<Slot[]> {
  const { desk, now, time } = wanted
  const start = startOfDay(span.from, desk.timezone)
  const from = Temporal.Instant.compare(start, now) < 0 ? now : start
  const to = startOfDay(addDays(span.to, 1), desk.timezone)
  if (to <= from) return []
  const slots = await desk.freeSlots({ from, to, limit: wholeDays })
  const wish: TimeWish | null = clock ? { kind: 'at', at: clock } : time
  return slots.filter((slot) => (wish === null || fits(minutesOf(slot.localStart), wish)) && !span.not.includes(weekday(slot.localStart)))
}

const weekday = (local: string): number => Temporal.PlainDate.from(dateOf(local)).dayOfWeek

/** Nothing in the wished days: the next ones that fit, else the nearest of any kind. */
async function afterwards(wanted: Wanted, date: string): Promise<Sought> {
  const from = date < calendarDay(wanted) ? calendarDay(wanted) : date
  const later = spread(await freeIn(wanted, { from, to: addDays(from, lookAhead), not: [] }, null))
  if (later.length > 0) return { kind: 'offers', slots: later, reason: 'nothingThen', instead: null }
  const near = await wanted.desk.nearest(placeAt(from, 720, wanted.desk.timezone).startsAt, 3)
  return near.length > 0 ? { kind: 'offers', slots: near, reason: 'nothingThen', instead: null } : { kind: 'nothing' }
}

async function compared(wanted: Wanted, which: 'earlier' | 'later', span: Span | null): Promise<Sought> {
  const { desk, reference } = wanted
  if (!reference) return { kind: 'ask', what: 'when', date: null }
  const anchor = which === 'earlier' ? reference.first : reference.last
  const own = dateOf(anchor.localStart)
  const day = span && span.from === span.to ? span.from : own
  const anyTime = { ...wanted, time: null }
  const beyond = (slot: Slot): boolean =>
    which === 'earlier'
      ? minutesOf(slot.localStart) < minutesOf(anchor.localStart)
      : minutesOf(slot.localStart) > minutesOf(anchor.localStart)
  const sameDay = (await freeIn(anyTime, { from: day, to: day, not: [] }, null)).filter(beyond)
  if (sameDay.length > 0) return { kind: 'offers', slots: spread(sameDay), reason: null, instead: null }
  const now = calendarDay(wanted)
  const elsewhere =
    which === 'earlier' ? { from: now, to: addDays(own, -1), not: [] } : { from: addDays(own, 1), to: addDays(own, lookAhead), not: [] }
  const others = elsewhere.from <= elsewhere.to ? spread(await freeIn(anyTime, elsewhere, null)) : []
  if (others.length > 0) return { kind: 'offers', slots: others, reason: which === 'later' ? 'noLater' : null, instead: null }
  const near = await desk.nearest(anchor.startsAt, 3)
  return near.length > 0
    ? { kind: 'offers', slots: near, reason: which === 'later' ? 'noLater' : 'noEarlier', instead: null }
    : { kind: 'nothing' }
}
