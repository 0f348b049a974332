import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createDatabase, type TestDatabase, templateReady } from '../../../tests/support/postgres.ts'
import { soon } from '../../../tests/support/soon.ts'
import { migrate, openDatabase } from '../db/index.ts'
import { openBus } from '../events/index.ts'
import { createLogger } from '../telemetry/index.ts'
import { movableClock } from '../time/index.ts'
import { openGuards } from './index.ts'

const log = createLogger({ level: 'silent' })
const policy = { timeoutMs: 60_000, retries: 0, breaker: { failures: 3, halfOpenAfterMs: 30_000 } }
const clock = movableClock('2026-11-24T09:00:00Z')

let database: TestDatabase
beforeAll(async () => {
  const template = await templateReady(async (url) => void (await migrate({ url })))
  database = await createDatabase(template)
})
afterAll(() => database.drop())

/** What one process has: connections, a bus and guards of its own. */
async function startProcess() {
  const connections = openDatabase({ url: database.url, lanes: 1, writers: 1, onError: () => {} })
  const bus = await openBus(connections, log)
  const room = openGuards({ bus, clock, log, database: connections })
  return {
    guard: room.guard('openai_api', policy),
    bus,
    connections,
    stop: async () => {
      await room.close()
      await bus.close()
      await connections.close()
    },
  }
}

test('over PostgreSQL: open in one process is open in all within a second, and one of them probes', async () => {
  const processes = [await startProcess(), await startProcess(), await startProcess()] as const
  const [first] = processes
  const states = () => processes.map(({ guard }) => guard.snapshot().state)
  for (let call = 0; call < 3; call++) await expect(first.guard.call(() => Promise.reject(new Error('reset')))).rejects.toThrow('reset')
  await soon(() => expect(states()).toEqual(['open', 'open', 'open']), 1_000)

  clock.advance(31)
  const release = Promise.withResolvers<void>()
  const probe = vi.fn(() => release.promise)
  let refused = 0
  const calls = processes.flatMap(({ guard }) =>
    Array.from({ length: 3 }, () =>
      guard.call(probe).catch(() => {
        refused += 1
      }),
    ),
  )
  // Eight of nine are turned away while one is still asking the service.
  await soon(() => expect(refused).toBe(8))
  expect(probe).toHaveBeenCalledTimes(1)
  release.resolve()
  await Promise.all(calls)
  await soon(() => expect(states()).toEqual(['closed', 'closed', 'closed']), 1_000)
  expect(probe).toHaveBeenCalledTimes(1)

  for (const { stop } of processes) await stop()
})

test('what an operator said while a process could not hear holds there too, once it hears again', async () => {
  const { guard, bus, connections, stop } = await startProcess()
  await guard.force('open')
  await connections.pool.query(`UPDATE platform.breakers SET state = 'closed', forced = false`)
  expect(guard.snapshot().forced).toBe(true)
  await bus.publish('resync', null)
  await soon(() => expect(guard.snapshot()).toMatchObject({ state: 'closed', forced: false }))
  await connections.pool.query(`UPDATE platform.breakers SET state = 'open', forced = true`)
  await bus.publish('resync', null)
  await soon(() => expect(guard.snapshot()).toMatchObject({ state: 'open', forced: true }))
  await stop()
  // And when everybody was started anew there is nobody left to say it.
  const anew = await startProcess()
  await soon(() => expect(anew.guard.snapshot()).toMatchObject({ state: 'open', forced: true }))
  await anew.stop()
})
