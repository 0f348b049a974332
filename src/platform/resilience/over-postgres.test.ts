import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createDatabase, type TestDatabase, templateReady } from '../../../tests/support/postgres.ts'
import { migrate, openDatabase } from '../db/index.ts'
import { openBus } from '../events/index.ts'
import { createLogger } from '../telemetry/index.ts'
import { systemClock } from '../time/index.ts'
import { openGuards } from './index.ts'

const log = createLogger({ level: 'silent' })
const policy = { timeoutMs: 1000, retries: 0, breaker: { failures: 3, halfOpenAfterMs: 300 } }

let database: TestDatabase
beforeAll(async () => {
  const template = await templateReady(async (url) => void (await migrate({ url })), 'migrated_only')
  database = await createDatabase(template)
})
afterAll(() => database.drop())

/** What one process has: connections, a bus and guards of its own. */
async function startProcess() {
  const connections = openDatabase({ url: database.url, lanes: 1, writers: 1, onError: () => {} })
  const bus = await openBus(connections, log)
  const room = openGuards({ bus, clock: systemClock, log })
  return {
    guard: room.guard('openai_api', policy),
    stop: async () => {
      room.close()
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
  await vi.waitFor(() => expect(states()).toEqual(['open', 'open', 'open']), { timeout: 1000, interval: 5 })

  const release = Promise.withResolvers<void>()
  const probe = vi.fn(() => release.promise)
  const outcomes: Promise<unknown>[] = []
  await vi.waitFor(() => {
    for (const { guard } of processes) outcomes.push(guard.call(probe).catch((error: unknown) => error))
    expect(probe).toHaveBeenCalled()
  })
  release.resolve()
  await vi.waitFor(() => expect(states()).toEqual(['closed', 'closed', 'closed']), { timeout: 1000, interval: 5 })
  expect(probe).toHaveBeenCalledTimes(1)
  await Promise.all(outcomes)

  for (const { stop } of processes) await stop()
})
