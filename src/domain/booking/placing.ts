// Finds a wish its place in the book. The rules keep honest callers apart and name the reason; the exclusion constraint
// in the database is the judge that nobody passes.
import { breaks } from '../../platform/db/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import type { Session, Tx } from '../../platform/session/index.ts'
import { wireTime } from '../../platform/time/index.ts'
import type { Placement } from './appointments.sql.ts'
import { bookFor, findNearest, type Wish } from './availability.ts'
import { lockHours } from './calendars.sql.ts'
import { type ReadBook, readBook } from './calendars.ts'
import { slotAt, type Vacancy, vacancyOf, withBuffers } from './slots.ts'

const alternativesShown = 5

const refusals = {
  past: 'time_in_past',
  too_far: 'too_far_ahead',
  too_soon: 'too_short_notice',
  closed: 'outside_opening_hours',
} as const satisfies Partial<Record<Vacancy, string>>

/** The resource that takes the wish. @throws resource_unknown, the four reasons above, appointment_conflict */
export async function decide(session: Session, book: ReadBook, wish: Wish): Promise<number> {
  if (wish.resourceId !== null && !book.resources.includes(wish.resourceId)) refuse('resource_unknown')
  const verdict = vacancyOf(bookFor(book, wish), slotAt(wish.start, wish.durationMin), session.now().getTime())
  if (verdict.vacancy === 'free') return verdict.resourceId
  if (verdict.vacancy === 'taken') return refuseTaken(session, wish)
  return refuse(refusals[verdict.vacancy])
}

/** Takes its turn among the organisation's bookings of those hours and decides by what is committed then. */
export async function claim(tx: Tx, wish: Wish): Promise<{ placement: Placement; book: ReadBook }> {
  const slot = slotAt(wish.start, wish.durationMin)
  // Travels with the read of the book, which then sees what whoever held the hours before has done.
  tx.later(lockHours, { from: new Date(slot.start), to: new Date(slot.end) })
  const book = await readBook(tx, slot, wish)
  const resourceId = await decide(tx, book, wish)
  const busy = withBuffers(book.calendar, slot)
  const placement = {
    resourceId,
    startsAt: new Date(slot.start),
    endsAt: new Date(slot.end),
    busyFrom: new Date(busy.start),
    busyTo: new Date(busy.end),
    at: tx.now(),
  }
  return { placement, book }
}

/** Runs a change in a transaction (a savepoint of one that is open) and says the constraint's no in our words. */
export async function settling<T>(session: Session, wish: Wish, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await session.write(work)
  } catch (error) {
    if (breaks(error, 'no_double_booking')) return refuseTaken(session, wish, error)
    throw error
  }
}

async function refuseTaken(session: Session, wish: Wish, cause?: unknown): Promise<never> {
  const nearest = await findNearest(session, wish, alternativesShown)
  const alternatives = nearest.map(({ start, end }) => ({ starts_at: wireTime(new Date(start)), ends_at: wireTime(new Date(end)) }))
  return refuse('appointment_conflict', { extra: { alternatives }, cause })
}
