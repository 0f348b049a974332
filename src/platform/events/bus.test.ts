import { expect, test, vi } from 'vitest'
import type { Database } from '../db/index.ts'
import { openBus } from './bus.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }

test('closed in the middle of a reconnection, it closes what was just opened and tells nobody of it', async () => {
  const first = { close: vi.fn(async () => {}) }
  const second = { close: vi.fn(async () => {}) }
  const reopened = Promise.withResolvers<typeof second>()
  const listen = vi.fn<Database['listen']>().mockResolvedValueOnce(first).mockReturnValueOnce(reopened.promise)
  const bus = await openBus({ listen } as unknown as Database, log)
  const resync = vi.fn()
  bus.subscribe('resync', resync)

  listen.mock.calls[0]?.[2](new Error('gone'))
  await expect.poll(() => listen.mock.calls.length).toBe(2)
  const closing = bus.close()
  reopened.resolve(second)
  await closing

  expect(second.close).toHaveBeenCalledOnce()
  expect(resync).not.toHaveBeenCalled()
})
