// Workers are killed with -9, one every second, under 200 jobs a second; another is stopped for so long that it is given up, and
// wakes; and one job kills whoever runs it. Every other job has its effect once.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openQueue } from '../../src/platform/jobs/index.ts'
import { type Bench, openBench, quickPulse } from '../../src/platform/jobs/jobs.fixture.ts'
import { effort } from '../support/effort.ts'
import { firstLine } from '../support/sandbox.ts'
import { until } from '../support/until.ts'

const lastsMs = effort({ full: 600_000, short: 60_000, taste: 2_000 })
const asleepMs = effort({ full: 40_000, short: 40_000, taste: 1_500 })
/** A taste has no time to miss anybody for as long as the product does. */
const pulse = effort({ full: null, short: null, taste: quickPulse })
const takeoverMs = 30_000
const everyMs = 50
const perTick = 10
const heldJob = -1
const crashJob = -2
const crashAttempts = 2
const bait = -10

interface Kill {
  /** The job in the middle of which it was killed. */
  readonly n: number
  readonly pid: number
  readonly at: Date
}

interface Storm {
  readonly enqueued: number
  readonly kills: readonly Kill[]
  readonly sleeper: number
}

let bench: Bench
let storm: Storm
const alive = new Map<number, ChildProcess>()

beforeAll(async () => {
  bench = await openBench()
  await bench.db.query(`DROP TABLE effects;
    CREATE TABLE runs (n int NOT NULL, attempt int NOT NULL, pid int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
    CREATE TABLE effects (n int NOT NULL, pid int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
    CREATE TABLE denied (n int NOT NULL, pid int NOT NULL);
    CREATE TABLE taken (n int NOT NULL);
    CREATE TABLE takes (n int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
    CREATE FUNCTION note_take() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
      'BEGIN INSERT INTO public.takes (n) VALUES ((NEW.payload ->> ''n'')::int); RETURN NULL; END';
    CREATE TRIGGER note_take AFTER UPDATE ON graphile_worker._private_jobs FOR EACH ROW
      WHEN (OLD.locked_by IS NULL AND NEW.locked_by IS NOT NULL) EXECUTE FUNCTION note_take();
    GRANT SELECT, INSERT ON runs, effects, denied, taken TO patchbay_app`)
  storm = await rage()
}, lastsMs + 180_000)

afterAll(async () => {
  for (const worker of alive.values()) await end(worker)
  await bench.close()
})

const fixture = fileURLToPath(new URL('worker.fixture.ts', import.meta.url))
const died: number[] = []
async function startOne(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [fixture, JSON.stringify({ databaseUrl: bench.url, pulse })], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await firstLine(child)
  const pid = child.pid ?? 0
  alive.set(pid, child)
  child.once('exit', () => {
    alive.delete(pid)
    died.push(pid)
  })
  return child
}
/** Not for ever: it may have died of the job that kills just now. */
async function end(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return
  const gone = once(worker, 'exit')
  worker.kill('SIGKILL')
  await gone
}

const enqueue = (task: string, n: number, tookMs: number, maxAttempts = 25) =>
  bench.session().write((tx) => tx.enqueue(task, { n, tookMs }, { maxAttempts }))
const ran = async (n: number) => (await bench.db.query('SELECT FROM runs WHERE n = $1', [n])).rowCount ?? 0

async function rage(): Promise<Storm> {
  const sleeper = await startOne()
  await enqueue('chaos.hold', heldJob, asleepMs / 2)
  await until('the held job to begin', async () => (await ran(heldJob)) === 1)
  sleeper.kill('SIGSTOP')
  const asleepSince = performance.now()
  await fillUp()
  await enqueue('chaos.crash', crashJob, 0, crashAttempts)
  const [enqueued, kills] = await Promise.all([load(), killing()])
  await until('the sleep to last', async () => performance.now() - asleepSince > asleepMs, asleepMs + 5_000)
  await until(
    'the held job to be done by another',
    async () => (await bench.db.query('SELECT FROM effects WHERE n = $1', [heldJob])).rowCount === 1,
    60_000,
  )
  sleeper.kill('SIGCONT')
  await until('the one that woke to be refused', async () => (await bench.db.query('SELECT FROM denied')).rowCount === 1, 60_000)
  await until('nothing but the job that kills to be left', async () => (await bench.left()) === 1 && (await dead()).length === 1, 120_000)
  return { enqueued, kills, sleeper: sleeper.pid ?? 0 }
}

/** A few of the jobs take a while. */
async function load(): Promise<number> {
  let n = 0
  for (const end = performance.now() + lastsMs; performance.now() < end; ) {
    const next = pause(everyMs)
    await Promise.all(Array.from({ length: perTick }, () => enqueue('chaos.work', n, n++ % 10 === 0 ? 120 : 0)))
    await next
  }
  return n
}

/** Every second kills whoever is in the middle of a job that waits for it, and starts another for whoever has died of anything. */
async function killing(): Promise<Kill[]> {
  const kills: Kill[] = []
  for (let second = 1; second <= Math.floor(lastsMs / 1000); second++) {
    const next = pause(1_000)
    const n = bait - second
    await enqueue('chaos.bait', n, 0)
    const { victim, pid } = await until('somebody to be in the middle of it', () => workerOn(n), 30_000)
    const { rows } = await bench.db.query<{ at: Date }>('SELECT clock_timestamp() AS at')
    await end(victim)
    await bench.db.query('INSERT INTO taken VALUES ($1)', [n])
    if (rows[0]) kills.push({ n, pid, at: rows[0].at })
    await fillUp()
    await next
  }
  return kills
}

const fillUp = () => Promise.all(Array.from({ length: 3 - alive.size }, startOne))

async function workerOn(n: number) {
  const { rows } = await bench.db.query<{ pid: number }>('SELECT pid FROM runs WHERE n = $1 ORDER BY at DESC LIMIT 1', [n])
  const pid = rows[0]?.pid ?? 0
  const victim = alive.get(pid)
  if (!victim) await fillUp() // nobody may be left to begin it
  return victim ? { victim, pid } : null
}

async function dead() {
  const queue = await openQueue(bench.url)
  try {
    return await queue.list({ state: 'failed', limit: 9 })
  } finally {
    await queue.close()
  }
}

/** When somebody else had it, in milliseconds since 1970: noted with the lock itself, since whoever has it may be killed next. */
async function nextTake({ n, at }: Kill): Promise<number> {
  const { rows } = await bench.db.query<{ at: Date }>('SELECT at FROM takes WHERE n = $1 AND at > $2 ORDER BY at LIMIT 1', [n, at])
  return rows[0]?.at.getTime() ?? Number.POSITIVE_INFINITY
}

describe('workers killed every second', () => {
  test('lose no job, and no effect is there twice', async () => {
    const { rows } = await bench.db.query<{ times: number; jobs: number }>(
      'SELECT times, count(*)::int AS jobs FROM (SELECT count(*)::int AS times FROM effects WHERE n <> $1 GROUP BY n) e GROUP BY times',
      [heldJob],
    )
    expect(rows).toEqual([{ times: 1, jobs: storm.enqueued + storm.kills.length }])
    expect(storm.enqueued).toBeGreaterThanOrEqual(lastsMs / everyMs) // a slow machine offers less, never next to nothing
  })

  test('leave jobs in the middle, which run elsewhere in time', async () => {
    const next = await Promise.all(storm.kills.map(async (kill) => (await nextTake(kill)) - kill.at.getTime()))
    console.info(`${storm.enqueued} jobs, ${storm.kills.length} kills in the middle of one, longest takeover ${Math.max(...next)} ms`)
    expect(next).toHaveLength(Math.floor(lastsMs / 1000))
    for (const ms of next) expect(ms).toBeLessThan(takeoverMs)
  })

  test('count each attempt, and none that did not begin', async () => {
    const { rows } = await bench.db.query<{ n: number; attempts: number[] }>(
      'SELECT n, array_agg(attempt ORDER BY attempt) AS attempts FROM runs GROUP BY n HAVING max(attempt) > 1',
    )
    for (const { attempts } of rows) expect(attempts).toEqual([...new Set(attempts)])
  })
})

test('a worker that slept so long that it was given up does nothing twice when it wakes, and works on', async () => {
  const { rows } = await bench.db.query<{ n: number; pid: number }>('SELECT n, pid FROM effects WHERE n = $1', [heldJob])
  expect(rows).toHaveLength(1)
  expect(rows[0]?.pid).not.toBe(storm.sleeper)
  for (const [pid, worker] of alive) if (pid !== storm.sleeper) await end(worker)
  await enqueue('chaos.work', storm.enqueued, 0)
  const { rows: later } = await until('the one that slept to do the next', async () => {
    const found = await bench.db.query<{ pid: number }>('SELECT pid FROM effects WHERE n = $1', [storm.enqueued])
    return found.rowCount === 1 ? found : null
  })
  expect(later).toEqual([{ pid: storm.sleeper }])
})

test('a job that kills its worker every time ends as failed after its last attempt, and says so', async () => {
  expect(await dead()).toMatchObject([
    { task: 'chaos.crash', attempts: crashAttempts, lastError: `its worker ended in the middle of attempt ${crashAttempts}` },
  ])
  // Whoever had just taken it may have been killed over another job before it began: an attempt is taken, not always begun.
  const taken = await bench.db.query('SELECT FROM takes WHERE n = $1', [crashJob])
  expect(taken.rowCount).toBeGreaterThanOrEqual(crashAttempts)
  const { rows } = await bench.db.query<{ pid: number }>('SELECT pid FROM runs WHERE n = $1', [crashJob])
  expect(rows.length).toBeLessThanOrEqual(crashAttempts)
  for (const { pid } of rows) expect(died).toContain(pid)
})
