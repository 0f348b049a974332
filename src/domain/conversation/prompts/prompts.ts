// What a language needs to speak: every sentence the dialogue may say, and how it says a day, a time and a list.

import { german } from './de.ts'
import { english } from './en.ts'

export const promptKeys = [
  'greeting',
  'greetingKnown',
  'askIntent',
  'askName',
  'askWhen',
  'askDay',
  'askTime',
  'askMoveTo',
  'askChange',
  'askNewName',
  'askWhich',
  'askMore',
  'offer',
  'offerOne',
  'readBack',
  'readBackMove',
  'readBackCancel',
  'booked',
  'moved',
  'cancelled',
  'kept',
  'dropped',
  'isFree',
  'taken',
  'justTaken',
  'closed',
  'too_soon',
  'too_far',
  'past',
  'nothingThen',
  'nothingAtAll',
  'noBooking',
  'noEarlier',
  'noLater',
  'pickOne',
  'thanks',
  'notHeard',
  'notUnderstood',
  'help',
  'keysYesNo',
  'keysChoice',
  'keysIntent',
  'transfer',
  'transferLost',
  'voicemail',
  'goodbye',
  'goodbyeDone',
] as const
export type PromptKey = (typeof promptKeys)[number]

export interface Prompts {
  /** With `{name}`, `{organization}`, `{when}`, `{from}`, `{slots}` where a sentence has them. */
  say: Record<PromptKey, string>
  /** Words the recogniser should expect, by the question asked. */
  /** Stands in a read-back for a name that is not known. */
  yourself: string
  hints: { intent: string[]; name: string[]; when: string[]; choice: string[]; confirmation: string[] }
  /** `local` is a wall clock, 2026-11-24T14:30; the year is named when it is not `thisYear`. */
  day(local: string, thisYear: number): string
  time(local: string): string
  when(day: string, time: string): string
  list(items: string[]): string
}

const byLanguage: Record<string, Prompts | undefined> = { en: english, de: german }

export const promptsFor = (language: string): Prompts => byLanguage[language.split('-')[0] ?? 'en'] ?? english

/** Puts values into a sentence. A placeholder without a value is an error in the prompts, found by their test. */
export function fill(sentence: string, values: Record<string, string> = {}): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole)
}
