import { afterEach, beforeEach, expect, test, vi } from 'vitest'
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
  const ticker = openTicker(10, (lateMs, sinceMs) => {
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
