// The built-in issuer's RSA keys: made once, sealed in the database, rotated with an overlap, so that a token signed
// just before a rotation stays good until it runs out.
import { createPublicKey, generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { type CryptoKey, importJWK, importPKCS8, type JWK } from 'jose'
import type { Database } from '../db/index.ts'
import type { Bus } from '../events/index.ts'
import { uuidv7 } from '../ids/index.ts'
import type { Vault } from '../secrets/index.ts'
import type { Log } from '../session/index.ts'
import type { Clock } from '../time/index.ts'
import {
  insertSigningKey,
  lockSigningKeys,
  resealSigningKey,
  retireSigningKeys,
  revokeSigningKeys,
  type SigningKeyRow,
  selectSigningKeys,
} from './auth.sql.ts'
import { eventually } from './eventually.ts'

/** No token of ours lives longer, so a retired key is needed no longer. */
export const longestTokenS = 24 * 3600
const vaultContext = 'signing-key'

export interface SigningKeys {
  current(): { kid: string; key: CryptoKey }
  find(kid: string): CryptoKey | null
  /** RFC 7517, public halves only. */
  jwks(): { keys: JWK[] }
  /** Reads the keys anew: at start, and when a token names one that is not known. */
  refresh(): Promise<void>
}

/** A rotation is told to every process; one that could not hear of it looks when it can again. */
interface Hearing {
  readonly bus: Bus
  readonly log: Log
}

export async function openSigningKeys(database: Database, vault: Vault, clock: Clock, { bus, log }: Hearing): Promise<SigningKeys> {
  let signing: { kid: string; key: CryptoKey } | null = null
  let known = new Map<string, { key: CryptoKey; jwk: JWK }>()
  let asked = 0
  let told = 0

  async function refresh(): Promise<void> {
    const turn = ++asked
    const usable = (await loadRows(database)).filter((row) => row.revokedAt === null && !expired(row, clock.now()))
    const next: typeof known = new Map()
    for (const row of usable)
      next.set(row.kid, { key: (await importJWK(row.publicJwk as JWK, 'RS256')) as CryptoKey, jwk: row.publicJwk as JWK })
    // A look that began earlier and ends later would bring back a key that was revoked in between.
    if (turn < told) return
    told = turn
    known = next
    const newest = usable.find((row) => row.retiredAt === null)
    if (newest && newest.kid !== signing?.kid) {
      signing = { kid: newest.kid, key: await importPKCS8(vault.open(newest.privateSealed, vaultContext), 'RS256') }
    }
  }

  await refresh()
  if (!signing) {
    await rotateSigningKeys(database, vault, clock, { onlyFirst: true })
    await refresh()
  }
  const news = eventually(refresh, log, 'could not read the signing keys')
  for (const word of ['auth.keys_rotated', 'resync']) bus.subscribe(word, news.ask)
  return {
    current() {
      if (!signing) throw new Error('there is no signing key')
      return signing
    },
    find(kid) {
      news.nudge()
      return known.get(kid)?.key ?? null
    },
    jwks: () => ({ keys: [...known.values()].map(({ jwk }) => jwk) }),
    refresh,
  }
}

const loadRows = async (database: Database) => (await database.read(null, selectSigningKeys, {})) as SigningKeyRow[]
const expired = (row: SigningKeyRow, now: Date) => row.retiredAt !== null && row.retiredAt.getTime() + longestTokenS * 1000 < now.getTime()

/** Worth 128 bits (NIST SP 800-57 part 1, table 2). Keys of 2,048 that an older version made go on until they are rotated. */
const modulusBits = 3072

/**
 * Makes a new key the signing one. `onlyFirst`: not when there is one already (two processes starting at once).
 * `revoke`: the keys before it are no longer good, and so is no token that they signed (one of them became known).
 */
export async function rotateSigningKeys(
  database: Database,
  vault: Vault,
  clock: Clock,
  { onlyFirst = false, revoke = false } = {},
): Promise<string | null> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: modulusBits })
  const kid = uuidv7(clock.now())
  const publicJwk = { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }
  const privateSealed = vault.seal(String(privateKey.export({ format: 'pem', type: 'pkcs8' })), vaultContext)
  return database.transaction(null, async (connection) => {
    await connection.run(lockSigningKeys, {})
    const rows = (await connection.run(selectSigningKeys, {})) as SigningKeyRow[]
    if (onlyFirst && rows.some((row) => row.retiredAt === null)) return null
    await connection.run(retireSigningKeys, { at: clock.now() })
    await connection.run(insertSigningKey, { kid, publicJwk, privateSealed, at: clock.now() })
    if (revoke) await connection.run(revokeSigningKeys, { kid, at: clock.now() })
    return kid
  })
}

/** P11: seals the private halves under the present SECRET_KEY. @returns how many were changed. */
export async function resealSigningKeys(database: Database, vault: Vault): Promise<number> {
  const stale = (await loadRows(database)).filter((row) => vault.needsReseal(row.privateSealed))
  await database.transaction(null, async (connection) => {
    for (const row of stale) {
      await connection.run(resealSigningKey, {
        kid: row.kid,
        privateSealed: vault.seal(vault.open(row.privateSealed, vaultContext), vaultContext),
      })
    }
  })
  return stale.length
}
