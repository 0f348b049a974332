// What can be booked: pure rules over opening hours, notice and what is already taken. Times are Unix milliseconds.
import { type Calendar, furthest, localMinute, mergeSpans, minuteMs, openingsBetween, type Span } from './calendar.ts'

/** A calendar, the resources that take bookings, and what each already has in the stretch of time that was read. */
export interface Book {
  readonly calendar: Calendar
  readonly resources: readonly number[]
  /** Resource to its busy spans, buffers included, sorted and apart from each other. */
  readonly busy: ReadonlyMap<number, readonly Span[]>
}

export interface FreeSlot extends Span {
  readonly localStart: string
  readonly resourceId: number
}

export type Vacancy = 'free' | 'taken' | 'closed' | 'too_soon' | 'too_far' | 'past'

export type Verdict = { vacancy: 'free'; resourceId: number } | { vacancy: Exclude<Vacancy, 'free'>; resourceId: null }

export interface SlotQuery {
  /** Of the slot's start: `start` inclusive, `end` exclusive. */
  readonly between: Span
  readonly durationMin: number
  readonly now: number
  readonly limit: number
}

export function openBook(calendar: Calendar, resources: readonly number[], taken: readonly (Span & { resourceId: number })[]): Book {
  const byResource = Map.groupBy(taken, ({ resourceId }) => resourceId)
  return { calendar, resources, busy: new Map(resources.map((id) => [id, mergeSpans(byResource.get(id) ?? [])])) }
}

/** The slot with its buffers: what nothing else on its resource may touch. */
export const withBuffers = ({ bufferBeforeMin, bufferAfterMin }: Calendar, { start, end }: Span): Span => ({
  start: start - bufferBeforeMin * minuteMs,
  end: end + bufferAfterMin * minuteMs,
})

export const slotAt = (start: number, durationMin: number): Span => ({ start, end: start + durationMin * minuteMs })

/** Whether a time can be booked, and on which resource. Any minute will do: the grid is for what is offered. */
export function vacancyOf(book: Book, slot: Span, now: number): Verdict {
  const { calendar } = book
  const no = (vacancy: Exclude<Vacancy, 'free'>) => ({ vacancy, resourceId: null })
  if (slot.start < now) return no('past')
  if (slot.start > furthest(calendar, now)) return no('too_far')
  if (!within(mergeSpans(openingsBetween(calendar, slot)), slot)) return no('closed')
  if (slot.start < now + calendar.minNoticeMin * minuteMs) return no('too_soon')
  const resourceId = freeResource(book, slot)
  return resourceId === null ? no('taken') : { vacancy: 'free', resourceId }
}

/** The grid's free slots, soonest first, each on the first resource that has it. The grid counts from each opening. */
export function freeSlots(book: Book, { between, durationMin, now, limit }: SlotQuery): FreeSlot[] {
  const { calendar } = book
  const first = Math.max(between.start, now + calendar.minNoticeMin * minuteMs)
  const last = Math.min(between.end - 1, furthest(calendar, now))
  const step = calendar.slotMinutes * minuteMs
  const slots: FreeSlot[] = []
  if (last < first) return slots
  const openings = openingsBetween(calendar, { start: first, end: last + 1 + durationMin * minuteMs })
  const open = mergeSpans(openings)
  for (const start of gridOf(openings, step, first, last)) {
    const slot = slotAt(start, durationMin)
    const resourceId = within(open, slot) ? freeResource(book, slot) : null
    if (resourceId !== null) slots.push({ ...slot, localStart: localMinute(start, calendar.timezone), resourceId })
    if (slots.length === limit) break
  }
  return slots
}

/** Starts on the grid, ascending; where openings overlap, the earlier one's grid rules to its end. */
function* gridOf(openings: readonly Span[], step: number, first: number, last: number): Generator<number> {
  let ruled = Number.NEGATIVE_INFINITY
  for (const opening of openings) {
    const from = Math.max(first, ruled, opening.start)
    const skipped = Math.ceil((from - opening.start) / step)
    for (let start = opening.start + skipped * step; start <= last && start < opening.end; start += step) yield start
    ruled = Math.max(ruled, opening.end)
  }
}

/** Whether a start lies on the grid of its opening. */
export function onGrid(calendar: Calendar, start: number): boolean {
  const step = calendar.slotMinutes * minuteMs
  const [opening] = openingsBetween(calendar, { start, end: start + 1 })
  return opening !== undefined && (start - opening.start) % step === 0
}

/** Nearest to `start` first; of two equally near the earlier. */
export function nearestSlots(slots: readonly FreeSlot[], start: number, limit: number): FreeSlot[] {
  return slots.toSorted((a, b) => Math.abs(a.start - start) - Math.abs(b.start - start) || a.start - b.start).slice(0, limit)
}

const within = (open: readonly Span[], { start, end }: Span): boolean => open.some((span) => span.start <= start && end <= span.end)

function freeResource(book: Book, slot: Span): number | null {
  const wanted = withBuffers(book.calendar, slot)
  return book.resources.find((id) => !touches(book.busy.get(id) ?? [], wanted)) ?? null
}

/** `spans` are sorted and apart, so the first that ends after the start is the only one that can touch. */
function touches(spans: readonly Span[], { start, end }: Span): boolean {
  let low = 0
  let high = spans.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((spans[middle]?.end ?? 0) > start) high = middle
    else low = middle + 1
  }
  const candidate = spans[low]
  return candidate !== undefined && candidate.start < end
}
