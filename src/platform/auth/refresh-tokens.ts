// Refresh tokens: random, kept as SHA-256, good for one exchange. All that descend from one sign-in are a family; one
// that comes back after its exchange was stolen or copied, and ends the whole family (RFC 9700, 4.14.2). None outlives
// the ninetieth day of its sign-in.
import type { Database } from '../db/index.ts'
import { refuse } from '../errors/index.ts'
import { madeAt, secret } from '../ids/index.ts'
import type { Session, Tx } from '../session/index.ts'
import type { Clock } from '../time/index.ts'
import { hashSecret } from './api-keys.ts'
import {
  findRefreshToken,
  insertRefreshToken,
  type RefreshTokenRow,
  revokeRefreshFamily,
  type SignInRow,
  selectSignIns,
  useRefreshToken,
} from './auth.sql.ts'
import type { Revocations } from './revocations.ts'

const dayMs = 24 * 3600 * 1000
const lifetimeMs = 30 * dayMs
/** However often it is refreshed, a sign-in ends; its beginning is in its name. */
const longestSignInMs = 90 * dayMs

export interface RefreshGrant {
  readonly organizationId: number
  readonly subject: string
  readonly family: string
}

/** One family alone, or all but one. */
interface Which {
  readonly only?: string
  readonly but?: string | null
}

/** A program that signs in for each request has thousands. */
const mostListed = 100

export interface RefreshTokens {
  /** In the transaction of the sign-in. @returns the token, which is shown once */
  issue(tx: Tx, subject: string, family: string): Promise<string>
  /** Whose token it is, before it is exchanged. @throws invalid_grant when unknown or run out */
  find(token: string): Promise<RefreshGrant>
  /** Takes the token out of use and makes its successor. @throws invalid_grant when it was used or revoked */
  exchange(session: Session, token: string): Promise<{ grant: RefreshGrant; next: string }>
  /** Families whose tokens `subject` can still exchange, that used last first, a hundred at most. */
  list(session: Session, subject: string, which?: Which): Promise<SignInRow[]>
  /** Ends sign-ins: their refresh tokens and their access tokens. */
  end(session: Session, families: readonly string[]): Promise<void>
}

const sessionSubject = (family: string): string => `session:${family}`

export function openRefreshTokens(database: Database, revocations: Revocations, clock: Clock): RefreshTokens {
  async function find(token: string): Promise<RefreshTokenRow> {
    if (token.length > 256) refuse('invalid_grant')
    const [row] = (await database.read(null, findRefreshToken, { hash: hashSecret(token) })) as RefreshTokenRow[]
    if (!row || row.expiresAt <= clock.now()) return refuse('invalid_grant')
    return row
  }

  async function issue(tx: Tx, subject: string, family: string): Promise<string> {
    const token = `pbr_${secret(32)}`
    const expiresAt = new Date(Math.min(tx.now().getTime() + lifetimeMs, madeAt(family) + longestSignInMs))
    await tx.run(insertRefreshToken, { hash: hashSecret(token), family, subject, at: tx.now(), expiresAt })
    return token
  }

  const end = (session: Session, families: readonly string[]) =>
    session.write(async (tx) => {
      for (const family of families) {
        await tx.run(revokeRefreshFamily, { family, at: tx.now() })
        await revocations.revoke(tx, sessionSubject(family))
        tx.emit('session.ended', { family }, { resource: sessionSubject(family), feed: false })
      }
    })

  return {
    issue,
    end,
    list: (session, subject, { only = null, but = null } = {}) =>
      session.list(selectSignIns, { subject, at: session.now(), only, but, most: mostListed }),
    async find(token) {
      const { organizationId, subject, family } = await find(token)
      return { organizationId, subject, family }
    },
    async exchange(session, token) {
      const row = await find(token)
      if (row.organizationId !== session.organizationId) refuse('invalid_grant')
      const next = await session.write(async (tx) => {
        const used = await tx.read(useRefreshToken, { hash: hashSecret(token), at: tx.now() })
        return used ? issue(tx, row.subject, row.family) : null
      })
      if (next === null) {
        if (row.revokedAt === null) await end(session, [row.family])
        return refuse('invalid_grant')
      }
      return { grant: { organizationId: row.organizationId, subject: row.subject, family: row.family }, next }
    },
  }
}
