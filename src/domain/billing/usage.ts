// The usage ledger: what was used, what it cost, once for each thing used. Entries are only ever added; what changes
// afterwards is put right by another entry.
import { uuidv7 } from '../../platform/ids/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { defaultRates, type UsageKind } from './rates.ts'
import { insertUsage, selectCallUsage } from './usage.sql.ts'

export interface Usage {
  readonly kind: UsageKind
  readonly quantity: number
  readonly callId: string | null
  /** Names the thing that was used (`recording:RE…`): the same source is never billed twice. */
  readonly source: string
  readonly at: Date
}

/** Nothing happens when this source has been recorded before. */
export function recordUsage(session: Session, usage: Usage): Promise<void> {
  return session.write(async (tx) => tx.later(insertUsage, { id: uuidv7(usage.at), ...usage, ...defaultRates[usage.kind] }))
}

/** How much of a kind has been recorded for a call, in how many entries. */
export async function usageOfCall(session: Session, callId: string, kind: UsageKind): Promise<{ entries: number; quantity: number }> {
  return (await session.read(selectCallUsage, { callId, kind })) ?? { entries: 0, quantity: 0 }
}
