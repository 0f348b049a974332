// Bearer tokens: those of the built-in issuer, and those of issuers that the operator named (a PEM key or
// certificate, an Auth0 tenant's key set). The algorithm is pinned per issuer (RFC 8725); nothing in a token's
// header can choose a key that we did not already trust.
import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { type CryptoKey, createRemoteJWKSet, importSPKI, type JWTPayload, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'
import { refuse } from '../errors/index.ts'
import { uuidv7 } from '../ids/index.ts'
import type { Clock } from '../time/index.ts'
import type { Principal } from './principal.ts'
import type { Revocations } from './revocations.ts'
import { longestTokenS, type SigningKeys } from './signing-keys.ts'
import { hasRepeatedKey } from './strict-json.ts'

/** What tokens of the built-in issuer are for, unless the operator names it. */
export const usualAudience = 'https://sapien.natterbox.com'

export interface TokenClaims {
  readonly subject: string
  readonly organizationId: number
  readonly roles: readonly string[]
  readonly permissions?: readonly string[]
  readonly account?: string
  /** Overrides any claim (`patchbay token --claims`). */
  readonly extra?: Readonly<Record<string, unknown>>
}

export interface Tokens {
  readonly issuer: string
  readonly audience: string
  issue(claims: TokenClaims, ttlS: number): Promise<string>
  /** @throws invalid_token, token_expired */
  verify(token: string): Promise<Principal>
}

export interface TokenOptions {
  readonly issuer: string
  readonly audience: string
  readonly keys: SigningKeys
  readonly revocations: Revocations
  readonly clock: Clock
  readonly permissionsOf: (roles: readonly string[]) => readonly string[]
  /** A PEM public key or X.509 certificate whose tokens are accepted (`JWT_PUBLIC_KEY`). */
  readonly trustedKey?: string | undefined
  readonly trustedIssuer?: string | undefined
  readonly trustedAudience?: string | undefined
  /** `baseUrl`: where its key set is, when that is not the domain itself (a proxy, a test). */
  readonly auth0?: { readonly domain: string; readonly audience: string; readonly baseUrl?: string | undefined } | undefined
}

interface Verified {
  readonly principal: Principal
  /** Seconds since 1970, to the millisecond where the token says it. */
  readonly issuedAt: number
  readonly notBefore: number
  readonly expiresAt: number
}

const longestToken = 8192
const clockToleranceS = 5

export async function openTokens(options: TokenOptions): Promise<Tokens> {
  const { issuer, audience, keys, clock } = options
  const issuers = await trustedIssuers(options)
  const verified = new LRUCache<string, Verified>({ max: 10_000 })

  async function check(token: string): Promise<Verified> {
    const { header, issuer: claimedIssuer } = readUnverified(token)
    const trusted = issuers.find((candidate) => candidate.issuer === null || candidate.issuer === claimedIssuer)
    if (!trusted) return refuse('invalid_token')
    const payload = await verifySignature(token, trusted, clock.now())
    if (trusted.builtIn && lifetimeS(payload, clock.now()) > longestTokenS) refuse('invalid_token')
    return toVerified(payload, String(header.kid ?? ''), options)
  }

  return {
    issuer,
    audience,
    issue: (claims, ttlS) => sign(claims, ttlS, { issuer, audience, keys, now: clock.now() }),
    async verify(token) {
      if (token.length > longestToken) refuse('invalid_token')
      const digest = createHash('sha256').update(token).digest('base64')
      let found = verified.get(digest)
      if (!found) {
        found = await check(token)
        verified.set(digest, found)
      }
      const nowS = clock.now().getTime() / 1000
      if (found.expiresAt <= nowS - clockToleranceS) refuse('token_expired')
      if (found.notBefore > nowS + clockToleranceS) refuse('invalid_token')
      if (options.revocations.covers(found.principal, found.issuedAt)) refuse('invalid_token')
      return found.principal
    },
  }
}

interface TrustedIssuer {
  readonly issuer: string | null
  readonly audience: string | null
  readonly builtIn: boolean
  readonly key: JWTVerifyGetKey
}

async function trustedIssuers(options: TokenOptions): Promise<TrustedIssuer[]> {
  const { keys, issuer, audience } = options
  const builtIn: TrustedIssuer = { issuer, audience, builtIn: true, key: async ({ kid }) => findKey(keys, kid) }
  const list = [builtIn]
  if (options.auth0) {
    const base = options.auth0.baseUrl ?? `https://${options.auth0.domain}/`
    const jwks = createRemoteJWKSet(new URL('.well-known/jwks.json', base), {
      timeoutDuration: 3000,
      cooldownDuration: 30_000,
      cacheMaxAge: 600_000,
    })
    list.push({ issuer: `https://${options.auth0.domain}/`, audience: options.auth0.audience, builtIn: false, key: jwks })
  }
  if (options.trustedKey) {
    const key = await readPublicKey(options.trustedKey)
    list.push({ issuer: options.trustedIssuer ?? null, audience: options.trustedAudience ?? null, builtIn: false, key: async () => key })
  }
  return list
}

/** One look at the database for a key that another process may just have made; never more than one at a time. */
let refreshing: Promise<void> | null = null
let lastRefresh = 0
async function findKey(keys: SigningKeys, kid: string | undefined): Promise<CryptoKey> {
  if (!kid) return refuse('invalid_token')
  const known = keys.find(kid)
  if (known) return known
  const now = performance.now()
  if (!refreshing && now - lastRefresh > 1000) {
    lastRefresh = now
    refreshing = keys.refresh().finally(() => {
      refreshing = null
    })
  }
  if (refreshing) await refreshing
  return keys.find(kid) ?? refuse('invalid_token')
}

/** PEM of a public key, or of a certificate around one. */
async function readPublicKey(pem: string): Promise<CryptoKey> {
  const text = pem.replaceAll('\\n', '\n')
  const key = text.includes('BEGIN CERTIFICATE') ? new X509Certificate(text).publicKey : createPublicKey(text)
  return importSPKI(String(key.export({ format: 'pem', type: 'spki' })), 'RS256')
}

/** What a token says of itself, before anything of it is believed. */
function readUnverified(token: string): { header: Record<string, unknown>; issuer: unknown } {
  const parts = token.split('.')
  if (parts.length !== 3 || !parts.every(isCanonical)) refuse('invalid_token')
  const [header, payload] = parts.slice(0, 2).map(readObject)
  const { typ: type, kid } = header ?? {}
  if (type !== undefined && !(typeof type === 'string' && /^(?:JWT|at\+jwt)$/i.test(type))) refuse('invalid_token')
  if (kid !== undefined && typeof kid !== 'string') refuse('invalid_token')
  if (!header || 'crit' in header || 'b64' in header) return refuse('invalid_token')
  return { header, issuer: payload?.iss }
}

/** One spelling a token: no padding, no bits that decoding drops. */
const isCanonical = (part: string): boolean => part.length > 0 && Buffer.from(part, 'base64url').toString('base64url') === part

function readObject(part: string): Record<string, unknown> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url'))
    const value: unknown = JSON.parse(text)
    if (value === null || typeof value !== 'object' || Array.isArray(value) || hasRepeatedKey(text)) refuse('invalid_token')
    return value as Record<string, unknown>
  } catch (error) {
    return refuse('invalid_token', { cause: error })
  }
}

/** Counted from now for a token that names no beginning, or one to come. */
const lifetimeS = ({ exp = 0, iat }: JWTPayload, now: Date): number =>
  exp - Math.min(iat ?? Number.POSITIVE_INFINITY, Math.ceil(now.getTime() / 1000))

async function verifySignature(token: string, trusted: TrustedIssuer, now: Date): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, trusted.key, {
      algorithms: ['RS256'],
      ...(trusted.issuer ? { issuer: trusted.issuer } : {}),
      ...(trusted.audience ? { audience: trusted.audience } : {}),
      requiredClaims: ['exp', 'iss', 'aud', 'sub'],
      clockTolerance: clockToleranceS,
      currentDate: now,
    })
    if (typeof payload.sub !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(payload.sub)) refuse('invalid_token')
    return payload
  } catch (error) {
    const expired = (error as { code?: string }).code === 'ERR_JWT_EXPIRED'
    return refuse(expired ? 'token_expired' : 'invalid_token', { cause: error })
  }
}

function toVerified(payload: JWTPayload, kid: string, { permissionsOf }: TokenOptions): Verified {
  const subject = payload.sub ?? ''
  const roles = strings(payload.roles)
  const organizationId = organizationOf(payload)
  const userId = /^user:(\d+)$/.exec(subject)?.[1]
  const principal: Principal = {
    kind: userId ? 'user' : 'client',
    subject,
    organizationId,
    userId: userId ? Number(userId) : null,
    roles,
    permissions: new Set([...permissionsOf(roles), ...strings(payload.permissions)]),
    account: typeof payload.acct === 'string' ? payload.acct : null,
    ...(typeof payload.sid === 'string' ? { signIn: payload.sid } : {}),
    credential: `${String(payload.iss)}|${subject}|${kid}`,
  }
  return { principal, issuedAt: issuedAtOf(payload), notBefore: payload.nbf ?? 0, expiresAt: payload.exp ?? 0 }
}

/** `iat` has whole seconds; our own ids (UUIDv7) carry the millisecond, which tells a token from before a revocation from one after. */
function issuedAtOf({ iat = 0, jti }: JWTPayload): number {
  const ms = /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(jti ?? '') ? Number.parseInt((jti ?? '').replace('-', '').slice(0, 12), 16) : 0
  return Math.floor(ms / 1000) === iat ? ms / 1000 : iat
}

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [])

/** `organization_id: 100`, or the prefixed forms of the other contracts. Without one the token sees no tenant. */
function organizationOf(payload: JWTPayload): number {
  for (const name of ['organization_id', 'org_id', 'client_id', 'tenant_id']) {
    const found = /^(?:(?:org|client|tenant)-)?(\d{1,15})$/.exec(String(payload[name] ?? ''))
    if (found) return Number(found[1])
  }
  return 0
}

interface SignContext {
  readonly issuer: string
  readonly audience: string
  readonly keys: SigningKeys
  readonly now: Date
}
function sign(claims: TokenClaims, ttlS: number, { issuer, audience, keys, now }: SignContext): Promise<string> {
  const { kid, key } = keys.current()
  const iat = Math.floor(now.getTime() / 1000)
  const payload = {
    iss: issuer,
    sub: claims.subject,
    aud: audience,
    iat,
    exp: iat + ttlS,
    jti: uuidv7(now),
    organization_id: claims.organizationId,
    client_id: `client-${claims.organizationId}`,
    tenant_id: `tenant-${claims.organizationId}`,
    roles: claims.roles,
    ...(claims.permissions ? { permissions: claims.permissions } : {}),
    ...(claims.account ? { acct: claims.account } : {}),
    ...claims.extra,
  }
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid }).sign(key)
}
