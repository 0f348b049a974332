// What the contracts are handed: the platform's services and the domain's ports, made once in services.ts.
import type { Messenger } from '../domain/booking/index.ts'
import type { CallUrls, Telephony } from '../domain/calls/index.ts'
import type { Understanding } from '../domain/conversation/index.ts'
import type { MalwareScanner } from '../domain/files/index.ts'
import type { Ears, Transcriber } from '../domain/reception/index.ts'
import type { Standing } from '../domain/tenancy/index.ts'
import type { Audit } from '../platform/audit/index.ts'
import type { ApiKeys, Lockout, OauthClients, Passwords, RefreshTokens, Revocations, SigningKeys, Tokens } from '../platform/auth/index.ts'
import type { BlobStore } from '../platform/blobs/index.ts'
import type { Caches } from '../platform/cache/index.ts'
import type { Settings } from '../platform/config/index.ts'
import type { Database } from '../platform/db/index.ts'
import type { Bus, EventFeed } from '../platform/events/index.ts'
import type { Guards } from '../platform/resilience/index.ts'
import type { Vault } from '../platform/secrets/index.ts'
import type { Log, OpenSession } from '../platform/session/index.ts'
import type { Metrics } from '../platform/telemetry/index.ts'
import type { Clock } from '../platform/time/index.ts'

export interface House {
  readonly settings: Settings
  readonly version: string
  readonly database: Database
  readonly bus: Bus
  readonly feed: EventFeed
  readonly clock: Clock
  readonly log: Log
  readonly vault: Vault
  readonly blobs: BlobStore
  readonly audit: Audit
  readonly caches: Caches
  readonly guards: Guards
  readonly metrics: Metrics
  readonly tokens: Tokens
  readonly signingKeys: SigningKeys
  readonly revocations: Revocations
  readonly apiKeys: ApiKeys
  readonly oauthClients: OauthClients
  readonly refreshTokens: RefreshTokens
  readonly passwords: Passwords
  readonly lockout: Lockout
  readonly standing: Standing
  readonly telephony: Telephony
  readonly messenger: Messenger
  readonly callUrls: CallUrls
  readonly understanding: Understanding
  readonly transcriber: Transcriber | null
  readonly scanner: MalwareScanner | null
  readonly ears: Ears
  /** The address that callers and providers reach: known once the server listens. */
  readonly baseUrl: () => string
  /** Work outside a request: provider webhooks that found their organisation, jobs, commands. */
  readonly openSession: OpenSession
  /** Unix milliseconds at which this process began. */
  readonly startedAt: number
}
