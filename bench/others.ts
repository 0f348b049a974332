// Benches that stand on their own too, as sections of the run.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { jobsPerSecond, showJobs } from './jobs.ts'
import { type Flood, measureOverload, overall, showOverload } from './overload.ts'
import { atLeast, atMost, type Section, type Target } from './results.ts'
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
    targets: figures.floods.flatMap(targetsOf),
    costs: [],
    figures,
  }
}

function targetsOf(flood: Flood): Target[] {
  const kept = overall(flood, (round) => round.kept * 100)
  const awayMs = overall(flood, ({ fiveTimes }) => fiveTimes.turnedAwayLatency.p95)
  const within = atMost(`5 times the peak, ${flood.title}: turned away within, p95`, awayMs, 50, 'ms')
  return flood.name === 'month' ? [atLeast(`5 times the peak, ${flood.title}: kept`, kept, 90, '%'), within] : [within]
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
