// How many durable jobs a second: queued in PostgreSQL (which waits for its disk), run by the product's worker, and gone
// from the queue when they are done. Queued and run one after the other, so that each is measured by itself; the worker is in
// this process, and what PostgreSQL used is read from the system where it tells (Linux, on the same machine).
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { openDatabase } from '../src/platform/db/index.ts'
import { job, startWorker } from '../src/platform/jobs/index.ts'
import { openSession } from '../src/platform/session/index.ts'
import { createLogger } from '../src/platform/telemetry/index.ts'
import { systemClock } from '../src/platform/time/index.ts'
import { postgresMicros } from './process-cpu.ts'
import { openWorld } from './world.ts'

export interface JobFigures {
  readonly jobs: number
  readonly queuedPerS: number
  readonly runPerS: number
  /** CPU for one job, in microseconds: of the worker's process, and of PostgreSQL (null where the system does not tell). */
  readonly nodeMicros: number
  readonly postgresMicros: number | null
  /** What PostgreSQL used to take one job in. */
  readonly queueingPostgresMicros: number | null
  /** `on`, or the figures say nothing. */
  readonly fsync: string
  readonly synchronousCommit: string
}

const usual = { jobs: 100_000, batch: 1_000, concurrency: 8 }

/** `url`: a migrated database without other jobs, whose worker is this one alone. */
export async function jobsPerSecond(url: string, { jobs, batch, concurrency } = usual): Promise<JobFigures> {
  const db = new pg.Client({ connectionString: url, options: '-c role=patchbay_owner', application_name: 'bench' })
  await db.connect()
  try {
    const queueing = await measured(db, () => enqueue(db, jobs, batch))
    const running = await run(db, url, jobs, concurrency)
    const { rows } = await db.query<{ fsync: string; commit: string }>(
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit`,
    )
    const each = (micros: number | null) => (micros === null ? null : micros / jobs)
    return {
      jobs,
      queuedPerS: jobs / queueing.seconds,
      runPerS: jobs / running.seconds,
      nodeMicros: running.nodeMicros / jobs,
      postgresMicros: each(running.postgresMicros),
      queueingPostgresMicros: each(queueing.postgresMicros),
      fsync: rows[0]?.fsync ?? '',
      synchronousCommit: rows[0]?.commit ?? '',
    }
  } finally {
    await db.end()
  }
}

async function enqueue(db: pg.Client, jobs: number, batch: number): Promise<void> {
  for (let from = 0; from < jobs; from += batch) {
    await db.query(
      `SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(
         SELECT ('bench.job', json_build_object('organizationId', 100, 'n', n), NULL, NULL, NULL, NULL, NULL, NULL)::graphile_worker.job_spec
           FROM generate_series($1::int, $2::int) n))`,
      [from, Math.min(from + batch, jobs) - 1],
    )
  }
}

async function run(db: pg.Client, url: string, jobs: number, concurrency: number): Promise<Measured> {
  const log = createLogger({ level: 'error' })
  const database = openDatabase({ url, lanes: 2, writers: 2, onError: (error) => log.error({ err: error }, 'lost PostgreSQL') })
  const seen = new Set<number>()
  const all = Promise.withResolvers<void>()
  const counted = job<{ n: number }>({
    name: 'bench.job',
    handle: async (_, { n }) => {
      seen.add(n)
      if (seen.size === jobs) all.resolve()
    },
  })
  const openIt: Parameters<typeof startWorker>[0]['openSession'] = (principal, requestId = null) =>
    openSession({ database, clock: systemClock, log, principal, requestId, address: null, mask: (value) => value })
  try {
    return await measured(db, async () => {
      const worker = await startWorker({ database, jobs: [counted], concurrency, log, clock: systemClock, openSession: openIt })
      await all.promise
      await worker.stop() // the word about the last of them is in, too
      const { rows } = await db.query<{ left: number }>('SELECT count(*)::int AS left FROM graphile_worker.jobs')
      if (rows[0]?.left !== 0) throw new Error(`${rows[0]?.left} jobs are left in the queue`)
    })
  } finally {
    await database.close()
  }
}

interface Measured {
  readonly seconds: number
  readonly nodeMicros: number
  readonly postgresMicros: number | null
}

async function measured(db: pg.Client, work: () => Promise<void>): Promise<Measured> {
  const before = await postgresMicros(db)
  const cpu = process.cpuUsage()
  const began = performance.now()
  await work()
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const after = await postgresMicros(db)
  return { seconds, nodeMicros: user + system, postgresMicros: before === null || after === null ? null : after - before }
}

export function showJobs({
  jobs,
  queuedPerS,
  runPerS,
  nodeMicros,
  postgresMicros,
  queueingPostgresMicros,
  fsync,
  synchronousCommit,
}: JobFigures): string {
  const perS = (value: number) => `${Math.round(value).toLocaleString('en')}/s`
  const micros = (value: number | null) => (value === null ? 'unknown' : `${value.toFixed(0)} µs`)
  return [
    `durable jobs (${jobs.toLocaleString('en')}; fsync ${fsync}, synchronous_commit ${synchronousCommit})`,
    `  queued in bulk  ${perS(queuedPerS)}  PostgreSQL ${micros(queueingPostgresMicros)} of CPU each`,
    `  run             ${perS(runPerS)}  worker ${micros(nodeMicros)}, PostgreSQL ${micros(postgresMicros)} of CPU each`,
  ].join('\n')
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { world, close } = await openWorld()
  try {
    console.log(showJobs(await jobsPerSecond(world.databaseUrl)))
  } finally {
    await close()
  }
}
