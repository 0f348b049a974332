// What is free, read from the database in one statement and judged in memory. Refuses ranges that would cost too much.
import { refuseField } from '../../platform/errors/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { minuteMs, type Span } from './calendar.ts'
import { readBook } from './calendars.ts'
import { type Book, type FreeSlot, freeSlots, nearestSlots } from './slots.ts'

const dayMs = 24 * 60 * minuteMs
export const longestRangeDays = 62

export interface AvailabilityQuery {
  readonly between: Span
  readonly durationMin: number | null
  readonly resourceId: number | null
  readonly limit: number
}

/** @throws invalid_request: a range that is empty or longer than 62 days; calendar_missing */
export async function listFreeSlots(session: Session, query: AvailabilityQuery): Promise<{ timezone: string; slots: FreeSlot[] }> {
  const { between, resourceId, limit } = query
  if (between.end <= between.start) refuseField('query', 'to', 'must be after from')
  if (between.end - between.start > longestRangeDays * dayMs) refuseField('query', 'to', `must be within ${longestRangeDays} days of from`)
  const book = bookFor(await readBook(session, between, query), { resourceId, prefers: null })
  const { calendar } = book
  const durationMin = query.durationMin ?? calendar.defaultDurationMin
  return { timezone: calendar.timezone, slots: freeSlots(book, { between, durationMin, now: session.now().getTime(), limit }) }
}

export interface Wish {
  readonly start: number
  readonly durationMin: number
  /** Null leaves the choice to us. */
  readonly resourceId: number | null
  /** Taken before the others where it is free. */
  readonly prefers: number | null
  /** The appointment that moves: its own time is free to it. */
  readonly except: number | null
}

/** The free slots nearest to a time, on either side of it, nearest first. */
export async function findNearest(session: Session, wish: Wish, limit: number): Promise<FreeSlot[]> {
  const now = session.now().getTime()
  let found: FreeSlot[] = []
  // Everything outside a window lies further away than what is inside: the first that holds enough has the nearest.
  for (const days of [2, 14, longestRangeDays]) {
    const between = { start: Math.max(now, wish.start - days * dayMs), end: wish.start + days * dayMs }
    if (between.end <= between.start) break
    const book = bookFor(await readBook(session, between, wish), wish)
    found = nearestSlots(
      freeSlots(book, { between, durationMin: wish.durationMin, now, limit: Number.POSITIVE_INFINITY }),
      wish.start,
      limit,
    )
    if (found.length >= limit) break
  }
  return found
}

/** The book as far as a wish may use it; the resource it has already comes first. */
export function bookFor<B extends Book>(book: B, { resourceId, prefers }: Pick<Wish, 'resourceId' | 'prefers'>): B {
  if (resourceId !== null) return { ...book, resources: book.resources.filter((id) => id === resourceId) }
  if (prefers === null) return book
  return { ...book, resources: book.resources.toSorted((a, b) => Number(b === prefers) - Number(a === prefers)) }
}
