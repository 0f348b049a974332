// The whole system on one page, in the order in which things come to life: settings → database → platform →
// providers → contracts → listen. Whoever starts Patchbay (commands, tests, a Lambda) goes through here.
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { contracts, type House } from './contracts/index.ts'
import { jobs } from './domain/jobs.ts'
import { permissionsOf } from './domain/people/index.ts'
import { openStanding } from './domain/tenancy/index.ts'
import { type Audit, openAudit } from './platform/audit/index.ts'
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
  systemPrincipal,
  usualAudience,
} from './platform/auth/index.ts'
import { openBlobs } from './platform/blobs/index.ts'
import { openAccord, openCaches } from './platform/cache/index.ts'
import type { Settings } from './platform/config/index.ts'
import { type Database, openDatabase } from './platform/db/index.ts'
import { openBus, openFeed } from './platform/events/index.ts'
import { buildServer, watchConnections } from './platform/http/index.ts'
import { startWorker, type Worker } from './platform/jobs/index.ts'
import { openLimiter } from './platform/limits/index.ts'
import { openGuards } from './platform/resilience/index.ts'
import { openVault } from './platform/secrets/index.ts'
import { openSession, type Session } from './platform/session/index.ts'
import {
  childLog,
  createLogger,
  type Logger,
  maskValue,
  openMetrics,
  openRequestLog,
  openTracing,
  type RequestLog,
} from './platform/telemetry/index.ts'
import { type Clock, systemClock } from './platform/time/index.ts'
import { version } from './platform/version.ts'
import { openProviders } from './providers/index.ts'

export interface HouseOptions {
  readonly settings: Settings
  readonly databaseUrl: string
  readonly clock?: Clock
  readonly log?: Logger
  /** How long requests and jobs may take to finish when the house closes. */
  readonly graceMs?: number
}

export interface RunningHouse extends House {
  readonly server: FastifyInstance
  /** Opens the door. @returns the address callers reach, with the real port when the setting was 0 */
  listen(): Promise<string>
  startJobs(): Promise<Worker>
  /** Stops accepting, finishes what runs, closes every connection: an idle one after `lingerMs`, in case its next request is on its way. */
  close(how?: { readonly lingerMs?: number }): Promise<void>
}

export async function openHouse({
  settings,
  databaseUrl,
  clock = systemClock,
  log = loggerOf(settings),
  graceMs = usualGraceMs,
}: HouseOptions): Promise<RunningHouse> {
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

  const logRequest = openRequestLog(log)
  let draining = false
  const server = await buildServer({
    clock,
    log,
    limiter,
    publicUrl: settings.publicUrl ?? null,
    nobody: { ...systemPrincipal(0, 'nobody'), permissions: new Set() },
    openSession: (principal, facts) => sessionFor(principal, facts.id, facts.address),
    draining: () => draining,
    tracing,
    contracts: contracts(house),
    trustedProxies: settings.trustedProxies,
    bodyLimit: settings.maxBodyBytes,
    bodyDeadlineMs: settings.bodyTimeoutS * 1000,
    cors: settings.cors,
    ...(settings.tls ? { tls: settings.tls } : {}),
    onAnswer: (answered) => record(metrics, logRequest, answered),
    onConnection: metrics.connection,
    maxWaitMs: settings.maxWaitMs,
    backlogMs: database.backlogMs,
    onTurnedAway: (api, method) => metrics.requestFinished({ api, method, route: 'turned away', status: 503, seconds: 0 }),
  })

  const connections = watchConnections(server.server)
  const workers: Worker[] = []
  return {
    ...house,
    server,
    async listen() {
      await server.listen({ port: settings.port, host: settings.host })
      const { port } = server.server.address() as AddressInfo
      if (!settings.publicUrl) address = `${settings.tls ? 'https' : 'http'}://${settings.host}:${port}`
      return address
    },
    async startJobs() {
      const worker = await startWorker({
        database,
        jobs: jobs(house),
        concurrency: jobConcurrency,
        log,
        clock,
        openSession: sessionFor,
        onEnd: metrics.jobEnded,
      })
      workers.push(worker)
      return worker
    },
    async close({ lingerMs = 0 } = {}) {
      draining = true
      const drained = connections.drain(lingerMs)
      feed.close() // streams end first: the server waits for whoever is still being answered
      const late = () => server.server.closeAllConnections()
      await within(graceMs + lingerMs, drained, late)
      await within(graceMs, server.close(), late)
      await within(graceMs, Promise.all(workers.map((worker) => worker.stop(graceMs * 0.8))), () =>
        log.warn({}, 'jobs were still running; they run again'),
      )
      if (workers.length > 0) await within(graceMs, lastCheckpoint(audit, log), () => log.warn({}, 'no last checkpoint of the audit log'))
      await guards.close()
      await Promise.all([caches.close(), limiter.close(), blobs.close(), bus.close()])
      await database.close()
      await tracing?.close()
    },
  }
}

/** Archiving and recordings can wait a little; a listing page cannot wait long. */
const s3Policy = { timeoutMs: 10_000, retries: 2, breaker: { failures: 5, halfOpenAfterMs: 15_000 } }
/** Known keys go on without it, so nobody waits long for an unknown one. */
const keySetPolicy = { timeoutMs: 3_000, retries: 0, breaker: { failures: 5, halfOpenAfterMs: 15_000 } }
/** It only watches: every request finds out by itself whether PostgreSQL is back. */
const databasePolicy = { failures: 5, halfOpenAfterMs: 1_000 }
/** G9: what runs may finish, but not for ever. */
const usualGraceMs = 30_000

/** Waits for `work`, but no longer than `ms`: then `late` is called and nobody waits any more. */
async function within(ms: number, work: Promise<unknown>, late: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      late()
      resolve()
    }, ms)
  })
  await Promise.race([work, deadline])
  clearTimeout(timer)
}

/** What was written since the last one; the next process to run jobs makes it where this one cannot. */
const lastCheckpoint = (audit: Audit, log: Logger): Promise<unknown> =>
  audit.checkpoint().catch((error: unknown) => log.warn({ err: error }, 'no last checkpoint of the audit log'))

/** Jobs at once in one process: they wait for others far more than they compute. */
const jobConcurrency = 8

const loggerOf = (settings: Settings): Logger => createLogger({ level: settings.log.level, pretty: process.stdout.isTTY })

/** The issuer's name is settled by the first start: tokens stay good when the port changes. */
async function issuerOf(database: Database, settings: Settings): Promise<string> {
  const wanted = `http://${settings.host}:${settings.port || 8080}`
  const [row] = (await database.read(null, settleFact, { name: 'issuer', value: JSON.stringify(wanted) })) as { value: string }[]
  return row?.value ?? wanted
}

type Answered = Parameters<Parameters<typeof buildServer>[0]['onAnswer']>[0]
function record(metrics: ReturnType<typeof openMetrics>, logRequest: RequestLog, answered: Answered): void {
  const { contract, method, route, status, ms } = answered
  metrics.requestFinished({ api: contract, method, route, status, seconds: ms / 1000 })
  logRequest(answered)
}
