// Calendar feeds for programs that send no header: the address holds a secret of its own, good for reading
// appointments and for nothing else, stored as a hash and revocable.
import type { Principal } from '../../platform/auth/index.ts'
import { hashSecret } from '../../platform/auth/index.ts'
import type { Database } from '../../platform/db/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import { secret, uuidv7 } from '../../platform/ids/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { findFeed, insertFeed, revokeFeedRow } from './feeds.sql.ts'

/** The token is shown this once. */
export function createFeed(session: Session): Promise<{ id: string; token: string }> {
  const token = `cal_${secret(24)}`
  const id = uuidv7(session.now())
  return session.write(async (tx) => {
    await tx.run(insertFeed, { id, hash: hashSecret(token), at: tx.now() })
    tx.emit('feed.created', { id }, { resource: `feed:${id}`, feed: false })
    return { id, token }
  })
}

/** @throws feed_not_found, also when it was revoked before */
export function revokeFeed(session: Session, id: string): Promise<void> {
  return session.write(async (tx) => {
    if (!(await tx.read(revokeFeedRow, { id, at: tx.now() }))) refuse('feed_not_found')
    tx.emit('feed.revoked', { id }, { resource: `feed:${id}`, feed: false })
  })
}

/** Whose feed a token opens. @throws invalid_api_key */
export async function principalOfFeed(database: Database, token: string): Promise<Principal> {
  if (!/^cal_[\w-]{32}$/.test(token)) refuse('invalid_api_key')
  const [row] = (await database.read(null, findFeed, { hash: hashSecret(token) })) as { organizationId: number; id: string }[]
  if (!row) return refuse('invalid_api_key')
  return {
    kind: 'key',
    subject: `feed:${row.id}`,
    organizationId: row.organizationId,
    userId: null,
    roles: [],
    permissions: new Set(['appointments:read']),
    account: null,
    credential: `feed:${row.id}`,
  }
}
