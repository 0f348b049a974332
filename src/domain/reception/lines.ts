// What the voice at the other end is told to do next, in words of the trade; a contract renders it for its carrier.
import type { Instruction } from '../conversation/index.ts'

export type Line =
  | Exclude<Instruction, { do: 'transfer' }>
  /** Begin recording; always before anything is said. */
  | { do: 'record' }
  /** Ring somebody and connect; `from` is the number shown to them. */
  | { do: 'dial'; number: string; from: string; timeoutS: number }
  /** On hold: nothing is said and nobody listens. */
  | { do: 'wait' }
  /** The number is not in service. */
  | { do: 'reject' }

export interface Reply {
  readonly callId: string | null
  /** The turn that the next words of the caller will be. */
  readonly turn: number
  readonly language: string
  readonly lines: readonly Line[]
}
