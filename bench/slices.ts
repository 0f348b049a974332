// One machine, many tenants: whoever else works on it takes from every measurement. So contenders are measured in short
// slices, one after the other and round again. The median of a contender's slices stands for what its users see; what its
// code costs is told by the quarter of them that others disturbed least.
import type { Latency } from './latency.ts'
import type { LoadResult } from './load.ts'

/** One slice. CPU is the server process's own, for one request; PostgreSQL's is not in it. */
export interface Slice {
  readonly perSecond: number
  readonly cpuMicros: number
  readonly latency: Latency
  readonly bytes: number
}

export interface Measured extends Slice {
  /** Of the CPU: half of the middle half of the slices, as a part of the median. */
  readonly spread: number
  readonly slices: number
}

export function sliceOf({ requests, seconds, latency, bytes }: LoadResult, cpuMicros: number): Slice {
  return { perSecond: requests / seconds, cpuMicros: cpuMicros / requests, latency, bytes: bytes / requests }
}

export function summary(slices: readonly Slice[]): Measured {
  const of = (pick: (slice: Slice) => number) => median(slices.map(pick))
  const cpu = slices.map(({ cpuMicros }) => cpuMicros)
  return {
    perSecond: of(({ perSecond }) => perSecond),
    cpuMicros: undisturbed(cpu),
    bytes: of(({ bytes }) => bytes),
    latency: {
      p50: of(({ latency }) => latency.p50),
      p95: of(({ latency }) => latency.p95),
      p99: of(({ latency }) => latency.p99),
      max: Math.max(...slices.map(({ latency }) => latency.max)),
    },
    spread: spreadOf(cpu),
    slices: slices.length,
  }
}

/** The CPU that a piece of work takes, of slices: whoever else uses the processor, its caches and its memory only ever adds to it. */
export const undisturbed = (values: readonly number[]): number => quantile(values, 0.25)

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Half of the distance between the quartiles, as a part of the median: what one slice strays by, mostly. */
export function spreadOf(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const [low, high] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN]
  return low + (high - low) * (at - Math.floor(at))
}
