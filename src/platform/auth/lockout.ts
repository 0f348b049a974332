// Slows guessing down: ten failures in a minute lock a name for a minute, in every process (S1). An unknown name is
// counted like a known one, so that being locked tells nothing about who exists.
import { createHash } from 'node:crypto'
import type { Database } from '../db/index.ts'
import { refuse } from '../errors/index.ts'
import type { Clock } from '../time/index.ts'
import { countFailure, forgetFailures, selectLock, sweepCredentials, sweepFailures } from './lockout.sql.ts'
import { longestTokenS } from './signing-keys.ts'

const mostFailures = 10
const windowMs = 60_000
const lockMs = 60_000
const dayMs = 24 * 3600 * 1000

export interface Lockout {
  /** `name`: `client:…` or `user:…`. @throws locked_out, with Retry-After */
  check(name: string): Promise<void>
  fail(name: string): Promise<void>
  succeed(name: string): Promise<void>
  /** Removes counts that are over, refresh tokens that ran out, and revocations of tokens that have run out since. */
  sweep(): Promise<void>
}

export function openLockout(database: Database, clock: Clock): Lockout {
  const digest = (name: string) => createHash('sha256').update(name).digest()
  return {
    async check(name) {
      const at = clock.now()
      const [lock] = (await database.read(null, selectLock, { name: digest(name), at })) as { lockedUntil: Date }[]
      if (!lock) return
      const seconds = Math.max(1, Math.ceil((lock.lockedUntil.getTime() - at.getTime()) / 1000))
      refuse('locked_out', { headers: { 'retry-after': String(seconds) } })
    },
    async fail(name) {
      const at = clock.now()
      const windowStart = new Date(at.getTime() - windowMs)
      const lockUntil = new Date(at.getTime() + lockMs)
      await database.read(null, countFailure, { name: digest(name), at, windowStart, lockUntil, most: mostFailures })
    },
    succeed: async (name) => void (await database.read(null, forgetFailures, { name: digest(name) })),
    async sweep() {
      const ago = (ms: number) => new Date(clock.now().getTime() - ms)
      await database.read(null, sweepFailures, { before: ago(windowMs + lockMs) })
      await database.read(null, sweepCredentials, { tokensBefore: ago(dayMs), revocationsBefore: ago(2 * longestTokenS * 1000) })
    },
  }
}
