// Which tokens are no longer good although they have not run out: those a subject got before a moment. Kept in memory
// and told to every process, because verification is cached and must not ask the database each time.
import type { Database } from '../db/index.ts'
import { type Bus, publishIn } from '../events/index.ts'
import type { Log, Tx } from '../session/index.ts'
import type { Clock } from '../time/index.ts'
import { type RevocationRow, recentRevocations, revokeRefreshSubject, upsertRevocation } from './auth.sql.ts'
import { eventually } from './eventually.ts'
import type { Principal } from './principal.ts'
import { longestTokenS } from './signing-keys.ts'

export interface Revocations {
  /** Whether the principal's subject, or the sign-in its token descends from, was ended. @param issuedAt seconds since 1970 */
  covers(principal: Principal, issuedAt: number): boolean
  /** In the transaction of the change that causes it; in force everywhere once that is committed. */
  revoke(tx: Tx, subject: string): Promise<void>
}

export async function openRevocations(database: Database, bus: Bus, clock: Clock, log: Log): Promise<Revocations> {
  const before = new Map<string, number>()
  const keyOf = (organizationId: number, subject: string) => `${organizationId} ${subject}`
  const remember = (row: { organizationId: number; subject: string; before: string | Date }) => {
    const key = keyOf(row.organizationId, row.subject)
    before.set(key, Math.max(before.get(key) ?? 0, new Date(row.before).getTime() / 1000))
  }
  const load = async () => {
    const since = new Date(clock.now().getTime() - longestTokenS * 1000)
    for (const row of (await database.read(null, recentRevocations, { since })) as RevocationRow[]) remember(row)
  }
  bus.subscribe('auth.revoked', (payload) => remember(payload as RevocationRow))
  const news = eventually(load, log, 'could not read which tokens were revoked')
  bus.subscribe('resync', news.ask)
  await load()

  return {
    covers: ({ organizationId, subject, signIn }, issuedAt) => {
      news.nudge()
      const covered = (name: string) => issuedAt <= (before.get(keyOf(organizationId, name)) ?? Number.NEGATIVE_INFINITY)
      return covered(subject) || (signIn !== undefined && covered(`session:${signIn}`))
    },
    async revoke(tx, subject) {
      const at = tx.now()
      await tx.run(upsertRevocation, { subject, before: at })
      await tx.run(revokeRefreshSubject, { subject, at })
      const row = { organizationId: tx.organizationId, subject, before: at.toISOString() }
      publishIn(tx, 'auth.revoked', row)
      tx.afterCommit(() => remember(row))
    },
  }
}
