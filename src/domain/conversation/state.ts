// What the dialogue remembers between two turns. Plain JSON; `version` lets a later build refuse or convert an older one.
import type { DayWish, Slot, TimeWish, Understood } from './ports.ts'

export const phases = ['open', 'name', 'when', 'choose', 'confirm', 'change', 'which', 'confirm_cancel', 'more', 'ended'] as const
export type Phase = (typeof phases)[number]

export type Outcome = 'booked' | 'cancelled' | 'moved' | 'transferred' | 'voicemail' | 'abandoned' | 'none'

/** An instant and its wall clock in the desk's zone. */
export interface Place {
  startsAt: string
  localStart: string
}

/** One of the caller's bookings, as far as the dialogue speaks of it. */
export interface Known extends Place {
  id: number
  fullName: string | null
}

export interface DialogueState {
  version: 1
  phase: Phase
  language: string
  organizationName: string
  job: 'book' | 'move' | 'cancel' | null
  fullName: string | null
  day: DayWish | null
  time: TimeWish | null
  /** Known to be free when it was put here; read back before it is booked. */
  candidate: Place | null
  offered: Slot[]
  /** What was last offered and refused: "anything later" is counted from it. */
  refused: { first: Place; last: Place } | null
  /** What the caller may choose from when several bookings could be meant. */
  bookings: Known[]
  /** The booking to move or cancel. */
  booking: Known | null
  /** Made or moved in this call: "actually make that Friday" after the goodbye question means this one. */
  latest: Known | null
  /** The last question, for "sorry, what was that?". */
  asked: string
  silences: number
  misunderstandings: number
  turns: number
  /** What came of the call so far. */
  done: Outcome | null
}

export type Instruction =
  | { do: 'say'; text: string }
  | { do: 'listen'; text: string; hints: string[]; timeoutS: number; keys: boolean }
  | { do: 'transfer'; reason: string; text: string }
  | { do: 'voicemail'; text: string }
  | { do: 'hangup'; text: string }

export interface Step {
  state: DialogueState
  instructions: Instruction[]
  /** What this turn settled; null while the conversation goes on without result. */
  outcome: Outcome | null
  understood: Understood | null
  usedFallback: boolean
}

export function openingState(language: string, organizationName: string, fullName: string | null): DialogueState {
  return {
    version: 1,
    phase: 'open',
    language,
    organizationName,
    job: null,
    fullName,
    day: null,
    time: null,
    candidate: null,
    offered: [],
    refused: null,
    bookings: [],
    booking: null,
    latest: null,
    asked: '',
    silences: 0,
    misunderstandings: 0,
    turns: 0,
    done: null,
  }
}
