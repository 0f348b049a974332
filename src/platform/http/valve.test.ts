import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openValve, type Valve } from './valve.ts'

const targetMs = 25
const tickMs = 15

/**
 * A server that can do `capacity` requests a tick and is offered `offered`: what waits is what it has not done yet.
 * @returns how many of the last `ticks` it let in, how many were offered, and the longest wait in ms
 */
function simulate(valve: Valve, { offered, capacity, ticks }: { offered: number; capacity: number; ticks: number }) {
  let [queue, letIn, done, longest] = [0, 0, 0, 0]
  for (let tick = 0; tick < ticks; tick++) {
    for (let n = 0; n < offered; n++)
      if (valve.admits(false)) {
        queue += 1
        letIn += 1
      }
    const served = Math.min(queue, capacity)
    queue -= served
    done += served
    const waitMs = (queue / capacity) * tickMs
    longest = Math.max(longest, waitMs)
    valve.measure(waitMs, tickMs)
  }
  return { letIn, done, longest, share: valve.share() }
}

describe('the valve', () => {
  test('lets everybody in while nobody waits long', () => {
    const valve = openValve(targetMs)
    expect(simulate(valve, { offered: 90, capacity: 100, ticks: 500 })).toMatchObject({ letIn: 45_000, share: 0 })
  })

  test('does not mind a burst', () => {
    const valve = openValve(targetMs)
    for (let n = 0; n < 9; n++) valve.measure(200, tickMs) // 135 ms
    expect(valve.share()).toBe(0)
    valve.measure(200, tickMs)
    valve.measure(210, tickMs)
    expect(valve.share()).toBeGreaterThan(0)
  })

  test('at two to ten times what can be done, keeps the server busy and the wait short', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 80 }), fc.double({ min: 2, max: 10, noNaN: true }), (capacity, times) => {
        const valve = openValve(targetMs)
        const load = { offered: Math.round(capacity * times), capacity }
        simulate(valve, { ...load, ticks: 800 })
        const settled = simulate(valve, { ...load, ticks: 400 })
        expect(settled.done).toBeGreaterThan(0.9 * capacity * 400)
        expect(settled.longest).toBeLessThan(4 * targetMs)
      }),
      { numRuns: 12 },
    )
  })

  test('then turns away at once in the proportion in which too much came', () => {
    const valve = openValve(targetMs)
    for (let n = 0; n < 10; n++) valve.measure(100, tickMs) // 150 ms
    expect(valve.share()).toBeCloseTo(0.75)
  })

  test('does not let a crowd in because the wait became shorter while it is still too long', () => {
    const valve = openValve(targetMs)
    for (let n = 0; n < 20; n++) valve.measure(600, tickMs)
    const before = valve.share()
    valve.measure(60, tickMs)
    expect(valve.share()).toBeGreaterThanOrEqual(0.9 * before)
  })

  test('lets everybody in again soon after it is over', () => {
    const valve = openValve(targetMs)
    simulate(valve, { offered: 500, capacity: 100, ticks: 1000 })
    expect(valve.share()).toBeGreaterThan(0.5)
    simulate(valve, { offered: 10, capacity: 100, ticks: 1000 / tickMs })
    expect(valve.share()).toBe(0)
  })

  test('turns away the precious last', () => {
    const valve = openValve(targetMs)
    simulate(valve, { offered: 300, capacity: 100, ticks: 1000 })
    const usual = Array.from({ length: 1000 }, () => valve.admits(false)).filter(Boolean).length
    const precious = Array.from({ length: 1000 }, () => valve.admits(true)).filter(Boolean).length
    expect(usual).toBeLessThan(600)
    expect(precious).toBe(1000)
  })
})
