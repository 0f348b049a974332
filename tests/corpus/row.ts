// The form in which the corpus is written: what was said, after which question, and what a careful listener takes from it.
import type { Expecting, Intent } from '../../src/domain/conversation/index.ts'

/** Days and times in the short notation of `show.ts`; what is left out is expected to be null. */
export interface Wanted {
  intent?: Intent
  name?: string
  day?: string
  time?: string
  /** Checked only where it is written. */
  choice?: number
}

export type Row = [text: string, wanted: Wanted]

export interface Group {
  expecting: Expecting
  /** UTC; the corpus's usual "now" is Wednesday 18 November 2026, ten in the morning in London. */
  now?: string
  timezone?: string
  language?: string
  /** Local starts of what was offered just before. */
  offered?: string[]
  rows: Row[]
}

export const usualNow = '2026-11-18T10:00:00Z'
export const usualZone = 'Europe/London'
