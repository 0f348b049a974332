// Finds calls for the server's own work: by the provider's name, by id, by silence.
import type { Database } from '../../platform/db/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { type CallRow, findProviderCallAnywhere, selectCall, selectProviderCall, selectSilentCalls } from './calls.sql.ts'

/** Null when there is none. */
export const loadCall = (session: Session, callId: string): Promise<CallRow | null> => session.read(selectCall, { callId })

/** The id of the call that a provider knows by this name, in this organisation. */
export async function findProviderCall(session: Session, provider: string, sid: string): Promise<string | null> {
  return (await session.read(selectProviderCall, { provider, sid }))?.callId ?? null
}

/** Whose call it is: for webhooks that know nothing but the provider's name for it. */
export async function ownerOfProviderCall(
  database: Database,
  provider: string,
  sid: string,
): Promise<{ organizationId: number; callId: string } | null> {
  const [found] = await database.read(null, findProviderCallAnywhere, { provider, sid })
  return (found as { organizationId: number; callId: string } | undefined) ?? null
}

/** Calls at `provider` of which nothing has been heard since `silentSince` and something is still to be told; 500 at most, longest first. */
export const silentCalls = (session: Session, provider: string, silentSince: Date) =>
  session.list(selectSilentCalls, { provider, silentSince })
