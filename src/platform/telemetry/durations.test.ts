import fc from 'fast-check'
import { Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { openDurations } from './durations.ts'

const [name, help, bounds] = ['took_seconds', 'How long it took', [0.001, 0.1, 1]]
const labelNames = ['method', 'route'] as const

test('what is exposed is what prom-client would expose, whatever is counted', async () => {
  const label = fc.constantFrom('GET', 'a "quoted"\\route\n', '')
  const value = fc.oneof(fc.double({ min: 0, max: 2, noNaN: true }), fc.constantFrom(...bounds))
  const observed = fc.array(fc.record({ method: label, route: label, value }), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(observed, async (all) => {
      const [ours, theirs] = [new Registry(), new Registry()]
      const durations = openDurations<(typeof labelNames)[number]>(ours, { name, help, bounds })
      const histogram = new Histogram({ name, help, buckets: bounds, labelNames, registers: [theirs] })
      const series = new Map<string, (seconds: number) => void>()
      for (const { value: seconds, ...labels } of all) {
        const key = JSON.stringify(labels)
        const observe = series.get(key) ?? durations.series(labels)
        series.set(key, observe)
        observe(seconds)
        histogram.observe(labels, seconds)
      }
      expect(await ours.metrics()).toBe(await theirs.metrics())
    }),
  )
})
