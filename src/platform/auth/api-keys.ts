// API keys: random, stored as SHA-256 (they have 256 bits of their own, so a slow hash adds nothing), found by hash.
// A key that was found is remembered for a minute; revoking it is told to every process.
import { hash as digestOf } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Database } from '../db/index.ts'
import { refuse } from '../errors/index.ts'
import { type Bus, publishIn } from '../events/index.ts'
import { secret, uuidv7 } from '../ids/index.ts'
import type { Session } from '../session/index.ts'
import type { Clock } from '../time/index.ts'
import { type ApiKeyRow, findApiKey, insertApiKey, revokeApiKeyRow } from './auth.sql.ts'
import type { Principal } from './principal.ts'

export interface ApiKeys {
  /** @throws invalid_api_key when unknown, revoked or expired */
  verify(key: string): Promise<Principal>
  create(session: Session, input: { name: string; scopes: readonly string[]; expiresAt: Date | null }): Promise<{ id: string; key: string }>
  revoke(session: Session, id: string): Promise<boolean>
}

export const hashSecret = (text: string): Buffer => digestOf('sha256', text, 'buffer')

export function openApiKeys(database: Database, bus: Bus, clock: Clock): ApiKeys {
  const known = new LRUCache<string, ApiKeyRow>({ max: 10_000, ttl: 60_000 })
  let changes = 0
  const forget = (hash: string | null) => {
    changes++
    if (hash === null) known.clear()
    else known.delete(hash)
  }
  bus.subscribe('auth.key_revoked', (hash) => forget(String(hash)))
  bus.subscribe('resync', () => forget(null))

  async function find(key: string): Promise<ApiKeyRow | null> {
    const hash = hashSecret(key)
    const name = hash.toString('base64')
    const before = known.get(name)
    if (before) return before
    const seen = changes
    const [row] = (await database.read(null, findApiKey, { hash })) as ApiKeyRow[]
    // What was read before a revocation must not be remembered after it.
    if (row && seen === changes) known.set(name, row)
    return row ?? null
  }

  return {
    async verify(key) {
      if (key.length < 16 || key.length > 256) refuse('invalid_api_key')
      const row = await find(key)
      if (!row || (row.expiresAt && row.expiresAt <= clock.now())) return refuse('invalid_api_key')
      return toPrincipal(row)
    },
    async create(session, { name, scopes, expiresAt }) {
      const key = `pb_${secret(32)}`
      const id = uuidv7(session.now())
      await session.write(async (tx) => {
        await tx.run(insertApiKey, { id, name, hash: hashSecret(key), hint: key.slice(-4), scopes, at: tx.now(), expiresAt })
        tx.emit('api_key.created', { id, name, scopes }, { resource: `api_key:${id}`, after: { name, scopes, expiresAt } })
      })
      return { id, key }
    },
    revoke: (session, id) =>
      session.write(async (tx) => {
        const row = await tx.read(revokeApiKeyRow, { id, at: tx.now() })
        if (!row) return false
        tx.emit('api_key.revoked', { id, name: row.name }, { resource: `api_key:${id}` })
        const hash = row.hash.toString('base64')
        publishIn(tx, 'auth.key_revoked', hash)
        tx.afterCommit(() => forget(hash))
        return true
      }),
  }
}

function toPrincipal(row: ApiKeyRow): Principal {
  return {
    kind: 'key',
    subject: `key:${row.id}`,
    organizationId: row.organizationId,
    userId: null,
    roles: row.scopes.includes('*') ? ['admin'] : [],
    permissions: new Set(row.scopes),
    account: null,
    credential: `key:${row.id}`,
  }
}
