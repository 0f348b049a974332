// What the dialogue needs of the outside: ears (Heard), the appointment book (Desk) and an understanding of words.
// Plain data throughout, so that a state can rest in a database between two turns and a model can answer in JSON.

/** What came from the caller in one turn. `confidence` is the recogniser's own, 0 to 1; null or 0 when it gave none. */
export type Heard = { kind: 'speech'; text: string; confidence: number | null } | { kind: 'digits'; digits: string } | { kind: 'silence' }

/** `startsAt` and `endsAt` are UTC with Z; `localStart` is the wall clock in the desk's zone, `2026-11-24T09:00`. */
export interface Slot {
  startsAt: string
  endsAt: string
  localStart: string
  resourceId: number
}

export interface Booking {
  id: number
  startsAt: string
  localStart: string
  durationMin: number
  service: string | null
  fullName: string | null
}

export type Vacancy = 'free' | 'taken' | 'closed' | 'too_soon' | 'too_far' | 'past'

/** The appointment book, bound by the caller of the dialogue to one organisation and one database transaction. */
export interface Desk {
  readonly timezone: string
  /** Soonest first; `from` inclusive and `to` exclusive, UTC instants. */
  freeSlots(query: { from: string; to: string; limit: number }): Promise<Slot[]>
  check(startsAt: string): Promise<Vacancy>
  /** The nearest free slots on either side. */
  nearest(startsAt: string, limit: number): Promise<Slot[]>
  book(input: { fullName: string; startsAt: string }): Promise<Booking | 'taken'>
  /** Upcoming, soonest first, found by the caller's number. */
  bookingsOfCaller(): Promise<Booking[]>
  cancel(bookingId: number): Promise<void>
  move(bookingId: number, startsAt: string): Promise<Booking | 'taken'>
  callerName(): Promise<string | null>
}

export const intents = ['book', 'availability', 'cancel', 'move', 'person', 'yes', 'no', 'repeat', 'goodbye', 'help'] as const
export type Intent = (typeof intents)[number] | null

/** Days are ISO dates in the desk's zone, already resolved against "now". */
export type DayWish =
  | { kind: 'date'; date: string }
  /** One of these: "Tuesday or Wednesday", or a weekday and a date that disagree. */
  | { kind: 'dates'; dates: string[] }
  /** First and last day, both included. */
  | { kind: 'range'; from: string; to: string }
  /** Counted from the day under discussion: "the day after", "same time next week". */
  | { kind: 'shift'; days: number }
  | { kind: 'same' }
  | { kind: 'other' }
  | { kind: 'soonest' }
  | { kind: 'any' }
  /** Not on these weekdays, 1 = Monday … 7 = Sunday. */
  | { kind: 'not'; weekdays: number[] }

/** Minutes after midnight on the wall clock. `open`: said without am or pm, so 4:30 may also be 16:30; the opening hours decide. */
export interface Clock {
  minutes: number
  open: boolean
}

export type PartOfDay = 'morning' | 'lunchtime' | 'afternoon' | 'evening'

export type TimeWish =
  | { kind: 'at'; at: Clock }
  | { kind: 'after'; from: Clock }
  | { kind: 'before'; to: Clock }
  | { kind: 'between'; from: Clock; to: Clock }
  | { kind: 'part'; part: PartOfDay }
  /** The first or the last slot of the day. */
  | { kind: 'first' }
  | { kind: 'last' }
  /** Compared with what was offered or chosen. */
  | { kind: 'earlier' }
  | { kind: 'later' }
  | { kind: 'shift'; minutes: number }
  | { kind: 'same' }
  | { kind: 'any' }

/** What the last question was, so that a bare "four" or "Mary" can be told apart. */
export type Expecting = 'intent' | 'name' | 'when' | 'choice' | 'confirmation' | 'change' | 'booking' | 'more'

export interface Understood {
  intent: Intent
  name: string | null
  day: DayWish | null
  time: TimeWish | null
  /** 1-based place among what was offered; -1 is the last, 0 is none of them. */
  choice: number | null
  /** The caller takes back something said before. */
  corrections: boolean
  /** 0 to 1; 0 means that nothing was understood, a little that it was a greeting and no more. */
  confidence: number
  /** What the caller wants changed, without saying to what: "the name is wrong". */
  about?: 'name' | 'day' | 'time' | null
  /** The day of the booking that is to be moved, where it is not the day wished for: "my Friday appointment". */
  bookingDay?: DayWish | null
  /** Set by `fallback` when the second understanding had to answer. */
  usedFallback?: boolean
}

export interface Hint {
  /** UTC instant. */
  now: string
  timezone: string
  language: string
  expecting: Expecting
  offered: Slot[]
}

export interface Understanding {
  readonly name: string
  extract(text: string, hint: Hint, signal?: AbortSignal): Promise<Understood>
}

export const nothingUnderstood: Understood = {
  intent: null,
  name: null,
  day: null,
  time: null,
  choice: null,
  corrections: false,
  confidence: 0,
}
