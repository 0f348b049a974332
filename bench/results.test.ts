import { describe, expect, test } from 'vitest'
import { latencyOf } from './latency.ts'
import { noise, type Ratio, regressions } from './results.ts'

const cpu = (value: number): Ratio => ({ name: 'cpu', value, better: 'lower' })
const rate = (value: number): Ratio => ({ name: 'rate', value, better: 'higher' })

describe('a comparison with the baseline', () => {
  test('lets pass what is better, the same, or worse within the noise', () => {
    expect(regressions([cpu(1), rate(9)], [cpu(2), rate(3)])).toEqual([])
    expect(regressions([cpu(2), rate(3)], [cpu(2), rate(3)])).toEqual([])
    expect(regressions([cpu(2 * (1 + noise) - 0.01), rate(3 / (1 + noise) + 0.01)], [cpu(2), rate(3)])).toEqual([])
  })

  test('names what is worse beyond it, in either direction', () => {
    expect(regressions([cpu(2 * (1 + noise) + 0.01)], [cpu(2)])).toEqual([expect.stringContaining('cpu')])
    expect(regressions([rate(3 / (1 + noise) - 0.01)], [rate(3)])).toEqual([expect.stringContaining('rate')])
  })

  test('has no opinion on what the baseline does not know', () => {
    expect(regressions([cpu(100)], [rate(3)])).toEqual([])
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
