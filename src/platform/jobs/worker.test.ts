// What a job may rely on, over a real queue.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { faultProxy } from '../../../tests/support/fault-proxy.ts'
import { addressOf } from '../../../tests/support/postgres.ts'
import { until } from '../../../tests/support/until.ts'
import { openDatabase } from '../db/index.ts'
import { openSession } from '../session/index.ts'
import type { JobOptions } from '../session/session.ts'
import { movableClock, systemClock } from '../time/index.ts'
import { factsByHand, JobGone, job } from './job.ts'
import { type Bench, insertEffect, openBench } from './jobs.fixture.ts'
import { openQueue, type Queue } from './queue.ts'
import type { WorkerOptions } from './worker.ts'

let bench: Bench
let queue: Queue
beforeAll(async () => {
  bench = await openBench()
  queue = await openQueue(bench.url)
})
afterAll(async () => {
  await queue.close()
  await bench.close()
})
beforeEach(async () => {
  await bench.db.query('DELETE FROM graphile_worker._private_jobs; DELETE FROM effects')
  bench.lines.length = 0
  bench.ends.length = 0
})

const enqueue = (task: string, payload: object = {}, options: JobOptions = {}) =>
  bench.session().write((tx) => tx.enqueue(task, payload, options))
const emptied = () => until('an empty queue', async () => (await bench.left()) === 0)
/** What waits for a later time is due, and the workers are told. */
const dueNow = () => bench.db.query(`UPDATE graphile_worker._private_jobs SET run_at = now(); NOTIFY "jobs:insert"`)
const rowOf = async (task: string) => (await queue.list({ task, limit: 1 })).at(0)

describe('a job', () => {
  test('that was queued in a change runs with its payload, for its organisation, and is gone; one of a change that failed never was', async () => {
    const seen: object[] = []
    const worker = await bench.start([
      job<{ n: number }>({ name: 't.run', handle: async (session, payload) => void seen.push({ ...payload, of: session.organizationId }) }),
    ])
    await enqueue('t.run', { n: 1 })
    const failed = bench.session().write(async (tx) => {
      await tx.enqueue('t.run', { n: 2 })
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    await enqueue('t.run', { n: 3 })
    await emptied()
    await worker.stop()
    expect(seen).toEqual([
      { n: 1, of: 100 },
      { n: 3, of: 100 },
    ])
    expect(bench.ends.map(({ outcome }) => outcome)).toEqual(['done', 'done'])
  })

  test('that is urgent goes before what came first but can wait', async () => {
    for (const [n, priority] of [
      [1, 10],
      [2, 0],
      [3, -5],
      [4, 10],
    ] as const)
      await enqueue('t.order', { n }, { priority })
    const seen: number[] = []
    const worker = await bench.start([job<{ n: number }>({ name: 't.order', handle: async (_, { n }) => void seen.push(n) })], {
      concurrency: 1,
    })
    await emptied()
    await worker.stop()
    expect(seen).toEqual([3, 2, 1, 4])
  })

  test('of a named queue never runs beside another of it', async () => {
    let running = 0
    let most = 0
    for (let n = 0; n < 6; n++) await enqueue('t.queue', { n }, { queue: 'one-by-one' })
    const serial = job({
      name: 't.queue',
      handle: async (session) => {
        most = Math.max(most, ++running)
        await session.write((tx) => tx.run(insertEffect, { effect: 'serial', worker: 'w' }))
        running -= 1
      },
    })
    const workers = await Promise.all([bench.start([serial]), bench.start([serial])])
    await emptied()
    await Promise.all(workers.map((worker) => worker.stop()))
    expect(most).toBe(1)
    expect(await bench.effects()).toEqual({ serial: 6 })
  })

  test('that fails waits, is tried again with its error kept, and after its last attempt stays where an operator sees it and can try it again', async () => {
    let fails = true
    const worker = await bench.start(
      [
        job({
          name: 't.fail',
          handle: async (_, __, { attempt, lastAttempt }) => {
            if (fails) throw new Error(`attempt ${attempt}${lastAttempt ? ', the last' : ''}`, { cause: new Error('no route') })
          },
        }),
      ],
      { chance: () => 0 },
    )
    await enqueue('t.fail', {}, { maxAttempts: 2 })
    const waiting = await until('the first failure', async () => {
      const row = await rowOf('t.fail')
      return row?.lastError ? row : null
    })
    expect(waiting).toMatchObject({ state: 'queued', attempts: 1, lastError: 'attempt 1: no route' })
    expect(waiting.runAt.getTime() - waiting.createdAt.getTime()).toBeGreaterThan(1_000)
    await dueNow()
    const dead = await until('the last failure', async () => {
      const row = await rowOf('t.fail')
      return row?.state === 'failed' ? row : null
    })
    expect(dead).toMatchObject({ attempts: 2, lastError: 'attempt 2, the last: no route' })
    expect(bench.ends.map(({ outcome }) => outcome)).toEqual(['failed', 'dead'])
    expect(bench.lines.filter(({ level }) => level === 'error')).toMatchObject([{ fields: { task: 't.fail', attempt: 2 } }])
    fails = false
    expect(await queue.retry(dead.id)).toBe(true)
    await emptied()
    await worker.stop()
  })

  test('that cannot be run at all ends as failed at its first attempt', async () => {
    await bench.db.query(`SELECT graphile_worker.add_job('t.broken', '[1]'), graphile_worker.add_job('t.broken', '{"organizationId": "x"}'),
      graphile_worker.add_job('t.broken', '"text"'), graphile_worker.add_job('t.broken', 'null')`)
    const worker = await bench.start([job({ name: 't.broken', handle: () => Promise.reject(new Error('ran')) })])
    await until('four failed jobs', async () => (await queue.count()).failed === 4)
    await worker.stop()
    expect((await queue.list({ task: 't.broken', limit: 9 })).map(({ lastError }) => lastError).sort()).toEqual([
      'its payload is no object',
      'its payload is no object',
      'its payload is no object',
      'its payload names no organisation',
    ])
  })

  test('of a name that nobody knows is kept, and said once', async () => {
    await enqueue('t.unheard-of')
    await enqueue('t.unheard-of')
    const worker = await bench.start([])
    await until('the word about it', async () => bench.lines.some(({ level }) => level === 'warn'))
    await worker.stop()
    expect(bench.lines.filter(({ level }) => level === 'warn')).toMatchObject([{ fields: { task: 't.unheard-of' } }])
    expect(await bench.left()).toBe(2)
  })

  test('that hangs is ended by its signal, and what it does afterwards is no longer its own', async () => {
    const late = Promise.withResolvers<unknown>()
    const hanging = job({
      name: 't.hang',
      timeoutS: 0.2,
      handle: async (session, _, { attempt, signal, once }) => {
        if (attempt > 1) return
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        late.resolve(
          once((tx) => tx.run(insertEffect, { effect: 'late', worker: session.principal.subject })).catch((error: unknown) => error),
        )
      },
    })
    const worker = await bench.start([hanging], { chance: () => 0 })
    await enqueue('t.hang')
    expect(await late.promise).toBeInstanceOf(JobGone)
    await until('the failure', async () => (await rowOf('t.hang'))?.lastError === 'it did not end within 0.2 s')
    await dueNow()
    await emptied()
    await worker.stop()
    expect(await bench.effects()).toEqual({})
  })

  test('says how far it is, to whoever looks', async () => {
    const go = Promise.withResolvers<void>()
    const worker = await bench.start([
      job({
        name: 't.far',
        handle: async (_, __, { progress }) => {
          progress(3, 4, 'three of four')
          await go.promise
        },
      }),
    ])
    await enqueue('t.far')
    const row = await until('its progress', async () => {
      const found = await rowOf('t.far')
      return found?.progress ? found : null
    })
    expect(row).toMatchObject({ state: 'running', progress: { done: 3, of: 4, words: 'three of four' } })
    go.resolve()
    await emptied()
    await worker.stop()
  })

  test('has its effect and its end in one transaction: when the effect fails, it is still there', async () => {
    let broken = true
    const worker = await bench.start(
      [
        job({
          name: 't.once',
          handle: async (_, __, { once }) => {
            await once(async (tx) => {
              await tx.run(insertEffect, { effect: 'once', worker: 'w' })
              if (broken) throw new Error('half way')
            })
            throw new Error('after its end')
          },
        }),
      ],
      { chance: () => 0 },
    )
    await enqueue('t.once', {}, { key: 'once' })
    await until('the failure', async () => (await rowOf('t.once'))?.lastError === 'half way')
    expect(await bench.effects()).toEqual({})
    broken = false
    await dueNow()
    await emptied()
    await worker.stop()
    expect(await bench.effects()).toEqual({ once: 1 })
  })

  test('that is replaced while it runs ends as its own, and the new one runs too', async () => {
    const go = Promise.withResolvers<void>()
    const seen: number[] = []
    const worker = await bench.start([
      job<{ n: number }>({
        name: 't.key',
        handle: async (_, { n }) => {
          seen.push(n)
          if (n === 2) await go.promise
        },
      }),
    ])
    await enqueue('t.key', { n: 1 }, { key: 'k', runAt: new Date(Date.now() + 3_600_000) })
    await enqueue('t.key', { n: 2 }, { key: 'k' })
    await dueNow()
    await until('the second to run', async () => seen.includes(2))
    await enqueue('t.key', { n: 3 }, { key: 'k' })
    await until('the third to run', async () => seen.includes(3))
    go.resolve()
    await emptied()
    await worker.stop()
    expect(seen).toEqual([2, 3])
  })
})

describe('a worker whose database goes away', () => {
  test('waits, goes on when it is back, and neither loses a job nor does one twice', async () => {
    const proxy = await faultProxy(...addressOf(bench.url))
    const through = new URL(bench.url)
    through.searchParams.delete('host')
    through.hostname = '127.0.0.1'
    through.port = String(proxy.port)
    const database = openDatabase({ url: through.href, lanes: 2, writers: 4, onError: () => {} })
    const openIt: WorkerOptions['openSession'] = (principal, requestId = null) =>
      openSession({ database, clock: systemClock, log: bench.log, principal, requestId, address: null, mask: (value) => value })
    const counted = job<{ n: number }>({
      name: 't.away',
      handle: (_, { n }, { once }) => once((tx) => tx.run(insertEffect, { effect: String(n), worker: 'w' })),
    })
    const worker = await bench.start([counted], { database, openSession: openIt, chance: () => 0 })
    for (let n = 0; n < 20; n++) await enqueue('t.away', { n })
    await until('some to be done', async () => (await bench.left()) < 15)
    proxy.mode = 'refuse'
    proxy.cut()
    for (let n = 20; n < 40; n++) await enqueue('t.away', { n })
    await until('it to notice', async () => bench.lines.some(({ message }) => message.startsWith('could not report')))
    proxy.mode = 'pass'
    await until('all effects', async () => {
      await bench.db.query('UPDATE graphile_worker._private_jobs SET run_at = now() WHERE run_at > now()')
      return (await bench.left()) === 0
    })
    await worker.stop()
    await database.close()
    await proxy.stop()
    const effects = Object.values(await bench.effects())
    expect(effects).toEqual(Array.from({ length: 40 }, () => 1))
  })

  test('gets back what it was given when the answer was lost', async () => {
    const worker = await bench.start([job({ name: 't.lost', handle: async () => {} })], { concurrency: 1 })
    const [name = ''] = await queue.workers()
    const id = await bench.db.query<{ id: string }>(`SELECT id FROM graphile_worker.add_job('t.lost', run_at => now() + interval '1 hour')`)
    await bench.db.query(
      `UPDATE graphile_worker._private_jobs SET locked_by = $2, locked_at = now() - interval '11 seconds', attempts = 1, run_at = now() WHERE id = $1`,
      [id.rows[0]?.id, name],
    )
    await emptied()
    await worker.stop()
    expect(bench.ends).toHaveLength(1)
  })
})

describe('a worker that stops', () => {
  test('finishes what runs, and leaves the rest as if it had never been touched', async () => {
    const go = Promise.withResolvers<void>()
    const seen: number[] = []
    for (let n = 0; n < 40; n++) await enqueue('t.stop', { n })
    const worker = await bench.start([
      job<{ n: number }>({
        name: 't.stop',
        handle: async (_, { n }) => {
          seen.push(n)
          await go.promise
        },
      }),
    ])
    await until('four to run', async () => seen.length === 4)
    const stopping = worker.stop()
    go.resolve()
    await stopping
    expect(await queue.list({ limit: 99 })).toHaveLength(36)
    for (const row of await queue.list({ limit: 99 })) expect(row).toMatchObject({ state: 'queued', attempts: 0, lastError: null })
    expect(await queue.workers()).toEqual([])
  })

  test('ends by its signal what does not end in time, and hands it back', async () => {
    const [began, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()]
    const worker = await bench.start([
      job({
        name: 't.slow',
        handle: async (_, __, { signal }) => {
          began.resolve()
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          ended.resolve(signal.reason)
        },
      }),
    ])
    await enqueue('t.slow')
    await began.promise
    await worker.stop(50)
    expect(await ended.promise).toMatchObject({ message: 'the worker stops' })
    expect(await rowOf('t.slow')).toMatchObject({ state: 'queued', attempts: 0 })
  })
})

describe('a clock job', () => {
  test('runs once for each tick, however many workers there are, and one missed tick is made up for', async () => {
    const clock = movableClock('2026-03-28T10:00:30Z')
    const ticks: string[] = []
    const daily = job<{ tick: string }>({ name: 't.daily', cron: '30 0 * * *', handle: async (_, { tick }) => void ticks.push(tick) })
    const workers = await Promise.all([1, 2, 3].map(() => bench.start([daily], { clock })))
    const known = () =>
      bench.db.query<{ at: Date }>(`SELECT last_execution AS at FROM graphile_worker._private_known_crontabs WHERE identifier = 't.daily'`)
    await until('the clock job to be known', async () => (await known()).rows.length === 1)
    // Over the night in which Europe's clocks leave an hour out.
    clock.set('2026-03-29T00:30:00Z')
    await until('the first tick', async () => ticks.length === 1)
    await Promise.all(workers.map((worker) => worker.stop()))
    clock.set('2026-04-02T15:00:00Z') // three days with nobody there
    const late = await bench.start([daily], { clock })
    await until('the latest of them', async () => ticks.length === 2)
    clock.set('2026-04-03T00:31:00Z')
    await until('the next', async () => ticks.length === 3)
    await emptied()
    await late.stop()
    expect(ticks.map((tick) => new Date(tick).toISOString())).toEqual([
      '2026-03-29T00:30:00.000Z',
      '2026-04-02T00:30:00.000Z',
      '2026-04-03T00:30:00.000Z',
    ])
  })
})

test('a job run by hand may do all that one of the queue may', async () => {
  const facts = factsByHand(bench.session(), { attempt: 2 })
  facts.progress(1, 2)
  await facts.once((tx) => tx.run(insertEffect, { effect: 'by hand', worker: 'w' }))
  expect(await bench.effects()).toEqual({ 'by hand': 1 })
})
