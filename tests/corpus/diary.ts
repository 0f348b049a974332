// An appointment book in memory, for conversations in tests: one chair, opening hours, holidays, notice and horizon.
import type { Booking, Desk, Slot, Vacancy } from '../../src/domain/conversation/index.ts'

export interface DiaryOptions {
  now: string
  timezone?: string
  /** Minutes after midnight, on weekdays; all week round the clock when `always`. */
  opens?: number
  closes?: number
  always?: boolean
  callerName?: string | null
  /** UTC starts of slots that others have. */
  taken?: string[]
  bookings?: Booking[]
  /** Taken between the check and the booking. */
  snatched?: string[]
}

export interface Diary extends Desk {
  readonly bookings: Booking[]
  readonly cancelled: number[]
  /** Every attempt to book or move, also those refused. */
  readonly attempts: string[]
}

const minutesPerSlot = 15
const duration = 30

export function diary(options: DiaryOptions): Diary {
  const timezone = options.timezone ?? 'Europe/London'
  const [opens, closes] = options.always ? [0, 1440] : [options.opens ?? 540, options.closes ?? 1050]
  const bookings = [...(options.bookings ?? [])]
  const cancelled: number[] = []
  const attempts: string[] = []
  const snatched = new Set(options.snatched)
  const now = Temporal.Instant.from(options.now)
  const earliest = now.add({ hours: 2 })
  const latest = now.add({ hours: 24 * 400 })
  const localOf = (startsAt: string): Temporal.ZonedDateTime => Temporal.Instant.from(startsAt).toZonedDateTimeISO(timezone)
  const overlaps = (a: string, b: string): boolean => Math.abs(Date.parse(a) - Date.parse(b)) < duration * 60_000
  const isTaken = (startsAt: string): boolean =>
    (options.taken ?? []).some((other) => overlaps(other, startsAt)) || bookings.some((other) => overlaps(other.startsAt, startsAt))
  const isOpen = (startsAt: string): boolean => {
    const local = localOf(startsAt)
    const minutes = local.hour * 60 + local.minute
    return options.always === true || (local.dayOfWeek <= 5 && minutes >= opens && minutes + duration <= closes)
  }
  const judge = (startsAt: string): Vacancy => {
    const at = Temporal.Instant.from(startsAt)
    if (Temporal.Instant.compare(at, now) < 0) return 'past'
    if (!isOpen(startsAt)) return 'closed'
    if (Temporal.Instant.compare(at, earliest) < 0) return 'too_soon'
    if (Temporal.Instant.compare(at, latest) > 0) return 'too_far'
    return isTaken(startsAt) ? 'taken' : 'free'
  }
  const slotAt = (at: Temporal.Instant): Slot => ({
    startsAt: at.toString(),
    endsAt: at.add({ minutes: duration }).toString(),
    localStart: at.toZonedDateTimeISO(timezone).toPlainDateTime().toString({ smallestUnit: 'minute' }),
    resourceId: 1,
  })
  const grid = (from: Temporal.Instant, step: number, until: (at: Temporal.Instant) => boolean, limit: number): Slot[] => {
    const found: Slot[] = []
    const unit = minutesPerSlot * 60_000
    let at = Temporal.Instant.fromEpochMilliseconds((step > 0 ? Math.ceil : Math.floor)(from.epochMilliseconds / unit) * unit)
    for (let tried = 0; tried < 40_000 && found.length < limit && !until(at); tried++) {
      if (judge(at.toString()) === 'free') found.push(slotAt(at))
      at = at.add({ minutes: step })
    }
    return found
  }
  const put = (id: number, startsAt: string, fullName: string | null): Booking | 'taken' => {
    attempts.push(startsAt)
    if (snatched.delete(startsAt)) {
      options.taken = [...(options.taken ?? []), startsAt]
      return 'taken'
    }
    const others = bookings.filter((booking) => booking.id !== id)
    if (others.some((booking) => overlaps(booking.startsAt, startsAt)) || (options.taken ?? []).some((other) => overlaps(other, startsAt)))
      return 'taken'
    const local = localOf(startsAt).toPlainDateTime().toString({ smallestUnit: 'minute' })
    const booking: Booking = { id, startsAt, localStart: local, durationMin: duration, service: null, fullName }
    bookings.splice(0, bookings.length, ...others, booking)
    return booking
  }
  return {
    timezone,
    bookings,
    cancelled,
    attempts,
    freeSlots: async ({ from, to, limit }) =>
      grid(Temporal.Instant.from(from), minutesPerSlot, (at) => Temporal.Instant.compare(at, Temporal.Instant.from(to)) >= 0, limit),
    check: async (startsAt) => judge(startsAt),
    nearest: async (startsAt, limit) => {
      const at = Temporal.Instant.from(startsAt)
      const after = grid(at, minutesPerSlot, (one) => Temporal.Instant.compare(one, latest) > 0, limit)
      const before = grid(at, -minutesPerSlot, (one) => Temporal.Instant.compare(one, now) < 0, limit)
      const away = (slot: Slot): number => Math.abs(Date.parse(slot.startsAt) - at.epochMilliseconds)
      const all = [...after, ...before].filter((slot, i, slots) => slots.findIndex((other) => other.startsAt === slot.startsAt) === i)
      return all.toSorted((a, b) => away(a) - away(b)).slice(0, limit)
    },
    book: async ({ fullName, startsAt }) => put(bookings.length + 1, startsAt, fullName),
    bookingsOfCaller: async () => bookings.toSorted((a, b) => (a.startsAt < b.startsAt ? -1 : 1)),
    cancel: async (id) => {
      cancelled.push(id)
      const left = bookings.filter((booking) => booking.id !== id)
      bookings.splice(0, bookings.length, ...left)
    },
    move: async (id, startsAt) => put(id, startsAt, bookings.find((booking) => booking.id === id)?.fullName ?? null),
    callerName: async () => options.callerName ?? null,
  }
}

export function bookingAt(id: number, startsAt: string, fullName: string | null, timezone = 'Europe/London'): Booking {
  const localStart = Temporal.Instant.from(startsAt).toZonedDateTimeISO(timezone).toPlainDateTime().toString({ smallestUnit: 'minute' })
  return { id, startsAt, localStart, durationMin: duration, service: null, fullName }
}
