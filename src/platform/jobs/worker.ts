// Runs jobs from the queue in PostgreSQL. A worker lives under a name, and says again and again that it does. One that has gone silent
// is given up by the others, and its jobs run elsewhere within 30 s; if it wakes, it lets go of everything and begins anew
// under another name. The database being away ends nothing: a worker waits and goes on.
import type { Database } from '../db/index.ts'
import { Refusal } from '../errors/index.ts'
import { chance as anyChance, uuidv7 } from '../ids/index.ts'
import type { Log } from '../session/index.ts'
import { type Clock, systemClock } from '../time/index.ts'
import type { Attempt, AttemptOptions, Ending } from './attempt.ts'
import { openCron } from './cron.ts'
import type { Job } from './job.ts'
import {
  enterWorker,
  type FreedRow,
  judgeWorkers,
  leaveWorker,
  reportWorker,
  type TakenRow,
  tickJob,
  turnJobs,
  unknownTasks,
} from './jobs.sql.ts'
import { openShift, type Shift } from './shift.ts'

export interface JobEnd {
  readonly task: string
  /** `failed` will be tried again, `dead` will not. */
  readonly outcome: 'done' | 'failed' | 'dead'
  readonly seconds: number
}

/** How soon a worker is given up: silent for so long, then doubted for so long, looked at so often. */
export interface Pulse {
  /** How often it looks for jobs that nobody told it of, and at the clock. */
  readonly pollMs: number
  readonly everyMs: number
  readonly silentMs: number
  readonly doubtMs: number
}

export interface WorkerOptions {
  readonly database: Database
  readonly jobs: readonly Job[]
  /** Jobs at once. */
  readonly concurrency: number
  readonly log: Log
  readonly clock?: Clock
  readonly openSession: AttemptOptions['openSession']
  readonly onEnd?: (end: JobEnd) => void
  readonly pulse?: Pulse
  readonly chance?: () => number
}

export interface Worker {
  /** Finishes what runs, hands back the rest; what still runs after `graceMs` is ended by its signal and handed back too. */
  stop(graceMs?: number): Promise<void>
}

/** At worst 9 + 2 + 3 + 2 s until a dead worker's jobs are free. The doubt outlasts a beat, so that who lives can say so. */
const usualPulse: Pulse = { pollMs: 1_000, everyMs: 2_000, silentMs: 9_000, doubtMs: 3_000 }
const reconnectMs = 1_000
const usualGraceMs = 25_000

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { database, log, pulse = usualPulse } = options
  let current = await enter(options)
  let stopped = false
  const seenUnknown = new Set<string>()
  const cron = openCron(options.jobs, options.clock ?? systemClock, async (tick) => void (await database.read(null, tickJob, tick)))

  /** Given up while it slept: everything it ran is somebody else's now. */
  async function beginAnew(): Promise<void> {
    log.warn({ worker: current.name }, 'this worker was given up; its jobs run elsewhere, and it begins anew')
    await current.shift.abandon(new Error('the worker was given up'))
    current = await enter(options)
  }

  async function beat(): Promise<void> {
    const { name, shift } = current
    const [said] = (await database.read(null, reportWorker, {
      worker: name,
      reached: shift.reached(),
      held: shift.held(),
      heldMs: 10_000,
    })) as {
      alive: boolean
    }[]
    if (said?.alive === false && !stopped) await beginAnew()
    const freed = await database.read(null, judgeWorkers, { silentMs: pulse.silentMs, doubtMs: pulse.doubtMs })
    for (const job of freed as FreedRow[]) tellFreed(options, job)
    if (freed.length > 0) current.shift.nudge()
    const unknown = await database.read(null, unknownTasks, { known: [...current.tasks.keys()] })
    for (const { task } of unknown as { task: string }[]) {
      if (!seenUnknown.has(task))
        log.warn({ task }, 'jobs of this name wait, and nobody here knows it: a newer release made them, or an older one')
      seenUnknown.add(task)
    }
  }

  const beats = again(beat, pulse.everyMs, (error) => log.warn({ err: error }, 'could not report that the worker is alive'))
  const polls = again(
    async () => {
      current.shift.nudge()
      current.shift.tidy()
      await cron()
    },
    pulse.pollMs,
    (error) => log.debug({ err: error }, 'could not look at the clock jobs'),
  )
  const ear = await listen(database, log, () => current.shift.nudge())
  return {
    async stop(graceMs = usualGraceMs) {
      stopped = true
      await Promise.all([beats.stopAfter(current.shift.drain(), graceMs), polls.stop(), ear.close()])
      await current.shift.abandon(new Error('the worker stops'))
      // Whoever cannot say good-bye is missed in a while.
      await database
        .read(null, leaveWorker, { worker: current.name })
        .catch((error: unknown) => log.warn({ err: error }, 'could not hand back the jobs; they run again soon'))
    },
  }
}

interface Present {
  readonly name: string
  readonly shift: Shift
  readonly tasks: ReadonlyMap<number, Job>
}

async function enter({
  database,
  jobs,
  concurrency,
  clock = systemClock,
  openSession,
  log,
  onEnd,
  chance = anyChance,
}: WorkerOptions): Promise<Present> {
  const name = `worker-${uuidv7(clock.now())}`
  const byName = new Map(jobs.map((job) => [job.name, job]))
  const rows = (await database.read(null, enterWorker, { worker: name, tasks: [...byName.keys()] })) as { id: number; task: string }[]
  const tasks = new Map(
    rows.flatMap(({ id, task }): [number, Job][] => {
      const job = byName.get(task)
      return job ? [[id, job]] : []
    }),
  )
  const ids = [...tasks.keys()]
  const shift = openShift({
    worker: name,
    jobs: tasks,
    slots: concurrency,
    openSession,
    turn: async (round) =>
      (await database.read(null, turnJobs, { worker: name, tasks: ids, ...round, failed: JSON.stringify(round.failed) })) as TakenRow[],
    reclaim: async (held) => void (await database.read(null, reportWorker, { worker: name, reached: {}, held, heldMs: 0 })),
    onEnd: (attempt, ending, ms) => tellEnd({ log, onEnd }, attempt, ending, ms),
    onTrouble: (error) => {
      // Of an outage the database tells itself, once.
      if (error instanceof Refusal) log.debug({ err: error }, 'the job queue does not answer; asking again')
      else log.error({ err: error }, 'the job queue refused a question; asking again')
    },
    chance,
  })
  return { name, shift, tasks }
}

function tellEnd({ log, onEnd }: Pick<WorkerOptions, 'log' | 'onEnd'>, { taken, task }: Attempt, ending: Ending, ms: number): void {
  const outcome = ending.outcome !== 'failed' ? 'done' : ending.final ? 'dead' : 'failed'
  onEnd?.({ task, outcome, seconds: ms / 1000 })
  if (ending.outcome !== 'failed') return
  const facts = { job: taken.id, task, attempt: taken.attempts, of: taken.maxAttempts, err: ending.error }
  if (ending.final) log.error(facts, 'a job has failed for good; patchbay jobs shows it')
  else log.warn(facts, 'a job failed and is tried again')
}

function tellFreed({ log, onEnd }: WorkerOptions, { id, task, attempts, failed }: FreedRow): void {
  const facts = { job: id, task, attempt: attempts }
  if (failed) log.error(facts, 'a job has failed for good: its worker ended in the middle of it, every time; patchbay jobs shows it')
  else log.warn(facts, 'the worker of a job ended in the middle of it; it runs elsewhere')
  onEnd?.({ task, outcome: failed ? 'dead' : 'failed', seconds: 0 })
}

/** Calls `work` again and again, `everyMs` after it ended. */
function again(work: () => Promise<void>, everyMs: number, onError: (error: unknown) => void) {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let busy: Promise<void> = Promise.resolve()
  const run = () => {
    busy = work()
      .catch(onError)
      .finally(() => {
        if (!stopped) timer = setTimeout(run, everyMs)
      })
  }
  run()
  async function stop(): Promise<void> {
    stopped = true
    clearTimeout(timer)
    await busy
  }
  return {
    stop,
    /** Goes on until `end`, but no longer than `ms`. */
    async stopAfter(end: Promise<void>, ms: number): Promise<void> {
      let late: NodeJS.Timeout | undefined
      await Promise.race([
        end,
        new Promise((resolve) => {
          late = setTimeout(resolve, ms)
        }),
      ])
      clearTimeout(late)
      await stop()
    },
  }
}

/** Without this connection jobs are still found, a second later. */
async function listen(database: Database, log: Log, onJob: () => void): Promise<{ close(): Promise<void> }> {
  let connection: { close(): Promise<void> } | null = null
  let closed = false
  let timer: NodeJS.Timeout | undefined
  const onLost = (error: Error) => {
    if (closed || timer) return
    log.debug({ err: error }, 'lost the connection that tells of new jobs; reconnecting')
    timer = setTimeout(() => void connect(), reconnectMs)
  }
  async function connect(): Promise<void> {
    timer = undefined
    try {
      const opened = await database.listen(['jobs:insert'], onJob, onLost)
      if (closed) await opened.close()
      else connection = opened
    } catch (error) {
      onLost(error as Error)
    }
  }
  await connect()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await connection?.close()
    },
  }
}
