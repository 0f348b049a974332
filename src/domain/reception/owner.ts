// Whose call it is, before any organisation is known: by the provider's name of the call, or by the number rung.
import type { Database } from '../../platform/db/index.ts'
import { findCallOwner, findNumberOwner } from './reception.sql.ts'

export interface Owner {
  readonly organizationId: number
  readonly callId: string | null
}

/** Null when neither the call nor a number of ours is known. */
export async function findOwner(database: Database, provider: string, sid: string, numbers: readonly string[]): Promise<Owner | null> {
  const [call] = (await database.read(null, findCallOwner, { provider, sid })) as { organizationId: number; callId: string }[]
  if (call) return call
  for (const e164 of numbers) {
    const [number] = (await database.read(null, findNumberOwner, { e164 })) as { organizationId: number }[]
    if (number) return { organizationId: number.organizationId, callId: null }
  }
  return null
}
