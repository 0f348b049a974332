// The table of targets that ends a run.
import { isMet, type Target } from './results.ts'

export function showTargets(targets: readonly Target[]): string {
  const width = Math.max(...targets.map(({ name }) => name.length))
  return targets
    .map((target) => {
      const { name, value, limit, bound, unit } = target
      return `  ${isMet(target) ? '✓' : '✗'} ${name.padEnd(width)}  ${shown(value).padStart(9)} ${unit.padEnd(6)} (${bound} ${shown(limit)})`
    })
    .join('\n')
}

const shown = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toFixed(2)))
