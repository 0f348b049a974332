import { describe, expect, test } from 'vitest'
import { kneeOf } from './capacity.ts'
import { latencyOf } from './latency.ts'
import { scaleOf } from './processes.ts'
import { atLeast, atMost, type Baseline, comparison, isMet, keptCosts, type Machine } from './results.ts'
import { chosen, sections } from './sections.ts'
import { showTargets } from './show.ts'
import { median, sliceOf, spreadOf, summary } from './slices.ts'

const machine: Machine = { at: '2026-03-01T09:00:00.000Z', processor: 'any', cores: 2, memoryGib: 8, node: 'v26', system: 'any', load: 0 }
const run = (micros: number, { yardstick = 10, spread = 0.05 as number | null, name = 'a list' } = {}): Baseline => ({
  machine,
  yardstick: { name: 'yardstick', micros: yardstick, spread: 0.05 },
  costs: [{ name, micros, spread }],
})

describe('a comparison with the baseline', () => {
  test('lets pass what costs less, the same, or more within the noise of both runs', () => {
    for (const micros of [50, 100, 125]) expect(comparison(run(micros), run(100))).toEqual({ worse: [], compared: 1 })
  })

  test('names what costs more beyond it, with all three figures', () => {
    expect(comparison(run(140), run(100)).worse).toEqual(['a list: 14.0 yardsticks, was 10.0; noise explains 13.0'])
  })

  test('excuses a slower machine, and not slower code on a faster one', () => {
    expect(comparison(run(300, { yardstick: 30 }), run(100)).worse).toEqual([])
    expect(comparison(run(100, { yardstick: 5 }), run(100)).worse).toHaveLength(1)
  })

  test('allows more where the slices of a run stray more, or there were none', () => {
    expect(comparison(run(140, { spread: 0.2 }), run(100)).worse).toEqual([])
    expect(comparison(run(135, { spread: null }), run(100)).worse).toEqual([])
  })

  test('has no opinion on what the baseline does not know', () => {
    expect(comparison(run(900, { name: 'new' }), run(100))).toEqual({ worse: [], compared: 0 })
  })
})

describe('a baseline of which a part is measured anew', () => {
  test('keeps the rest as the machine would measure it now, so that it compares as it did', () => {
    const before = run(100)
    const now = run(60, { yardstick: 20, name: 'another' })
    const kept = keptCosts(before, now)
    expect(kept).toEqual([{ name: 'a list', micros: 200, spread: 0.05 }])
    expect(comparison(run(140), { ...now, costs: kept }).worse).toEqual(comparison(run(140), before).worse)
    expect(keptCosts(before, run(60))).toEqual([])
  })
})

describe('a target', () => {
  test('is met on its limit and on the right side of it, and never by what could not be measured', () => {
    expect([2, 2.5, 2.51, Number.NaN].map((value) => isMet(atMost('', value, 2.5)))).toEqual([true, true, false, false])
    expect([3.1, 3, 2.99, Number.NaN].map((value) => isMet(atLeast('', value, 3)))).toEqual([true, true, false, false])
  })

  test('is shown with its verdict, its figure and its limit', () => {
    const shown = showTargets([atMost('one row: CPU', 2.4567, 2.5, 'times'), atLeast('jobs', 9_999.4, 10_000, '/s')]).split('\n')
    expect(shown[0]).toMatch(/✓ one row: CPU +2\.46 times +\(at most 2\.5\)/)
    expect(shown[1]).toMatch(/✗ jobs +9,999 \/s +\(at least 10,000\)/)
  })
})

describe('slices', () => {
  test('have a median between the middle two, whatever their order', () => {
    expect(median([5, 1, 9])).toBe(5)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  test('stray by half of the middle half, and not by the one that another tenant spoilt', () => {
    expect(spreadOf([100, 100, 100, 100, 900])).toBe(0)
    expect(spreadOf([80, 90, 100, 110, 120])).toBeCloseTo(0.1)
  })

  test('count CPU and bytes for one request, and are summed up by their medians; their cost by those that nobody disturbed', () => {
    const latency = { p50: 1, p95: 2, p99: 3, max: 4 }
    const slice = (requests: number) => sliceOf({ requests, seconds: 2, bytes: requests * 50, latency }, 10_000)
    expect(slice(100)).toEqual({ perSecond: 50, cpuMicros: 100, bytes: 50, latency })
    expect(summary([slice(100), slice(50), slice(200)])).toMatchObject({ perSecond: 50, cpuMicros: 75, latency, slices: 3 })
  })
})

describe('two processes', () => {
  const slices = (perSecond: number, nodeMicros: number) => [{ perSecond, nodeMicros, postgresMicros: 100 }]

  test('are twice one, less what a request costs them more; the clock says what it says', () => {
    expect(scaleOf(slices(1000, 200), slices(1300, 200))).toEqual({ byClock: 1.3, withoutPostgres: 2 })
    expect(scaleOf(slices(1000, 200), slices(1300, 250)).withoutPostgres).toBeCloseTo(1.6)
  })
})

describe('the calls that one process carries', () => {
  const step = (calls: number, p95: number) => ({ calls, result: { turns: { p95 } } })

  test('are the most before the first that were too slow; what came after luck does not count', () => {
    expect(kneeOf([step(100, 10), step(200, 50), step(300, 51), step(400, 20)])).toBe(200)
    expect(kneeOf([step(100, 10), step(200, 20)])).toBe(200)
    expect(kneeOf([step(100, 60)])).toBeNull()
    expect(kneeOf([step(100, 9), step(200, Number.NaN)])).toBe(100)
  })
})

describe('percentiles', () => {
  test('are times that were measured, by nearest rank, in any order', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect(latencyOf(hundred)).toEqual({ p50: 50, p95: 95, p99: 99, max: 100 })
    expect(latencyOf([7])).toEqual({ p50: 7, p95: 7, p99: 7, max: 7 })
  })

  test('of nothing are no numbers', () => {
    expect(latencyOf([]).p95).toBeNaN()
  })
})

describe('the sections of a run', () => {
  test('are chosen by name and run in their own order; what does not exist is refused by name', () => {
    expect(chosen('voice, http')).toEqual(['http', 'voice'])
    expect(chosen(undefined)).toEqual(Object.keys(sections))
    expect(() => chosen('http,lists')).toThrow('lists')
  })
})
