// The table that a run prints.
import type { CallersResult } from './callers.ts'
import { type Contender, type Results, ratiosOf, targetsOf } from './results.ts'
import type { Scenario } from './scenarios.ts'

const contenders: readonly Contender[] = ['bare', 'express', 'patchbay']

export function show(results: Results, scenarios: readonly Scenario[]): string {
  const heading = row(['', '', 'requests/s', 'CPU µs', 'p50 ms', 'p95 ms', 'p99 ms'])
  const http = scenarios.flatMap(({ name, title }) =>
    contenders.map((contender, index) => {
      const { perSecond, cpuMicros, latency } = results.http[name]?.[contender] ?? missing(name)
      const times = [latency.p50, latency.p95, latency.p99].map((ms) => ms.toFixed(1))
      return row([index === 0 ? title : '', contender, perSecond.toFixed(0), cpuMicros.toFixed(0), ...times])
    }),
  )
  const ratios = ratiosOf(results).map(({ name, value }) => `  ${name}: ${value.toFixed(2)} times`)
  const targets = targetsOf(results).map(({ name, value, limit, met }) => `  ${met ? '✓' : '✗'} ${name}: ${value.toFixed(2)} (${limit})`)
  const { talking, flood, cpuMicrosPerTurn } = results.voice
  const voice = [
    turns('200 calls at once, each talking between turns', talking),
    turns('200 calls at once, none pausing', flood),
    `  CPU of the server, a turn: ${(cpuMicrosPerTurn / 1000).toFixed(1)} ms`,
  ]
  return ['GET', heading, ...http, '', 'Voice', ...voice, '', 'Ratios', ...ratios, '', 'Targets', ...targets].join('\n')
}

const turns = (title: string, { turns: { p50, p95, p99, max }, taken, seconds, booked }: CallersResult): string =>
  `  ${title}: p50 ${p50.toFixed(0)}, p95 ${p95.toFixed(0)}, p99 ${p99.toFixed(0)}, max ${max.toFixed(0)} ms; ${taken} turns, ${(taken / seconds).toFixed(0)} a second, ${booked} booked`

const widths = [20, 9, 11, 8, 8, 8, 8]
const row = (cells: readonly string[]): string =>
  `  ${cells.map((cell, index) => (index < 2 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))).join(' ')}`

function missing(name: string): never {
  throw new Error(`${name} was not run`)
}
