// What a job is, and what it is told about its own run. A job runs at least once: a worker may die when everything is done but
// the word about it. Whoever has an effect that must not be there twice either does it in `facts.once`, where the effect and the
// end of the job are one transaction, or gives it a key that is unique (in the database, or with whom it calls).
import type { Session, Tx } from '../session/index.ts'

export interface JobFacts {
  /** From 1. An attempt whose worker died in the middle of it counts. */
  readonly attempt: number
  readonly lastAttempt: boolean
  /** Aborted when the job takes longer than it may, when its worker stops, or when it was given to another. */
  readonly signal: AbortSignal
  /** `done` of `of` steps, and words for them; shown by `patchbay jobs` within seconds. */
  progress(done: number, of: number, words?: string): void
  /**
   * The effect and the end of the job in one transaction: both are there, or neither. The last thing that a job does.
   * @throws JobGone when the job is no longer this worker's: another has it, and nothing was done here
   */
  once<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

export interface Job<P extends object = object> {
  /** `noun.verb`, unique. */
  readonly name: string
  /**
   * Five-field cron in UTC, where no hour is left out or comes twice; such a job runs for no organisation. Each tick is one job
   * over all workers, and a tick that finds the last one still waiting joins it. When nobody was there at its time, the
   * latest tick of the past day is made up for; earlier ones are not.
   */
  readonly cron?: string
  /** A clock job's: lower goes first. What the house does for itself waits (10), what callers feel does not (0). */
  readonly priority?: number
  /** An attempt that takes longer has failed. */
  readonly timeoutS?: number
  readonly handle: (session: Session, payload: P, facts: JobFacts) => Promise<void>
}

export const job = <P extends object>(definition: Job<P>): Job => definition as unknown as Job

export const usualTimeoutS = 300
export const housekeepingPriority = 10

export class JobGone extends Error {
  constructor() {
    super('this job is no longer ours: another worker has it')
  }
}

const longestS = 6 * 3600

/**
 * How long to wait after `attempt` failed: e, e², e³ … seconds up to six hours, of which at least half; the rest is up to
 * `chance` (0 to 1), so that what failed together does not come back together. 25 attempts span about four days.
 */
export const backoffS = (attempt: number, chance: number): number =>
  Math.min(Math.exp(Math.min(attempt, 20)), longestS) * (0.5 + chance / 2)

/** Facts for a job that is run by hand, outside the queue: it may do everything, and nobody looks on. */
export const factsByHand = (session: Session, { attempt = 1, lastAttempt = false } = {}): JobFacts => ({
  attempt,
  lastAttempt,
  signal: new AbortController().signal,
  progress: () => {},
  once: (work) => session.write(work),
})
