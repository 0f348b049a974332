// The yardstick of a run: the CPU of one bare node:http request on this machine at this time.
import { startChild } from './children.ts'
import { startContender } from './contenders.ts'
import type { LoadJob, LoadResult } from './load.ts'
import type { Cost } from './results.ts'
import { spreadOf, undisturbed } from './slices.ts'

const path = '/yardstick'
const body = { id: 100, name: 'Acme Corporation', domain: 'acme.example', status: 'active', createdAt: '2026-03-01T09:00:00Z' }
const sliceMs = 500

/** @returns slices, to be joined with those of other moments of the run */
export async function yardstickSlices(count: number): Promise<number[]> {
  const bare = await startContender('bare', { bodies: { [path]: body } })
  const generator = await startChild('load.ts', {})
  try {
    const job: LoadJob = { port: bare.port, path, headers: {}, connections: 16, durationMs: sliceMs }
    await generator.ask<LoadResult>({ ...job, durationMs: 1000 }) // warm
    const slices: number[] = []
    while (slices.length < count) {
      const before = await bare.cpuMicros()
      const { requests } = await generator.ask<LoadResult>(job)
      slices.push(((await bare.cpuMicros()) - before) / requests)
    }
    return slices
  } finally {
    await Promise.all([generator.stop(), bare.stop()])
  }
}

export const yardstickOf = (slices: readonly number[]): Cost => ({
  name: 'yardstick',
  micros: undisturbed(slices),
  spread: spreadOf(slices),
})
