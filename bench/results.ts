// The figures of a run, the targets they are held against, and what of them can be compared between machines: ratios
// of contenders that ran side by side. Absolute times belong to the machine and are shown, not compared.
import type { CallersResult } from './callers.ts'
import type { Measured } from './scenarios.ts'

export type Contender = 'bare' | 'express' | 'patchbay'

export interface Results {
  readonly http: Readonly<Record<string, Readonly<Record<Contender, Measured>>>>
  readonly voice: { readonly talking: CallersResult; readonly flood: CallersResult; readonly cpuMicrosPerTurn: number }
}

export interface Ratio {
  readonly name: string
  readonly value: number
  /** Which way is better. */
  readonly better: 'lower' | 'higher'
}

export function ratiosOf({ http }: Results): Ratio[] {
  return Object.entries(http).flatMap(([name, { bare, express, patchbay }]): Ratio[] => [
    { name: `${name}: CPU of bare node:http`, value: patchbay.cpuMicros / bare.cpuMicros, better: 'lower' },
    { name: `${name}: CPU of Express`, value: patchbay.cpuMicros / express.cpuMicros, better: 'lower' },
    { name: `${name}: requests per second of Express`, value: patchbay.perSecond / express.perSecond, better: 'higher' },
  ])
}

export interface Target {
  readonly name: string
  readonly value: number
  readonly limit: number
  readonly met: boolean
}

export function targetsOf(results: Results): Target[] {
  const { kept, list } = results.http
  if (!kept || !list) throw new Error('the scenarios that have targets were not run')
  const atMost = (name: string, value: number, limit: number): Target => ({ name, value, limit, met: value <= limit })
  const atLeast = (name: string, value: number, limit: number): Target => ({ name, value, limit, met: value >= limit })
  return [
    atMost('one row: CPU of bare node:http, times', kept.patchbay.cpuMicros / kept.bare.cpuMicros, 2.5),
    atLeast('one row: requests per second of Express, times', kept.patchbay.perSecond / kept.express.perSecond, 3),
    atMost('a list of 100: CPU, µs', list.patchbay.cpuMicros, 400),
    atMost('a voice turn, 200 calls: p95, ms', results.voice.talking.turns.p95, 50),
  ]
}

/** How far a ratio may stray before it is called worse: what two runs of the same code differ by on a busy machine. */
export const noise = 0.35

/** One sentence for each ratio that got worse beyond the noise. */
export function regressions(now: readonly Ratio[], before: readonly Ratio[]): string[] {
  return now.flatMap(({ name, value, better }) => {
    const baseline = before.find((ratio) => ratio.name === name)
    if (!baseline) return []
    const bound = better === 'lower' ? baseline.value * (1 + noise) : baseline.value / (1 + noise)
    const worse = better === 'lower' ? value > bound : value < bound
    return worse ? [`${name}: ${value.toFixed(2)} times, beyond ${bound.toFixed(2)} (the baseline is ${baseline.value.toFixed(2)})`] : []
  })
}
