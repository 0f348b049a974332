// A checkpoint: where chains stood at a moment, signed by Ed25519 with a key that the database does not have, and naming
// the checkpoint before it. Whoever trusts one so trusts all before it, whatever became of their keys.
import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'

/** As it is stored: `body` is what was signed, to the byte. */
export interface Sealed {
  readonly body: string
  readonly signature: string
}

export interface Checkpoint {
  readonly number: number
  readonly at: string
  /** The fingerprint of the checkpoint before; none before the first. */
  readonly previous: string | null
  /** False where its maker did not trust what came before, and so does not vouch for it. */
  readonly vouches: boolean
  /** The public key, base64url. */
  readonly key: string
  /** Organisation, number and hash (hexadecimal) of every chain that moved since the last one. */
  readonly heads: readonly Head[]
  /** From here on only: what is at or before these was removed by retention, or taken as it is by somebody who says why. */
  readonly bases?: readonly Head[]
  readonly reason?: string
}
export type Head = readonly [organizationId: number, seq: number, hash: string]

export interface CheckpointKey {
  readonly publicKey: string
  sign(checkpoint: Omit<Checkpoint, 'key'>): Sealed
}

/** RFC 8410: the private key of Ed25519 as PKCS #8 is these bytes and 32 more. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** @param seed 32 secret bytes: the same ones make the same key */
export function openCheckpointKey(seed: Buffer): CheckpointKey {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = String(createPublicKey(key).export({ format: 'jwk' }).x)
  return {
    publicKey,
    sign(checkpoint) {
      const body = JSON.stringify({ ...checkpoint, key: publicKey })
      return { body, signature: sign(null, Buffer.from(body), key).toString('base64url') }
    },
  }
}

const publicKeys = new Map<string, KeyObject>()
function publicKeyOf(x: string): KeyObject {
  const known = publicKeys.get(x) ?? createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  publicKeys.set(x, known)
  return known
}

/** Whether one of the trusted keys signed it. What the checkpoint itself says of its key is not asked. */
export const isSignedBy = ({ body, signature }: Sealed, trusted: readonly string[]): boolean =>
  trusted.some((key) => verify(null, Buffer.from(body), publicKeyOf(key), Buffer.from(signature, 'base64url')))

/** What the next checkpoint says of this one. */
export const fingerprintOf = ({ body, signature }: Sealed): string => hash('sha256', `${signature}.${body}`, 'hex')

/** Null for what is no checkpoint. Its truth is another question. */
export function parseCheckpoint(body: string): Checkpoint | null {
  const found = parsed(body)
  return isCheckpoint(found) ? found : null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // somebody wrote something else there: the caller tells so
  }
}

function isCheckpoint(value: unknown): value is Checkpoint {
  if (typeof value !== 'object' || value === null) return false
  const { number, at, previous, vouches, key, heads, bases = [] } = value as Record<string, unknown>
  const plain = Number.isSafeInteger(number) && typeof at === 'string' && typeof key === 'string' && typeof vouches === 'boolean'
  return plain && (previous === null || typeof previous === 'string') && areHeads(heads) && areHeads(bases)
}

const areHeads = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every(
    (head) => Array.isArray(head) && Number.isSafeInteger(head[0]) && Number.isSafeInteger(head[1]) && /^[0-9a-f]*$/.test(String(head[2])),
  )
