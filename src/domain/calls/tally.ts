// Counts the calls of each organisation once, so that a page which says how many there are need not (docs/decisions/0046).
import type { Session } from '../../platform/session/index.ts'
import { type EachOptions, forEachOrganization } from './each.ts'
import { countOn, lockTally, selectOrganizationsWithUncountedCalls } from './tally.sql.ts'

/** In one change, for some ten milliseconds; a call that comes an hour late waits as long. */
const atOnce = 50_000

/** @returns how many were counted */
export async function tallyCalls(session: Session, options: EachOptions, most = atOnce): Promise<number> {
  const found = await session.list(selectOrganizationsWithUncountedCalls, {})
  const work = (inside: Session) => tallyOrganization(inside, most, options.signal)
  return forEachOrganization(found, { ...options, subject: 'job:calls.tally', work })
}

async function tallyOrganization(session: Session, most: number, signal?: AbortSignal): Promise<number> {
  for (let counted = 0; ; ) {
    signal?.throwIfAborted()
    const some = await session.write(async (tx) => {
      tx.later(lockTally, {})
      return tx.read(countOn, { most })
    })
    counted += some?.counted ?? 0
    if (some?.counted !== most) return counted
  }
}
