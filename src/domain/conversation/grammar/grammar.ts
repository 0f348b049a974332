// The form of a language's grammar: word lists and phrase rules, as data. Only patterns live in the language files;
// what a matched rule means for the calendar is worked out by the understanding that reads them.
import type { Intent, PartOfDay } from '../ports.ts'

/**
 * `when` is a pattern over cleaned text (lower case, number words as digits, ordinals as `3rd`) with placeholders:
 * `{wd}` weekday, `{mo}` month, `{nth}` ordinal, `{d}` day number, `{n}` count, `{y}` year, `{unit}` day/week/month/hour/minute,
 * `{h}` hour, `{m}` minute, `{ap}` optional am or pm, `{t}` and `{t2}` a clock time found before, `{day}` a day found before.
 */
export type DayRule = { when: string } & (
  | { is: 'weekday'; which?: 'coming' | 'this' | 'next' | 'last'; weeks?: number }
  | { is: 'date'; months?: number }
  | { is: 'offset'; days?: number; sign?: -1 }
  | { is: 'shift'; days?: number; sign?: -1 }
  | { is: 'week'; weeks: number; part?: Part }
  | { is: 'weekend'; weeks: number }
  | { is: 'month'; months?: number; part?: Part }
  | { is: 'week_of_month' }
  | { is: 'same' | 'other' | 'soonest' | 'any' }
)
export type Part = 'start' | 'middle' | 'end' | 'rest'

/** A clock time. `add` minutes to the hour; `m` and `-m` stand for the minutes said. `at` is a whole time by itself. */
export interface ClockRule {
  when: string
  add?: number | 'm' | '-m'
  at?: number
}

export type TimeRule = { when: string } & (
  | { is: 'after'; from?: number }
  | { is: 'before'; to?: number }
  | { is: 'between'; from?: number; to?: number }
  | { is: 'part'; part: PartOfDay }
  | { is: 'shift'; sign: 1 | -1; minutes?: number }
  | { is: 'first' | 'last' | 'earlier' | 'later' | 'same' | 'any' }
)

/** A place among what was offered; 'n' is the number said, -1 the last, 0 none, 'middle' and 'half' look at the offers. */
export interface ChoiceRule {
  when: string
  pick: number | 'n' | 'middle' | 'half'
}

export interface NameWords {
  /** Phrases after which a name follows for certain, even one that is also a word of the calendar. */
  strong: string[]
  /** Phrases after which a name may follow, unless the next word is an ordinary one. */
  weak: string[]
  /** Phrases that follow a name. */
  after: string[]
  first: string[]
  last: string[]
  titles: Record<string, string>
  particles: string[]
  /** Words that lead in to a spelled name. */
  spelling: string[]
  /** Words that may stand before a bare name. */
  lead: string[]
  /** Calendar words that are given names too. */
  calendar: string[]
  /** Words that are never part of a name. */
  stop: string[]
}

export interface Grammar {
  language: string
  numbers: Record<string, number>
  ordinals: Record<string, number>
  /** Noises that say nothing. */
  fillers: string[]
  /** Put right before anything else is read: misheard words, set phrases. */
  before: [RegExp, string][]
  /** The same, after number words have become digits. */
  rewrites: [RegExp, string][]
  weekdays: Record<string, number>
  months: Record<string, number>
  units: Record<string, 'day' | 'week' | 'month' | 'hour' | 'minute'>
  am: string
  pm: string
  days: DayRule[]
  notDay: string[]
  /** Days that tell which booking is meant, not when the caller wants to come. */
  bookingDay: string[]
  clocks: ClockRule[]
  times: TimeRule[]
  choices: ChoiceRule[]
  /** In order of precedence. */
  intents: [Exclude<Intent, null>, RegExp][]
  corrections: RegExp
  /** Nothing but a greeting. */
  greeting: RegExp
  about: [NonNullable<'name' | 'day' | 'time'>, RegExp][]
  names: NameWords
}
