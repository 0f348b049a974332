// Runs jobs from the queue in PostgreSQL. A job is at-least-once: its effect must carry a key that is unique in the
// database. A worker reports that it is alive; the jobs of one that stopped reporting are freed within 30 s.
import { EventEmitter } from 'node:events'
import { type JobHelpers, Logger, parseCronItems, type Runner, run, type TaskList } from 'graphile-worker'
import pg from 'pg'
import { systemPrincipal } from '../auth/principal.ts'
import { type Database, watchPool } from '../db/index.ts'
import type { Log, Session } from '../session/index.ts'
import { freeDeadWorkers, reportWorkers } from './jobs.sql.ts'

export interface JobFacts {
  readonly attempt: number
  readonly lastAttempt: boolean
}

export interface Job<P extends object = object> {
  /** `noun.verb`, unique. */
  readonly name: string
  /** Five-field cron in UTC; such a job runs for no organisation. */
  readonly cron?: string
  readonly handle: (session: Session, payload: P, facts: JobFacts) => Promise<void>
}

export const job = <P extends object>(definition: Job<P>): Job => definition as unknown as Job

export interface WorkerOptions {
  readonly database: Database
  readonly jobs: readonly Job[]
  readonly concurrency: number
  readonly log: Log
  readonly openSession: (principal: ReturnType<typeof systemPrincipal>, requestId: string | null) => Session
}

const reportEveryMs = 5_000
const silentFor = '20 seconds'

export interface Worker {
  /** Finishes what runs, hands back the rest. */
  stop(): Promise<void>
}

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { database, jobs, log } = options
  const config = { connectionString: database.url, options: '-c role=patchbay_owner', connectionTimeoutMillis: 10_000, keepAlive: true }
  const pool = new pg.Pool({ ...config, max: options.concurrency + 2 })
  const endWatch = watchPool(pool, config)
  let stopping = false
  // A pool that ends does not wait for its connections' last words, which may be the server's own farewell.
  // The database itself tells of an outage, once.
  const onError = (error: Error) => stopping || log.debug({ err: error }, 'lost a connection of the job queue')
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', onError))
  const events = new EventEmitter()
  const alive = new Set<string>()
  events.on('worker:create', ({ worker }: { worker: { workerId: string } }) => alive.add(worker.workerId))
  const runner = await run({
    pgPool: pool,
    concurrency: options.concurrency,
    noHandleSignals: true,
    pollInterval: 1000,
    taskList: Object.fromEntries(jobs.map((definition) => [definition.name, perform(options, definition)])) as TaskList,
    parsedCronItems: parseCronItems(jobs.flatMap(({ name, cron }) => (cron ? [{ task: name, match: cron, identifier: name }] : []))),
    logger: new Logger(() => (level, message) => (level === 'error' ? log.warn({}, message) : undefined)),
    events: events as never,
  })
  const report = () => reportAlive(database, [...alive], log)
  await report()
  const timer = setInterval(report, reportEveryMs)
  return {
    stop: () => {
      stopping = true
      return stop(runner, timer, pool).finally(endWatch)
    },
  }
}

async function stop(runner: Runner, timer: NodeJS.Timeout, pool: pg.Pool): Promise<void> {
  clearInterval(timer)
  await runner.stop()
  await pool.end()
}

async function reportAlive(database: Database, ids: string[], log: Log): Promise<void> {
  try {
    await database.read(null, reportWorkers, { ids })
    await database.read(null, freeDeadWorkers, { silent: silentFor })
  } catch (error) {
    log.warn({ err: error }, 'could not report that the worker is alive')
  }
}

function perform({ openSession }: WorkerOptions, definition: Job) {
  return async (payload: unknown, helpers: JobHelpers): Promise<void> => {
    const { organizationId = 0, requestId = null, ...rest } = (payload ?? {}) as { organizationId?: number; requestId?: string }
    const session = openSession(systemPrincipal(organizationId, `job:${definition.name}`), requestId)
    const { attempts, max_attempts: most } = helpers.job
    await definition.handle(session, rest, { attempt: attempts, lastAttempt: attempts >= most })
  }
}
