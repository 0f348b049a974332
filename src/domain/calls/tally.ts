// Counts the calls of each organisation once, so that a page which says how many there are need not (docs/decisions/0046).
import type { OpenSession, Session } from '../../platform/session/index.ts'
import { forEachOrganization } from './each.ts'
import { countOn, lockTally, selectOrganizationsWithUncountedCalls } from './tally.sql.ts'

/** In one change, for some ten milliseconds; a call that comes an hour late waits as long. */
const atOnce = 50_000

/** @returns how many were counted */
export async function tallyCalls(session: Session, { openSession }: { openSession: OpenSession }): Promise<number> {
  const found = await session.list(selectOrganizationsWithUncountedCalls, {})
  return forEachOrganization(found, { subject: 'job:calls.tally', openSession, work: tallyOrganization })
}

async function tallyOrganization(session: Session): Promise<number> {
  for (let counted = 0; ; ) {
    const some = await session.write(async (tx) => {
      tx.later(lockTally, {})
      return tx.read(countOn, { most: atOnce })
    })
    counted += some?.counted ?? 0
    if (some?.counted !== atOnce) return counted
  }
}
