// A histogram of Prometheus that is counted into for every request. prom-client finds a series anew for each value, by all of its
// labels; here it is found once, and counting is an addition. What is exposed is the same.
import type { Histogram, Registry } from 'prom-client'

export interface Durations<Label extends string> {
  /** @returns what counts one duration, in seconds */
  series(labels: Readonly<Record<Label, string>>): (seconds: number) => void
}

interface Row {
  readonly labels: Readonly<Record<string, string>>
  /** How many were in each bucket and in none below it; the last has what is above all bounds. */
  readonly counts: number[]
  sum: number
}

export function openDurations<Label extends string>(
  registry: Registry,
  { name, help, bounds }: { readonly name: string; readonly help: string; readonly bounds: readonly number[] },
): Durations<Label> {
  const rows: Row[] = []
  const exposed = {
    name,
    get: () => ({ name, help, type: 'histogram', aggregator: 'sum', values: rows.flatMap((row) => valuesOf(name, bounds, row)) }),
  }
  registry.registerMetric(exposed as unknown as Histogram) // all that a registry asks of its metrics
  return {
    series(labels) {
      const row: Row = { labels, counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 }
      rows.push(row)
      return (seconds) => {
        let at = 0
        while (at < bounds.length && seconds > (bounds[at] as number)) at += 1
        row.counts[at] = (row.counts[at] as number) + 1
        row.sum += seconds
      }
    },
  }
}

/** Each bucket counts what is in those before it, too. */
function valuesOf(name: string, bounds: readonly number[], { labels, counts, sum }: Row): object[] {
  let below = 0
  const buckets = counts.map((count, at) => {
    below += count
    return { metricName: `${name}_bucket`, labels: { le: bounds[at] ?? '+Inf', ...labels }, value: below }
  })
  return [...buckets, { metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: below }]
}
