// What is used for a call goes into the ledger and into what the call says it cost, in one change: the two never differ.

import type { Session } from '../../platform/session/index.ts'
import { recordUsage, type Usage } from '../billing/index.ts'
import { holdCallRow, settleCost } from './calls.sql.ts'

/** For no call it is an entry of the ledger alone. Nothing happens when this source has been recorded before. */
export function recordCallUsage(session: Session, usage: Usage): Promise<void> {
  const { callId } = usage
  if (callId === null) return recordUsage(session, usage)
  return session.write(async (tx) => {
    // Held first: a sum that is read before somebody else's entry is committed would overwrite theirs.
    tx.later(holdCallRow, { callId })
    await recordUsage(tx, usage)
    tx.later(settleCost, { callId })
  })
}
