import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type FaultProxy, faultProxy } from '../../../tests/support/fault-proxy.ts'
import { addressOf, createDatabase, type TestDatabase, templateReady } from '../../../tests/support/postgres.ts'
import { soon } from '../../../tests/support/soon.ts'
import { systemPrincipal } from '../auth/index.ts'
import { migrate, openDatabase, statement } from '../db/index.ts'
import { openSession } from '../session/index.ts'
import { createLogger } from '../telemetry/index.ts'
import { systemClock } from '../time/index.ts'
import { openAccord, openCaches } from './index.ts'

const log = createLogger({ level: 'silent' })
let database: TestDatabase
let proxy: FaultProxy
let throughProxy: string
beforeAll(async () => {
  const template = await templateReady(async (url) => void (await migrate({ url })))
  database = await createDatabase(template)
  const { user, password, database: name } = new pg.Client({ connectionString: database.url })
  proxy = await faultProxy(...addressOf(database.url))
  throughProxy = `postgres://${user}:${encodeURIComponent(String(password))}@127.0.0.1:${proxy.port}/${name}`
})
afterAll(async () => {
  await proxy?.stop()
  await database?.drop()
})

/** The truth that is cached: a fact of the installation. */
const readTruth = statement<object, { value: number }>('test_truth', `SELECT value::int AS value FROM platform.facts WHERE name = 'truth'`)
const writeTruth = statement<{ value: number }, never>(
  'test_truth_write',
  `INSERT INTO platform.facts (name, value) VALUES ('truth', to_jsonb(:value::int)) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
)

/** What one process has of its own. `farEars`: the listening connection goes through the proxy. */
async function startProcess({ farEars = false } = {}) {
  const connections = openDatabase({ url: database.url, lanes: 1, writers: 2, onError: () => {} })
  const ears = farEars ? openDatabase({ url: throughProxy, lanes: 1, writers: 1, onError: () => {} }) : connections
  const said = vi.fn()
  const opened = openAccord({ database: { read: connections.read, listen: ears.listen }, log: { ...log, info: said, warn: () => {} } })
  const dropped: unknown[] = []
  const accord = {
    ...opened,
    onForget: (forget: Parameters<typeof opened.onForget>[0]) =>
      opened.onForget((drop) => {
        if (drop) dropped.push(drop)
        forget(drop)
      }),
  }
  const caches = openCaches({ accord, clock: systemClock, log })
  const family = caches.family<number>({ name: 'truth', tier: 'memory', ttlS: 300, maxEntries: 10 })
  const session = openSession({
    database: connections,
    clock: systemClock,
    log,
    principal: systemPrincipal(100, 'test'),
    requestId: null,
    address: null,
    mask: (value) => value,
  })
  const load = vi.fn(async () => (await session.read(readTruth, {}))?.value ?? 0)
  return {
    accord,
    load,
    /** What others have dropped here. */
    dropped,
    /** Told of whoever is no longer waited for. */
    said,
    /** Until it believes its memory; on a busy machine that takes more than one question. */
    inTouch: () =>
      soon(async () => {
        await family.get('100:1', load)
        expect(opened.trusted()).toBe(true)
      }),
    family,
    read: () => family.get('100:1', load),
    write: (value: number) =>
      session.write(async (tx) => {
        await tx.run(writeTruth, { value })
        await family.dropWith(tx, '100:1')
      }),
    /** As `write`, by a process that is gone as soon as it has committed. */
    writeAndFall: (value: number) =>
      session.write(async (tx) => {
        await tx.run(writeTruth, { value })
        await family.dropWith({ later: tx.later, afterCommit: () => {} }, '100:1')
      }),
    stop: async () => {
      await caches.close()
      await connections.close()
      if (ears !== connections) await ears.close()
    },
  }
}
async function ask(sql: string, values: unknown[] = []): Promise<number> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const { rowCount } = await client.query(sql, values)
  await client.end()
  return rowCount ?? 0
}
const peers = () => ask('SELECT FROM platform.cache_peers WHERE evicted_at IS NULL')

describe('what one process has changed', () => {
  test('is read changed in every other by whoever asks after the change was answered, whatever is done where', async () => {
    const processes = [await startProcess(), await startProcess(), await startProcess()]
    let value = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ writer: fc.nat(2), readers: fc.array(fc.nat(2), { maxLength: 4 }) }), { maxLength: 6 }),
        async (steps) => {
          for (const { writer, readers } of steps) {
            for (const reader of readers) void processes[reader]?.read() // somebody is reading while it is changed
            await processes[writer]?.write(++value)
            expect(await Promise.all(processes.map(({ read }) => read()))).toEqual([value, value, value])
          }
        },
      ),
      { numRuns: 15 },
    )
    const [first] = processes
    await soon(async () => {
      await first?.read()
      first?.load.mockClear()
      for (let count = 0; count < 50; count++) await first?.read()
      expect(first?.load).not.toHaveBeenCalled()
    })
    for (const { stop } of processes) await stop()
    expect(await peers()).toBe(0)
  })

  test('that was rolled back is dropped nowhere', async () => {
    const [here, there] = [await startProcess(), await startProcess()]
    await here.write(1)
    await there.read()
    const failed = here.write(Number.NaN).catch(() => 'failed')
    expect(await failed).toBe('failed')
    await here.write(2)
    expect(await there.read()).toBe(2)
    expect(there.dropped).toHaveLength(1)
    await Promise.all([here.stop(), there.stop()])
  })

  test('is told by the commit: the others forget although the process that made it falls at that moment', async () => {
    const [here, there] = [await startProcess(), await startProcess()]
    await here.write(1)
    expect(await there.read()).toBe(1)
    await here.writeAndFall(2)
    await expect.poll(there.read).toBe(2)
    await Promise.all([here.stop(), there.stop()])
  })
})

describe('a process that cannot hear', () => {
  test('does not believe its memory, holds up a change for a moment only, and is back by itself', async () => {
    const [here, deaf] = [await startProcess(), await startProcess({ farEars: true })]
    await here.write(1)
    expect([await here.read(), await deaf.read()]).toEqual([1, 1])
    await deaf.inTouch()
    proxy.mode = 'silent'
    const began = performance.now()
    await here.write(2)
    expect(performance.now() - began).toBeLessThan(3_000)
    expect(await deaf.read()).toBe(2)
    await here.write(3)
    expect(await deaf.read()).toBe(3)
    // It is no longer waited for once it cannot believe its memory any more.
    await soon(async () => expect(await peers()).toBe(1))
    proxy.mode = 'pass'
    proxy.cut()
    await deaf.inTouch()
    await here.write(4)
    expect(await deaf.read()).toBe(4)
    await Promise.all([here.stop(), deaf.stop()])
  })

  test('and was thought gone forgets everything when it finds out', async () => {
    const [here, slow] = [await startProcess(), await startProcess({ farEars: true })]
    await here.write(1)
    expect(await slow.read()).toBe(1)
    await slow.inTouch()
    proxy.delayMs = 600
    await here.write(2)
    expect(await slow.read()).toBe(2)
    proxy.delayMs = 0
    await slow.inTouch()
    await here.write(3)
    expect(await slow.read()).toBe(3)
    await Promise.all([here.stop(), slow.stop()])
  })

  test('and was given up asks to be waited for again before it believes anything', async () => {
    const here = await startProcess()
    await here.read()
    await ask(`UPDATE platform.cache_peers SET evicted_at = clock_timestamp() - interval '1 hour'`)
    await soon(async () => {
      await here.read()
      expect(await peers()).toBe(1)
    })
    await here.stop()
  })

  test('that was killed costs one change a moment, and the next ones nothing', async () => {
    const [here, dead] = [await startProcess(), await startProcess()]
    await here.write(1)
    await dead.read()
    expect(await peers()).toBe(2)
    await dead.accord.close()
    expect(await peers()).toBe(1)
    await ask(`INSERT INTO platform.cache_peers (id) VALUES ('dead')`)
    await here.write(2)
    await soon(async () => expect(await peers()).toBe(1))
    await ask(`UPDATE platform.cache_peers SET evicted_at = evicted_at - interval '5 seconds' WHERE id = 'dead'`)
    const silent = () => here.said.mock.calls.length
    const before = silent()
    expect(before).toBe(1)
    for (let value = 3; value < 8; value++) await here.write(value)
    expect(silent()).toBe(before)
    await Promise.all([here.stop(), dead.stop()])
  })
})

test('what lies in a shared tier under a number that was raised is left behind, by a process that starts later too', async () => {
  const here = await startProcess()
  await here.accord.tell({ family: 'truth', scope: '100' }, 'truth:100')
  await here.accord.tell({ family: 'truth', scope: '100' }, 'truth:100')
  const later = await startProcess()
  await later.read()
  expect([later.accord.epoch('truth:100'), later.accord.epoch('truth:200')]).toEqual([2, 0])
  await later.accord.tell({ family: 'truth', scope: '200' }, 'truth:200')
  expect(here.accord.epoch('truth:200')).toBe(1)
  await Promise.all([here.stop(), later.stop()])
})

test('a process that ends while it waits to hear waits no longer: a command is not held up', async () => {
  vi.useFakeTimers()
  try {
    const listening = { close: async () => {} }
    const accord = openAccord({ database: { read: async () => [{ member: true }], listen: async () => listening }, log })
    const asking = accord.trust()
    await vi.advanceTimersByTimeAsync(600)
    expect(await asking).toBe(false)
    await accord.close()
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('words that nobody of us said change nothing', async () => {
  const here = await startProcess()
  await here.write(5)
  await here.read()
  for (const junk of [
    '',
    'x',
    'null',
    '{}',
    '{"from":1,"number":1,"drop":{"family":"truth","key":"100:1"}}',
    '{"from":null,"number":1,"drop":{"family":7}}',
  ])
    await ask(`SELECT pg_notify('patchbay_cache', $1)`, [junk])
  await here.accord.tell({ family: 'other', key: 'last' }) // heard after all the others
  expect(await here.read()).toBe(5)
  expect(here.dropped).toEqual([])
  await here.stop()
})
