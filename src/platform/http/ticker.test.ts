import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { workFor } from '../../../tests/support/work.ts'
import { openTicker } from './ticker.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('is silent until it is woken, and again when there is nothing more to measure', () => {
  const heard: number[] = []
  let more = true
  const ticker = openTicker(10, ({ lateMs, sinceMs }) => {
    heard.push(lateMs, sinceMs)
    return more
  })
  expect(vi.getTimerCount()).toBe(0)
  vi.advanceTimersByTime(5_000)
  ticker.wake()
  ticker.wake()
  vi.advanceTimersByTime(20)
  expect(heard).toEqual([0, 10, 0, 10]) // what went before it was woken is no wait
  more = false
  vi.advanceTimersByTime(10)
  expect(vi.getTimerCount()).toBe(0)
  more = true
  ticker.wake()
  expect(vi.getTimerCount()).toBe(1)
  ticker.close()
  expect(vi.getTimerCount()).toBe(0)
})

test('tells work of its own from time that went by', () => {
  const heard: number[] = []
  const ticker = openTicker(10, (tick) => heard.push(tick.ownMs) > 0)
  workFor(100) // before it is woken: nobody's
  ticker.wake()
  workFor(30)
  vi.advanceTimersByTime(10)
  vi.advanceTimersByTime(10)
  ticker.close()
  const [busy = 0, idle = 0] = heard
  expect(busy).toBeGreaterThanOrEqual(30)
  expect(busy).toBeLessThan(100)
  expect(idle).toBeLessThan(30)
})
