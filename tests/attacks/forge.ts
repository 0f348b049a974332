// What an attacker has at hand, and what only we have: both are needed to make tokens that are wrong in one thing alone.
import { createHmac, generateKeyPairSync, type KeyObject, type SignKeyObjectInput, sign } from 'node:crypto'

export type Json = object | string

export interface Forge {
  /** The built-in issuer's name, audience and key. */
  readonly issuer: string
  readonly audience: string
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** A key of the built-in issuer that was revoked. */
  readonly revoked: { readonly kid: string; readonly privateKey: KeyObject }
  /** An issuer of a published key set, and one whose certificate is known. */
  readonly publishing: { readonly issuer: string; readonly audience: string; readonly kid: string; readonly privateKey: KeyObject }
  readonly partner: { readonly issuer: string; readonly certificate: string; readonly privateKey: KeyObject }
  /** Nobody's. */
  readonly stranger: KeyObject
  /** A listening server of the attacker's, with a key set, that nobody may ever ask. */
  readonly trap: string
  readonly organizations: { readonly suspended: number; readonly missing: number; readonly other: number }
  /** Credentials of other kinds, each good at its own door. */
  readonly others: Readonly<Record<'refreshToken' | 'apiKey' | 'feedToken' | 'ticket' | 'clientSecret', string>>
  /** Seconds since 1970. */
  readonly now: number
  /** Claims and header of a token that is good. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly header: Readonly<Record<string, unknown>>
}

export const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))
export const encode = (value: Json | Buffer): string => (Buffer.isBuffer(value) ? value : Buffer.from(textOf(value))).toString('base64url')

/** A true RS256 signature over exactly these texts; another hash (null: the key's own) or padding where `how` says so. */
export function signed(
  header: Json,
  payload: Json | Buffer,
  key: KeyObject,
  how: { hash?: string | null } & Partial<SignKeyObjectInput> = {},
): string {
  const input = `${encode(header)}.${encode(payload)}`
  const { hash = 'sha256', ...padding } = how
  return `${input}.${sign(hash, Buffer.from(input), { key, ...padding }).toString('base64url')}`
}

export function hmac(header: Json, payload: Json, secret: string | Buffer, hash = 'sha256'): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`
}

/** The good token with its claims or header changed; undefined takes one out. */
export const claiming = (forge: Forge, change: object, key = forge.privateKey): string =>
  signed(forge.header, without({ ...forge.claims, ...change }), key)
export const headed = (forge: Forge, change: object, key = forge.privateKey): string =>
  signed(without({ ...forge.header, ...change }), forge.claims, key)
export const good = (forge: Forge): string => signed(forge.header, forge.claims, forge.privateKey)

const without = (value: object): object => JSON.parse(JSON.stringify(value)) as object

export const rsaKey = (modulusLength = 2048): KeyObject => generateKeyPairSync('rsa', { modulusLength }).privateKey
