// A queue of its own for a test, with workers in this process and a table of effects to count.
import pg from 'pg'
import { createDatabase, templateReady } from '../../../tests/support/postgres.ts'
import { type Database, migrate, openDatabase, statement } from '../db/index.ts'
import { type Log, openSession, type Session } from '../session/index.ts'
import { systemClock } from '../time/index.ts'
import type { Job } from './job.ts'
import { type JobEnd, type Pulse, startWorker, type Worker, type WorkerOptions } from './worker.ts'

export interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: object
}

export interface Bench {
  readonly url: string
  readonly database: Database
  /** As the superuser. */
  readonly db: pg.Client
  readonly lines: Line[]
  /** Writes to `lines`. */
  readonly log: Log
  readonly ends: JobEnd[]
  session(organizationId?: number): Session
  start(jobs: readonly Job[], options?: Partial<WorkerOptions>): Promise<Worker>
  /** How often each effect is there. */
  effects(): Promise<Record<string, number>>
  left(): Promise<number>
  close(): Promise<void>
}

export const insertEffect = statement<{ effect: string; worker: string }, never>(
  'test_insert_effect',
  `INSERT INTO effects (effect, worker) VALUES (:effect, :worker)`,
)
/** The table of effects: no key, so that what happens twice is seen. */
export const effectsTable = `CREATE TABLE effects (effect text NOT NULL, worker text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
  GRANT SELECT, INSERT ON effects TO patchbay_app`

/** Given up within a second or so. */
export const quickPulse: Pulse = { pollMs: 200, everyMs: 100, silentMs: 500, doubtMs: 300 }

export async function openBench(): Promise<Bench> {
  const made = await createDatabase(await templateReady(async (url) => void (await migrate({ url }))))
  const db = new pg.Client({ connectionString: made.url })
  await db.connect()
  await db.query(effectsTable)
  const database = openDatabase({ url: made.url, lanes: 2, writers: 4, onError: () => {} })
  const lines: Line[] = []
  const ends: JobEnd[] = []
  const write = (level: Line['level']) => (fields: object, message: string) => void lines.push({ level, message, fields })
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  const sessionFor: WorkerOptions['openSession'] = (principal, requestId = null) =>
    openSession({ database, clock: systemClock, log, principal, requestId, address: null, mask: (value) => value })
  const workers: Worker[] = []
  return {
    url: made.url,
    database,
    db,
    lines,
    log,
    ends,
    session: (organizationId = 100) => sessionFor({ organizationId, subject: 'test', kind: 'system' } as never, null),
    async start(jobs, options = {}) {
      const onEnd = (end: JobEnd) => void ends.push(end)
      const usual = { database, jobs, concurrency: 4, log, openSession: sessionFor, onEnd, pulse: quickPulse }
      const worker = await startWorker({ ...usual, ...options })
      workers.push(worker)
      return worker
    },
    async effects() {
      const { rows } = await db.query<{ effect: string; times: number }>(
        'SELECT effect, count(*)::int AS times FROM effects GROUP BY 1 ORDER BY 1',
      )
      return Object.fromEntries(rows.map(({ effect, times }) => [effect, times]))
    },
    async left() {
      const { rows } = await db.query<{ left: number }>('SELECT count(*)::int AS left FROM graphile_worker._private_jobs')
      return rows[0]?.left ?? 0
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.stop(1_000)))
      await database.close()
      await db.end()
      await made.drop()
    },
  }
}
