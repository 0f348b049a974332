// Whose tokens are taken, and with which key each is verified. The operator names them; nothing in a token's header can
// choose a key that was not trusted before.
import { createPublicKey, X509Certificate } from 'node:crypto'
import { type CryptoKey, importSPKI } from 'jose'
import type { Guard } from '../resilience/index.ts'
import type { Log } from '../session/index.ts'
import type { Clock } from '../time/index.ts'
import { fetchKeySet, openKeySet } from './key-set.ts'
import { rarely } from './rarely.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface TrustedIssuer {
  /** Null for any: it then comes last. */
  readonly issuer: string | null
  readonly audience: string | null
  readonly builtIn: boolean
  /** Null when it has no such key. */
  key(kid: string | undefined): Promise<CryptoKey | null>
  /** Whether the key of a token that was verified before is still trusted. Never waits. */
  holds(kid: string | undefined): boolean
}

export interface PublishingIssuer {
  readonly domain: string
  readonly audience: string
  /** Where its key set is, when that is not the domain itself (a proxy, a test). */
  readonly baseUrl?: string | undefined
  readonly guard: Guard
  readonly log: Pick<Log, 'warn'>
}

/** Another process's new key is told over the bus; this look is for those who missed that. */
const ownCooldownMs = 1000

export function builtInIssuer(issuer: string, audience: string, keys: SigningKeys, clock: Clock): TrustedIssuer {
  const refresh = rarely(() => keys.refresh(), ownCooldownMs, clock)
  return {
    issuer,
    audience,
    builtIn: true,
    async key(kid) {
      if (!kid) return null
      const known = keys.find(kid)
      if (known) return known
      await refresh()
      return keys.find(kid)
    },
    holds: (kid) => kid !== undefined && keys.find(kid) !== null,
  }
}

/** An issuer of a published key set (Auth0). */
export function publishingIssuer({ domain, audience, baseUrl, guard, log }: PublishingIssuer, clock: Clock): TrustedIssuer {
  const issuer = `https://${domain}/`
  const url = new URL('.well-known/jwks.json', baseUrl ?? issuer)
  const keySet = openKeySet({ load: () => guard.call((signal) => fetchKeySet(url, signal)), clock, log })
  return {
    issuer,
    audience,
    builtIn: false,
    key: async (kid) => (kid ? keySet.find(kid) : null),
    holds: (kid) => kid !== undefined && keySet.holds(kid),
  }
}

export interface KnownIssuer {
  /** A PEM public key, or an X.509 certificate around one. */
  readonly pem: string
  readonly issuer: string | null
  readonly audience: string | null
}

/** An issuer whose one key the operator has. @throws when that is no RSA key of at least 2048 bits */
export async function knownIssuer({ pem, issuer, audience }: KnownIssuer): Promise<TrustedIssuer> {
  const key = await readPublicKey(pem)
  return { issuer, audience, builtIn: false, key: async () => key, holds: () => true }
}

async function readPublicKey(pem: string): Promise<CryptoKey> {
  const text = pem.replaceAll('\\n', '\n')
  const key = text.includes('BEGIN CERTIFICATE') ? new X509Certificate(text).publicKey : createPublicKey(text)
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048)
    throw new Error('JWT_PUBLIC_KEY must be an RSA key of at least 2048 bits.')
  return importSPKI(String(key.export({ format: 'pem', type: 'spki' })), 'RS256')
}
