// Reads a published key set (RFC 7517) as hostile text: only RSA keys for RS256 signatures that are public, large enough
// and named once are of use. Throws when there is none, so that what was known before stays in force.
import { type CryptoKey, importJWK } from 'jose'

export const largestKeySetBytes = 256 * 1024
const mostKeys = 100
const leastModulusBytes = 256
const mostModulusBytes = 1024
/** An exponent of 1 would let anybody sign; large ones make every look at a signature slow. */
const exponents: ReadonlySet<unknown> = new Set(['AQAB', 'Aw'])

/** @returns key by name @throws when the text holds no usable key */
export async function readKeySet(text: string): Promise<Map<string, CryptoKey>> {
  const parsed: unknown = JSON.parse(text)
  const keys: unknown = typeof parsed === 'object' && parsed !== null && 'keys' in parsed ? parsed.keys : null
  if (!Array.isArray(keys)) throw new Error('the key set is no key set')
  if (keys.length > mostKeys) throw new Error(`the key set has ${keys.length} keys, more than ${mostKeys}`)
  const usable = keys.filter(isUsable)
  const found = new Map<string, CryptoKey>()
  for (const { kid, n, e } of usable) {
    // Two keys of one name: nobody can say which is meant.
    if (usable.filter((other) => other.kid === kid).length > 1) continue
    found.set(kid, (await importJWK({ kty: 'RSA', n, e }, 'RS256')) as CryptoKey) // a Uint8Array only for `oct`
  }
  if (found.size === 0) throw new Error('the key set holds no RSA key for RS256 signatures')
  return found
}

interface PublishedKey {
  readonly kid: string
  readonly n: string
  readonly e: string
}

function isUsable(key: unknown): key is PublishedKey {
  if (typeof key !== 'object' || key === null) return false
  const { kty, kid, n, e, alg, use, key_ops: operations, ...rest } = key as Record<string, unknown>
  if (kty !== 'RSA' || typeof kid !== 'string' || kid === '' || kid.length > 255) return false
  if ((alg !== undefined && alg !== 'RS256') || (use !== undefined && use !== 'sig')) return false
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return false
  // A private half that was published is everybody's.
  if (['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].some((name) => name in rest)) return false
  return exponents.has(e) && typeof n === 'string' && isModulus(n)
}

function isModulus(text: string): boolean {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text || bytes[0] === 0) return false
  return bytes.length >= leastModulusBytes && bytes.length <= mostModulusBytes
}
