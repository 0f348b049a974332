// A migration that waits for a lock makes everybody who comes after it wait too. So it waits a moment, gives up, lets the
// others pass, and tries again.
import { setTimeout } from 'node:timers/promises'

export interface Patience {
  readonly lockTimeoutMs: number
  readonly attempts: number
  readonly pauseMs: number
}

/** PostgreSQL's lock_not_available and deadlock_detected. */
const passing = new Set(['55P03', '40P01'])

/** @throws what the last attempt threw */
export async function withPatience<T>({ attempts, pauseMs }: Patience, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      if (!passing.has(code) || attempt >= attempts) throw error
      await setTimeout(pauseMs)
    }
  }
}
