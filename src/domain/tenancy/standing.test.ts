// Whether an organisation stands, where word of a change and a look at the database cross each other.
import { expect, test, vi } from 'vitest'
import type { Database } from '../../platform/db/index.ts'
import { openStanding, standingChanged } from './standing.ts'

function bench() {
  const listeners = new Map<string, (payload: unknown) => void>()
  const bus = {
    publish: async () => {},
    subscribe(word: string, listener: (payload: unknown) => void) {
      listeners.set(word, listener)
      return () => {}
    },
  }
  const read = vi.fn<() => Promise<{ active: boolean }[]>>(async () => [{ active: true }])
  const standing = openStanding({ read } as unknown as Database, bus)
  return { standing, read, tell: (word: string, payload: unknown) => listeners.get(word)?.(payload) }
}

test('is asked of the database once, and known after', async () => {
  const { standing, read } = bench()
  expect(await Promise.all(Array.from({ length: 50 }, () => standing.isActive(1)))).toEqual(Array(50).fill(true))
  expect(standing.isActive(1)).toBe(true)
  expect(read).toHaveBeenCalledTimes(1)
})

test('is asked anew after a change of it, not of another, and after word may have been lost', async () => {
  const { standing, read, tell } = bench()
  await standing.isActive(1)
  tell(standingChanged, 2)
  expect(standing.isActive(1)).toBe(true)
  for (const [word, payload] of [
    [standingChanged, 1],
    ['resync', null],
  ] as const) {
    tell(word, payload)
    read.mockResolvedValueOnce([{ active: false }])
    expect(await standing.isActive(1)).toBe(false)
    expect(await standing.isActive(1)).toBe(true)
  }
})

test('what was read before a change is not believed after it', async () => {
  const { standing, read, tell } = bench()
  const slow = Promise.withResolvers<{ active: boolean }[]>()
  read.mockReturnValueOnce(slow.promise).mockResolvedValue([{ active: false }])
  const early = standing.isActive(1)
  tell(standingChanged, 1)
  expect(await standing.isActive(1), 'whoever asks after the change does not share the look before it').toBe(false)
  slow.resolve([{ active: true }])
  expect(await early).toBe(true)
  expect(await standing.isActive(1)).toBe(false)
})

test('of one that is not there is not remembered: it may be founded at any moment', async () => {
  const { standing, read } = bench()
  read.mockResolvedValueOnce([])
  expect(await standing.isActive(1)).toBe(false)
  expect(await standing.isActive(1)).toBe(true)
})
