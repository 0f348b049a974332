// Seals what must be read again (provider keys, webhook secrets) and signs what must be recognised again (links, tickets).
// Refuses a sealed text that was changed, moved to another place, or sealed under a key that is no longer configured.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { refuse } from '../errors/index.ts'

export interface Vault {
  /** `context` names where the secret lives (`webhook:17`); the sealed text opens there alone. */
  seal(plain: string, context: string): string
  /** @throws secret_unreadable */
  open(sealed: string, context: string): string
  /** What may be shown of a secret once it is stored: its last four characters, nothing of a short one. */
  hint(plain: string): string
  /** True for a text that is not sealed under the current key, and so is to be sealed again. */
  needsReseal(sealed: string): boolean
  /** HMAC-SHA256, base64url, under a key of its own for each purpose. */
  signer(purpose: string): (text: string) => string
  /** 32 secret bytes for a purpose: under the current key first, then under each previous one. */
  keys(purpose: string): readonly Buffer[]
  /** Compares in constant time, and takes the signatures of previous keys too. */
  verifier(purpose: string): (text: string, signature: string) => boolean
}

interface Master {
  readonly id: string
  derive(info: string): Buffer
}

const version = 'v1'
const shortestKey = 16

function masterKey(text: string): Master {
  if (text.length < shortestKey) throw new RangeError(`A secret key needs at least ${shortestKey} characters.`)
  const derive = (info: string) => Buffer.from(hkdfSync('sha256', text, 'patchbay', info, 32))
  return { id: derive('key id').toString('base64url').slice(0, 8), derive }
}

/** @throws RangeError for a key too short to protect anything. */
export function openVault(input: { readonly key: string; readonly previous: readonly string[] }): Vault {
  const current = masterKey(input.key)
  const masters = [current, ...input.previous.map(masterKey)]
  const sealing = new Map(masters.map((master) => [master.id, master.derive('seal')]))
  const sealingKey = current.derive('seal')

  return {
    seal: (plain, context) => seal(current.id, sealingKey, plain, context),
    open: (sealed, context) => {
      const parts = parseSealed(sealed)
      const key = parts && sealing.get(parts.keyId)
      const plain = parts && key && decrypt(parts, key, context)
      return plain ?? refuse('secret_unreadable', { cause: new Error(`sealed text for ${context}: ${key ? 'changed' : 'unknown key'}`) })
    },
    hint: (plain) => (plain.length < 12 ? '' : plain.slice(-4)),
    needsReseal: (sealed) => parseSealed(sealed)?.keyId !== current.id,
    signer: (purpose) => {
      const key = current.derive(`sign ${purpose}`)
      return (text) => sign(key, text).toString('base64url')
    },
    keys: (purpose) => masters.map((master) => master.derive(`key ${purpose}`)),
    verifier: (purpose) => {
      const keys = masters.map((master) => master.derive(`sign ${purpose}`))
      return (text, signature) => matches(keys, text, signature)
    },
  }
}

const sign = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text, 'utf8').digest()

function matches(keys: readonly Buffer[], text: string, signature: string): boolean {
  const given = Buffer.from(signature, 'base64url')
  // base64url has several spellings of the same bytes; only the canonical one is a signature of ours.
  if (given.length !== 32 || given.toString('base64url') !== signature) return false
  return keys.map((key) => timingSafeEqual(sign(key, text), given)).includes(true)
}

interface Sealed {
  readonly keyId: string
  readonly nonce: Buffer
  readonly body: Buffer
}

function parseSealed(sealed: string): Sealed | null {
  const [mark, keyId, nonce, body, more] = sealed.split('.')
  if (mark !== version || !keyId || !nonce || !body || more !== undefined) return null
  const parsed = { keyId, nonce: Buffer.from(nonce, 'base64url'), body: Buffer.from(body, 'base64url') }
  return parsed.nonce.length === 12 && parsed.body.length >= 16 ? parsed : null
}

const bound = (keyId: string, context: string): Buffer => Buffer.from(`${version}.${keyId}.${context}`, 'utf8')

function seal(keyId: string, key: Buffer, plain: string, context: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  cipher.setAAD(bound(keyId, context))
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return [version, keyId, nonce.toString('base64url'), body.toString('base64url')].join('.')
}

function decrypt(sealed: Sealed, key: Buffer, context: string): string | null {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.nonce, { authTagLength: 16 })
  decipher.setAAD(bound(sealed.keyId, context))
  decipher.setAuthTag(sealed.body.subarray(-16))
  try {
    return Buffer.concat([decipher.update(sealed.body.subarray(0, -16)), decipher.final()]).toString('utf8')
  } catch {
    // GCM says no more than "not authentic"; the caller turns it into the refusal.
    return null
  }
}
