// What a section of the bench brings home: lines to read, targets met or not, and costs that a later run can be held
// against. A cost is CPU for one piece of work; between runs and machines it is compared in yardsticks, the CPU of one
// bare node:http request measured in the same run.
export interface Section {
  readonly lines: readonly string[]
  readonly targets: readonly Target[]
  readonly costs: readonly Cost[]
  /** As measured, for `--json`. */
  readonly figures: unknown
}

export interface Target {
  readonly name: string
  readonly value: number
  readonly limit: number
  readonly unit: string
  readonly bound: 'at most' | 'at least'
}

export const atMost = (name: string, value: number, limit: number, unit = ''): Target => ({ name, value, limit, unit, bound: 'at most' })
export const atLeast = (name: string, value: number, limit: number, unit = ''): Target => ({ name, value, limit, unit, bound: 'at least' })

/** A figure that could not be measured meets nothing. */
export const isMet = ({ value, limit, bound }: Target): boolean => (bound === 'at most' ? value <= limit : value >= limit)

export interface Cost {
  readonly name: string
  readonly micros: number
  /** What a slice of it strays by, as a part; null where it was measured in one piece. */
  readonly spread: number | null
}

export interface Baseline {
  readonly machine: Machine
  readonly yardstick: Cost
  readonly costs: readonly Cost[]
}

export interface Machine {
  readonly at: string
  readonly processor: string
  readonly cores: number
  readonly memoryGib: number
  readonly node: string
  readonly system: string
  /** Of the last minute, before the run: what else the machine was doing. */
  readonly load: number
}

/** What two runs of the same code differ by, on a machine of their own; and what is thought of a figure without slices. */
const leastNoise = 0.1
const unknownSpread = 0.1

/** @returns a sentence for each cost that grew beyond the noise of both runs, and how many were compared */
export function comparison(now: Baseline, before: Baseline): { worse: string[]; compared: number } {
  const pairs = now.costs.flatMap((cost) => {
    const past = before.costs.find(({ name }) => name === cost.name)
    return past ? [{ cost, past }] : []
  })
  const worse = pairs.flatMap(({ cost, past }) => {
    const [value, baseline] = [cost.micros / now.yardstick.micros, past.micros / before.yardstick.micros]
    const noise = leastNoise + 2 * Math.hypot(...[cost, past, now.yardstick, before.yardstick].map(({ spread }) => spread ?? unknownSpread))
    if (value <= baseline * (1 + noise)) return []
    return [
      `${cost.name}: ${value.toFixed(1)} yardsticks, was ${baseline.toFixed(1)}; noise explains ${(baseline * (1 + noise)).toFixed(1)}`,
    ]
  })
  return { worse, compared: pairs.length }
}

/** What `now` did not measure of `before`, in microseconds of the machine as it is now. */
export function keptCosts(before: Baseline, now: Baseline): Cost[] {
  const measured = new Set(now.costs.map(({ name }) => name))
  const slower = now.yardstick.micros / before.yardstick.micros
  return before.costs.filter(({ name }) => !measured.has(name)).map((cost) => ({ ...cost, micros: cost.micros * slower }))
}
