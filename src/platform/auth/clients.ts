// OAuth clients: programs that sign in with an id and a secret. The secret has 256 bits of its own, so its SHA-256 is
// kept; comparing takes the same time for an unknown client, a wrong secret and a right one.
import { timingSafeEqual } from 'node:crypto'
import type { Database } from '../db/index.ts'
import { refuse } from '../errors/index.ts'
import { secret } from '../ids/index.ts'
import type { Session } from '../session/index.ts'
import { hashSecret } from './api-keys.ts'
import { findOauthClient, insertOauthClient, type OauthClientRow, revokeOauthClient, updateOauthSecret } from './auth.sql.ts'
import type { Lockout } from './lockout.ts'
import type { Revocations } from './revocations.ts'

export interface OauthClient {
  readonly id: string
  readonly name: string
  readonly organizationId: number
  readonly roles: readonly string[]
}

export interface OauthClients {
  /** @throws invalid_client, locked_out */
  verify(id: string, secret: string): Promise<OauthClient>
  /** The secret is shown once, here. */
  create(session: Session, input: { name: string; roles: readonly string[] }): Promise<{ id: string; secret: string }>
  /** A new secret, shown once, here; the old one and the tokens that it got end. @returns null where there is no such client */
  rotate(session: Session, id: string): Promise<string | null>
  /** Its tokens end with it. @returns whether there was one */
  revoke(session: Session, id: string): Promise<boolean>
}

const nobodysHash = Buffer.alloc(32)

export function openOauthClients(database: Database, lockout: Lockout, revocations: Revocations): OauthClients {
  return {
    async verify(id, given) {
      await lockout.check(`client:${id}`)
      const [row] = (await database.read(null, findOauthClient, { id })) as OauthClientRow[]
      const right = timingSafeEqual(hashSecret(given), row?.secretHash ?? nobodysHash)
      if (!row || !right) {
        await lockout.fail(`client:${id}`)
        return refuse('invalid_client')
      }
      return { id: row.id, name: row.name, organizationId: row.organizationId, roles: row.roles }
    },
    async create(session, { name, roles }) {
      const [id, plain] = [secret(24), secret(32)]
      await session.write(async (tx) => {
        await tx.run(insertOauthClient, { id, name, secretHash: hashSecret(plain), roles, at: tx.now() })
        tx.emit('oauth_client.created', { id, name, roles }, { resource: `oauth_client:${id}`, after: { name, roles } })
      })
      return { id, secret: plain }
    },
    async rotate(session, id) {
      const plain = secret(32)
      const found = await session.write(async (tx) => {
        const row = await tx.read(updateOauthSecret, { id, secretHash: hashSecret(plain) })
        if (!row) return false
        await revocations.revoke(tx, `client:${id}`)
        tx.emit('oauth_client.secret_rotated', { id, name: row.name }, { resource: `oauth_client:${id}` })
        return true
      })
      return found ? plain : null
    },
    revoke: (session, id) =>
      session.write(async (tx) => {
        const row = await tx.read(revokeOauthClient, { id, at: tx.now() })
        if (!row) return false
        await revocations.revoke(tx, `client:${id}`)
        tx.emit('oauth_client.revoked', { id, name: row.name }, { resource: `oauth_client:${id}` })
        return true
      }),
  }
}
