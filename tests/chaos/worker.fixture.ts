// A worker in a process of its own, with jobs that leave traces: every attempt is written down before it does anything,
// and every effect is a row without a key, so that one that is there twice is seen. Ends with whoever started it.
import { flushCompileCache } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'
import { openDatabase, statement } from '../../src/platform/db/index.ts'
import { job, startWorker } from '../../src/platform/jobs/index.ts'
import { openSession, type Session } from '../../src/platform/session/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { systemClock } from '../../src/platform/time/index.ts'

interface Input {
  readonly databaseUrl: string
  /** The product's own where null. */
  readonly pulse: NonNullable<Parameters<typeof startWorker>[0]['pulse']> | null
}

const insertRun = statement<{ n: number; attempt: number; pid: number }, never>(
  'chaos_insert_run',
  `INSERT INTO runs (n, attempt, pid) VALUES (:n, :attempt, :pid)`,
)
const insertEffect = statement<{ n: number; pid: number }, never>('chaos_insert_effect', `INSERT INTO effects (n, pid) VALUES (:n, :pid)`)
const selectTaken = statement<{ n: number }, { n: number }>('chaos_select_taken', `SELECT n FROM taken WHERE n = :n`)
const insertDenied = statement<{ n: number; pid: number }, never>('chaos_insert_denied', `INSERT INTO denied (n, pid) VALUES (:n, :pid)`)

const { databaseUrl, pulse } = JSON.parse(process.argv[2] ?? '{}') as Input
const log = createLogger({ level: 'fatal' })
const database = openDatabase({ url: databaseUrl, lanes: 2, writers: 8, onError: () => {} }) // an outage is not what is tested here
const { pid } = process

interface Payload {
  readonly n: number
  readonly tookMs: number
}
const begun = (session: Session, n: number, attempt: number) => session.read(insertRun, { n, attempt, pid })

const jobs = [
  job<Payload>({
    name: 'chaos.work',
    handle: async (session, { n, tookMs }, { attempt, once }) => {
      await begun(session, n, attempt)
      if (attempt === 1 && tookMs > 0) await pause(tookMs)
      await once((tx) => tx.run(insertEffect, { n, pid }))
    },
  }),
  // Waits in every attempt for somebody to be killed over it.
  job<Payload>({
    name: 'chaos.bait',
    handle: async (session, { n }, { attempt, once }) => {
      await begun(session, n, attempt)
      while (!(await session.read(selectTaken, { n }))) await pause(20)
      await once((tx) => tx.run(insertEffect, { n, pid }))
    },
  }),
  // In the middle of the first attempt its worker is stopped, so that the wait is over when it wakes.
  job<Payload>({
    name: 'chaos.hold',
    handle: async (session, { n, tookMs }, { attempt, once }) => {
      await begun(session, n, attempt)
      if (attempt === 1) await pause(tookMs)
      try {
        await once((tx) => tx.run(insertEffect, { n, pid }))
      } catch (error) {
        await session.read(insertDenied, { n, pid })
        throw error
      }
    },
  }),
  job<Payload>({
    name: 'chaos.crash',
    handle: async (session, { n }, { attempt }) => {
      await begun(session, n, attempt)
      process.kill(pid, 'SIGKILL')
      await pause(10_000)
    },
  }),
]

await startWorker({
  database,
  jobs,
  concurrency: 8,
  log,
  openSession: (principal, requestId = null) =>
    openSession({ database, clock: systemClock, log, principal, requestId, address: null, mask: (value) => value }),
  ...(pulse ? { pulse } : {}),
})
flushCompileCache() // whoever is killed cannot leave the next one what it compiled
process.stdin.resume().once('end', () => process.exit(0))
process.stdout.write('ready\n')
