// Benches that stand on their own too, as sections of the run.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { jobsPerSecond, showJobs } from './jobs.ts'
import { measureOverload, overall, showOverload } from './overload.ts'
import { atLeast, atMost, type Section } from './results.ts'
import type { World } from './world.ts'

export async function jobsSection({ databaseUrl }: World): Promise<Section> {
  const figures = await jobsPerSecond(databaseUrl)
  if (figures.fsync !== 'on' || figures.synchronousCommit !== 'on') throw new Error('the jobs were not durable')
  return {
    lines: indented(showJobs(figures)),
    targets: [atLeast('durable jobs run', figures.runPerS, 10_000, '/s')],
    costs: [{ name: 'a job', micros: figures.nodeMicros, spread: null }],
    figures,
  }
}

export async function overloadSection(world: World): Promise<Section> {
  const figures = await measureOverload(world)
  return {
    lines: indented(showOverload(figures)),
    targets: [
      atLeast(
        'at 5 times the peak: kept',
        overall(figures, ({ kept }) => kept * 100),
        90,
        '%',
      ),
      atMost(
        'at 5 times the peak: turned away within, p95',
        overall(figures, ({ fiveTimes }) => fiveTimes.turnedAwayLatency.p95),
        50,
        'ms',
      ),
    ],
    costs: [],
    figures,
  }
}

/** In a process and with a database of its own, because what it measures is how the whole process reads. */
export async function auditSection(): Promise<Section> {
  const file = fileURLToPath(new URL('audit.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [file, '--json'])
  const figures = JSON.parse(stdout) as Record<string, number>
  const of = (name: string) => figures[name] ?? Number.NaN
  return {
    lines: Object.entries(figures).map(([name, value]) => `  ${name.padEnd(24)} ${value.toLocaleString('en')}`),
    targets: [atMost('a million audit entries verified', of('verify, ms') / 1000, 10, 's')],
    costs: [{ name: 'an audit entry verified', micros: (of('verify, Node CPU ms') * 1000) / of('entries'), spread: null }],
    figures,
  }
}

const indented = (text: string): string[] => text.split('\n').map((line) => `  ${line}`)
