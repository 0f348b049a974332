// What a token says: read strictly, once. Refuses every spelling that another reader could take for something else, so
// that no claim means one thing to whoever signed it and another to us.
import type { JWTPayload } from 'jose'
import { refuse } from '../errors/index.ts'
import { longestTokenS } from './signing-keys.ts'
import { hasRepeatedKey } from './strict-json.ts'

export const clockToleranceS = 5
/** Nobody issues for longer than this; what says so counts in other units (milliseconds), or never wants to end. */
const longestForeignTokenS = 366 * 24 * 3600

/** What a token says of itself, before anything of it is believed. @throws invalid_token */
export function readUnverified(token: string): { kid: string | undefined; issuer: unknown } {
  const parts = token.split('.')
  if (parts.length !== 3 || !parts.every(isCanonical)) refuse('invalid_token')
  const [header, payload] = parts.slice(0, 2).map(readObject)
  if (!header || !payload) return refuse('invalid_token')
  const { typ: type, kid } = header
  if (type !== undefined && !(typeof type === 'string' && /^(?:application\/)?(?:JWT|at\+jwt)$/i.test(type))) refuse('invalid_token')
  if (kid !== undefined && typeof kid !== 'string') return refuse('invalid_token')
  // Extensions that change what is signed or what the payload is (RFC 7515, 4.1.10 and 4.1.11; RFC 7797; RFC 7516, 4.1.3).
  if (['crit', 'b64', 'cty', 'zip', 'enc'].some((name) => name in header)) refuse('invalid_token')
  return { kid, issuer: payload.iss }
}

/** One spelling a token: no padding, no bits that decoding drops. */
const isCanonical = (part: string): boolean => part.length > 0 && Buffer.from(part, 'base64url').toString('base64url') === part

function readObject(part: string): Record<string, unknown> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'))
    const value: unknown = JSON.parse(text)
    if (value === null || typeof value !== 'object' || Array.isArray(value) || hasRepeatedKey(text)) refuse('invalid_token')
    return value as Record<string, unknown>
  } catch (error) {
    return refuse('invalid_token', { cause: error })
  }
}

export interface Claims {
  readonly issuer: string
  readonly subject: string
  readonly organizationId: number
  /** Where the subject is one of our users. */
  readonly userId: number | null
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  readonly account: string | null
  readonly signIn: string | null
  /** Seconds since 1970, to the millisecond where the token says it. */
  readonly issuedAt: number
  readonly notBefore: number
  readonly expiresAt: number
}

/** Of a payload whose signature, issuer and audience are right. @throws invalid_token */
export function readClaims(payload: JWTPayload, builtIn: boolean, now: Date): Claims {
  const { iss: issuer, sub: subject } = payload
  if (typeof issuer !== 'string' || typeof subject !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(subject)) return refuse('invalid_token')
  const userId = userOf(subject)
  checkTimes(payload, builtIn || userId !== null ? longestTokenS : longestForeignTokenS, now)
  return {
    issuer,
    subject,
    organizationId: organizationOf(payload),
    userId,
    roles: stringsOf(payload.roles),
    permissions: stringsOf(payload.permissions),
    account: textOf(payload.acct),
    signIn: textOf(payload.sid),
    issuedAt: issuedAtOf(payload),
    notBefore: payload.nbf ?? 0,
    expiresAt: payload.exp ?? 0,
  }
}

/** `user:007` is no other name of `user:7`: what ends the one would not end the other. */
function userOf(subject: string): number | null {
  if (!/^user:/i.test(subject)) return null
  const id = /^user:([1-9]\d{0,14})$/.exec(subject)?.[1]
  return id === undefined ? refuse('invalid_token') : Number(id)
}

/** Counted from now for a token that names no beginning. One from the future would outlive what ends those of today. */
function checkTimes({ exp = 0, iat }: JWTPayload, longestS: number, now: Date): void {
  const nowS = Math.ceil(now.getTime() / 1000)
  if (iat !== undefined && !(iat >= 0 && iat <= nowS + clockToleranceS)) refuse('invalid_token')
  if (exp - Math.min(iat ?? nowS, nowS) > longestS) refuse('invalid_token')
}

/** `iat` has whole seconds; our own ids (UUIDv7) carry the millisecond, which tells a token from before a revocation from one after. */
function issuedAtOf({ iat = 0, jti }: JWTPayload): number {
  const id = typeof jti === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(jti) ? jti : ''
  const ms = id ? Number.parseInt(id.replace('-', '').slice(0, 12), 16) : 0
  return Math.floor(ms / 1000) === iat ? ms / 1000 : iat
}

/** Absent is none; anything but a list of words might be more to another reader. */
function stringsOf(value: unknown): readonly string[] {
  if (value === undefined) return []
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string')) return refuse('invalid_token')
  return value
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : refuse('invalid_token')
}

/**
 * `organization_id: 100`, or the prefixed forms of the other contracts; 0 without any: such a token sees no tenant.
 * `client_id` and `org_id` have other meanings too (RFC 9068, 2.2; Auth0), so what has another form there is not ours.
 */
function organizationOf(payload: JWTPayload): number {
  const named = [
    organizationNumber(payload.organization_id),
    prefixed(/^(?:org-)?([1-9]\d{0,14})$/, payload.org_id),
    prefixed(/^client-([1-9]\d{0,14})$/, payload.client_id),
    prefixed(/^tenant-([1-9]\d{0,14})$/, payload.tenant_id),
  ].filter((id) => id !== null)
  if (new Set(named).size > 1) refuse('invalid_token')
  return named[0] ?? 0
}

function organizationNumber(value: unknown): number | null {
  if (value === undefined) return null
  if (typeof value !== 'number' && typeof value !== 'string') return refuse('invalid_token')
  const id = /^(?:org-)?([1-9]\d{0,14})$/.exec(String(value))?.[1]
  return id === undefined ? refuse('invalid_token') : Number(id)
}

function prefixed(form: RegExp, value: unknown): number | null {
  const id = typeof value === 'string' ? form.exec(value)?.[1] : undefined
  return id === undefined ? null : Number(id)
}
