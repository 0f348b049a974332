// The doors of the house and what is done behind them: services (services.ts) → contracts → listen, and the jobs. Whoever
// serves requests or runs jobs (`up`, `serve`, `work`, tests) goes through here; a command that does neither needs services alone.
import type { FastifyInstance } from 'fastify'
import { contracts, type House } from './contracts/index.ts'
import { jobs } from './domain/jobs.ts'
import type { Audit } from './platform/audit/index.ts'
import { systemPrincipal } from './platform/auth/index.ts'
import { buildServer, openEntrance } from './platform/http/index.ts'
import { startWorker, type Worker } from './platform/jobs/index.ts'
import { type Logger, type Metrics, openRequestLog, type RequestLog } from './platform/telemetry/index.ts'
import { openServices, type ServicesOptions } from './services.ts'

export interface HouseOptions extends ServicesOptions {
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

export async function openHouse({ graceMs = usualGraceMs, ...options }: HouseOptions): Promise<RunningHouse> {
  const services = await openServices(options)
  const { house, limiter, tracing, log, openSession } = services
  const { settings, clock, metrics, database, feed, audit } = house

  const logRequest = openRequestLog(log)
  let draining = false
  const server = await buildServer({
    clock,
    log,
    limiter,
    publicUrl: settings.publicUrl ?? null,
    nobody: { ...systemPrincipal(0, 'nobody'), permissions: new Set() },
    openSession: (principal, facts) => openSession(principal, facts.id, facts.address),
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

  const entrance = openEntrance({ server: server.server, listen: (where) => server.listen(where) })
  const workers: Worker[] = []
  return {
    ...house,
    server,
    async listen() {
      const port = await entrance.open(settings)
      if (!settings.publicUrl) services.reachedAt(`${settings.tls ? 'https' : 'http'}://${settings.host}:${port}`)
      return house.baseUrl()
    },
    async startJobs() {
      const worker = await startWorker({
        database,
        jobs: jobs(house),
        concurrency: jobConcurrency,
        log,
        clock,
        openSession,
        onEnd: metrics.jobEnded,
      })
      workers.push(worker)
      return worker
    },
    async close({ lingerMs = 0 } = {}) {
      draining = true
      const drained = entrance.drain(lingerMs)
      feed.close() // streams end first: the server waits for whoever is still being answered
      const late = () => server.server.closeAllConnections()
      await within(graceMs + lingerMs, drained, late)
      await within(graceMs, server.close(), late)
      await within(graceMs, Promise.all(workers.map((worker) => worker.stop(graceMs * 0.8))), () =>
        log.warn({}, 'jobs were still running; they run again'),
      )
      if (workers.length > 0) await within(graceMs, lastCheckpoint(audit, log), () => log.warn({}, 'no last checkpoint of the audit log'))
      await services.close()
    },
  }
}

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

type Answered = Parameters<Parameters<typeof buildServer>[0]['onAnswer']>[0]
function record(metrics: Metrics, logRequest: RequestLog, answered: Answered): void {
  const { contract, method, route, status, ms } = answered
  metrics.requestFinished({ api: contract, method, route, status, seconds: ms / 1000 })
  logRequest(answered)
}
