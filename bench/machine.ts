// What a figure was measured on: without it, the figure says nothing.
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import type { Machine } from './results.ts'

export const machineNow = (): Machine => ({
  at: new Date().toISOString(),
  processor: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryGib: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  system: `${type()} ${release()}`,
  load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
})

export const showMachine = ({ processor, cores, memoryGib, node, system, load }: Machine): string =>
  `${cores} cores of ${processor}, ${memoryGib} GiB, ${system}, Node.js ${node}; load before the run ${load}`
