// Everything that works behind the doors, in the order in which things come to life: settings → database → platform →
// providers. A command needs no more than this; main.ts adds the doors.
import type { House } from './contracts/house.ts'
import { openCachedFamilies } from './domain/cached.ts'
import { permissionsOf } from './domain/people/index.ts'
import { openStanding } from './domain/tenancy/index.ts'
import { openAudit } from './platform/audit/index.ts'
import {
  openApiKeys,
  openLockout,
  openOauthClients,
  openPasswords,
  openRefreshTokens,
  openRevocations,
  openSigningKeys,
  openTokens,
  type Principal,
  settleFact,
  usualAudience,
} from './platform/auth/index.ts'
import { openBlobs } from './platform/blobs/index.ts'
import { openAccord, openCaches } from './platform/cache/index.ts'
import type { Settings } from './platform/config/index.ts'
import { type Database, openDatabase } from './platform/db/index.ts'
import { openBus, openFeed } from './platform/events/index.ts'
import { type Limiter, openLimiter } from './platform/limits/index.ts'
import { openGuards } from './platform/resilience/index.ts'
import { openVault } from './platform/secrets/index.ts'
import { openSession, type Session } from './platform/session/index.ts'
import { childLog, createLogger, type Logger, maskValue, openMetrics, openTracing, type Tracing } from './platform/telemetry/index.ts'
import { type Clock, systemClock } from './platform/time/index.ts'
import { version } from './platform/version.ts'
import { openProviders } from './providers/index.ts'

export interface ServicesOptions {
  readonly settings: Settings
  readonly databaseUrl: string
  readonly clock?: Clock
  readonly log?: Logger
}

export interface Services {
  readonly house: House
  readonly limiter: Limiter
  readonly tracing: Tracing
  readonly log: Logger
  /** As the house's, and for a request: with its address. */
  readonly openSession: (principal: Principal, requestId?: string | null, address?: string | null) => Session
  /** Says at which address callers reach this installation, once that is known. */
  reachedAt(address: string): void
  /** The last thing to do: nothing of this may be in use any more. */
  close(): Promise<void>
}

export async function openServices({
  settings,
  databaseUrl,
  clock = systemClock,
  log = loggerOf(settings),
}: ServicesOptions): Promise<Services> {
  const metrics = openMetrics({ processFigures: true })
  const tracing = await openTracing(settings.telemetry)
  let databaseSaw = (_answered: boolean): void => {}
  const database = openDatabase({
    url: databaseUrl,
    lanes: settings.database.lanes,
    writers: settings.database.writers,
    onError: (error) => log.warn({ err: error }, 'lost PostgreSQL; what needs it is answered 503 until it is back'),
    onBack: (ms) => log.warn({ ms: Math.round(ms) }, 'PostgreSQL is back'),
    onStatement: (name, lost) => {
      metrics.databaseQuery(name)
      databaseSaw(!lost)
    },
  })
  const bus = await openBus(database, log)
  const feed = openFeed({ database, bus, log })
  const vault = openVault({ key: settings.secretKey, previous: settings.secretKeyPrevious })
  const guards = openGuards({ bus, clock, log, metrics, database })
  databaseSaw = guards.watch('database', databasePolicy)
  const accord = openAccord({ database, log })
  const caches = openCaches({ redis: settings.redis, memcached: settings.memcached, accord, clock, log, sign: vault.signer('cache') })
  openCachedFamilies(caches)
  const limiter = openLimiter({ redis: settings.redis, clock, log })
  let address = settings.publicUrl ?? ''
  const baseUrl = () => address
  const blobs = openBlobs({ settings, vault, clock, baseUrl, guard: guards.guard('s3', s3Policy) })
  const audit = openAudit({ database, vault, blobs, clock, log })

  const signingKeys = await openSigningKeys(database, vault, clock, { bus, log })
  const revocations = await openRevocations(database, bus, clock, log)
  const apiKeys = openApiKeys(database, bus, clock)
  const lockout = openLockout(database, clock)
  const oauthClients = openOauthClients(database, lockout, revocations)
  const refreshTokens = openRefreshTokens(database, revocations, clock)
  const passwords = openPasswords()
  const tokens = await openTokens({
    issuer: settings.publicUrl ?? (await issuerOf(database, settings)),
    audience: settings.jwt.audience ?? usualAudience,
    keys: signingKeys,
    revocations,
    clock,
    permissionsOf,
    trustedKey: settings.jwt.publicKey,
    trustedIssuer: settings.jwt.issuer,
    trustedAudience: settings.jwt.publicKey ? settings.jwt.audience : undefined,
    auth0: settings.auth0 && { ...settings.auth0, guard: guards.guard('auth0', keySetPolicy), log },
  })

  const sessionFor = (principal: Principal, requestId: string | null = null, address: string | null = null): Session =>
    openSession({ database, clock, log: requestId ? childLog(log, { requestId }) : log, principal, requestId, address, mask: maskValue })
  const providers = openProviders({ settings, guards, log, baseUrl })
  const house: House = {
    settings,
    version,
    database,
    bus,
    feed,
    clock,
    log,
    vault,
    blobs,
    audit,
    caches,
    guards,
    metrics,
    tokens,
    signingKeys,
    revocations,
    apiKeys,
    oauthClients,
    refreshTokens,
    passwords,
    lockout,
    standing: openStanding(database, bus),
    baseUrl,
    openSession: sessionFor,
    startedAt: clock.now().getTime(),
    ...providers,
  }

  return {
    house,
    limiter,
    tracing,
    log,
    openSession: sessionFor,
    reachedAt(reached) {
      address = reached
    },
    async close() {
      await guards.close()
      await Promise.all([caches.close(), limiter.close(), blobs.close(), bus.close()])
      await database.close()
      await tracing?.close()
    },
  }
}

/** Repeated requests included, which the SDK makes by itself. */
const s3Policy = { timeoutMs: 10_000, retries: 0, breaker: { failures: 5, halfOpenAfterMs: 15_000 } }
/** Known keys go on without it, so nobody waits long for an unknown one. */
const keySetPolicy = { timeoutMs: 3_000, retries: 0, breaker: { failures: 5, halfOpenAfterMs: 15_000 } }
/** It only watches: every request finds out by itself whether PostgreSQL is back. */
const databasePolicy = { failures: 5, halfOpenAfterMs: 1_000 }

const loggerOf = (settings: Settings): Logger => createLogger({ level: settings.log.level, pretty: process.stdout.isTTY })

/** The issuer's name is settled by the first start: tokens stay good when the port changes. */
async function issuerOf(database: Database, settings: Settings): Promise<string> {
  const wanted = `http://${settings.host}:${settings.port || 8080}`
  const [row] = (await database.read(null, settleFact, { name: 'issuer', value: JSON.stringify(wanted) })) as { value: string }[]
  return row?.value ?? wanted
}
