// Bearer tokens: those of the built-in issuer, and those of issuers that the operator named. The algorithm is pinned
// (RFC 8725); a token is verified once and remembered, and asked each time whether it has ended since.
import { hash } from 'node:crypto'
import { type CryptoKey, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'
import { refuse } from '../errors/index.ts'
import { uuidv7 } from '../ids/index.ts'
import type { Clock } from '../time/index.ts'
import { type Claims, clockToleranceS, readClaims, readUnverified } from './claims.ts'
import { builtInIssuer, knownIssuer, type PublishingIssuer, publishingIssuer, type TrustedIssuer } from './issuers.ts'
import type { Principal } from './principal.ts'
import type { Revocations } from './revocations.ts'
import type { SigningKeys } from './signing-keys.ts'

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
  /** Whether the token that somebody came with is still good, for what outlasts a request. Never waits. */
  lasts(principal: Principal): boolean
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
  readonly auth0?: PublishingIssuer | undefined
}

interface Verified {
  readonly principal: Principal
  readonly claims: Claims
  readonly trusted: TrustedIssuer
  readonly kid: string | undefined
}

const longestToken = 8192

export async function openTokens(options: TokenOptions): Promise<Tokens> {
  const { issuer, audience, keys, clock } = options
  const issuers = await trustedIssuers(options)
  const verified = new LRUCache<string, Verified>({ max: 10_000 })

  async function check(token: string): Promise<Verified> {
    const { kid, issuer: claimed } = readUnverified(token)
    const trusted = issuers.find((candidate) => candidate.issuer === null || candidate.issuer === claimed)
    const key = await trusted?.key(kid)
    if (!trusted || !key) return refuse('invalid_token')
    const claims = readClaims(await verifySignature(token, key, trusted, clock.now()), trusted.builtIn, clock.now())
    return { claims, principal: toPrincipal(claims, kid, options), trusted, kid }
  }

  return {
    issuer,
    audience,
    issue: (claims, ttlS) => sign(claims, ttlS, { issuer, audience, keys, now: clock.now() }),
    async verify(token) {
      if (token.length > longestToken) refuse('invalid_token')
      const digest = hash('sha256', token, 'base64')
      let found = verified.get(digest)
      if (!found) {
        found = await check(token)
        verified.set(digest, found)
      }
      const { claims, principal, trusted, kid } = found
      const nowS = clock.now().getTime() / 1000
      if (claims.expiresAt <= nowS - clockToleranceS) refuse('token_expired')
      if (claims.notBefore > nowS + clockToleranceS || !trusted.holds(kid)) refuse('invalid_token')
      if (options.revocations.covers(principal, claims.issuedAt)) refuse('invalid_token')
      return principal
    },
    lasts(principal) {
      const { proof } = principal
      if (!proof) return true
      const trusted = issuers.find((candidate) => candidate.issuer === null || candidate.issuer === proof.issuer)
      const holds = trusted?.holds(proof.kid ?? undefined) ?? false
      return holds && proof.expiresAt > clock.now().getTime() / 1000 && !options.revocations.covers(principal, proof.issuedAt)
    },
  }
}

/** In the order in which they are asked; the built-in one first, so that nobody else speaks in its name. */
async function trustedIssuers(options: TokenOptions): Promise<TrustedIssuer[]> {
  const { keys, issuer, audience, clock, auth0, trustedKey: pem, trustedIssuer = null, trustedAudience = null } = options
  const list = [builtInIssuer(issuer, audience, keys, clock)]
  if (auth0) list.push(publishingIssuer(auth0, clock))
  if (pem) list.push(await knownIssuer({ pem, issuer: trustedIssuer, audience: trustedAudience }))
  return list
}

async function verifySignature(token: string, key: CryptoKey, trusted: TrustedIssuer, now: Date): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['RS256'],
      ...(trusted.issuer ? { issuer: trusted.issuer } : {}),
      ...(trusted.audience ? { audience: trusted.audience } : {}),
      requiredClaims: ['exp', 'iss', 'aud', 'sub'],
      clockTolerance: clockToleranceS,
      currentDate: now,
    })
    return payload
  } catch (error) {
    const expired = (error as { code?: string }).code === 'ERR_JWT_EXPIRED'
    return refuse(expired ? 'token_expired' : 'invalid_token', { cause: error })
  }
}

function toPrincipal(claims: Claims, kid: string | undefined, { permissionsOf }: TokenOptions): Principal {
  const { issuer, subject, organizationId, userId, roles, permissions, account, signIn, issuedAt, expiresAt } = claims
  return {
    kind: userId === null ? 'client' : 'user',
    subject,
    organizationId,
    userId,
    roles,
    permissions: new Set([...permissionsOf(roles), ...permissions]),
    account,
    ...(signIn === null ? {} : { signIn }),
    proof: { issuer, kid: kid ?? null, issuedAt, expiresAt },
    credential: `${issuer}|${subject}|${kid ?? ''}`,
  }
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
