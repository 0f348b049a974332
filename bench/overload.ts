// What is left of a server at five times its peak: how much it still serves, and how soon it turns the rest away. On its
// own: node bench/overload.ts
import type { ArrivalsJob, ArrivalsResult } from './arrivals.ts'
import { type Child, type Figures, startChild } from './children.ts'
import type { LoadJob, LoadResult } from './load.ts'
import { openWorld, type World } from './world.ts'

export interface Overload {
  /** As many as it can. */
  readonly peak: Peak
  /** At 90 % of the peak: nobody should be turned away. */
  readonly below: ArrivalsResult
  readonly fiveTimes: ArrivalsResult
  /** What it served at five times the peak, as a part of the peak. */
  readonly kept: number
  /** The same for each second of its processor: what generators and others took from it is out of it. */
  readonly keptPerCpu: number
}

interface Peak {
  readonly perSecond: number
  readonly perCpuSecond: number
}

const closed = { connections: 128, warmUpMs: 1500, durationMs: 3000 }
const settleMs = 2500
const countMs = 5000

type Request = Pick<ArrivalsJob, 'path' | 'headers'>

/** The machine is another from one minute to the next: each round finds its own peak, and the middle one is told. */
const rounds = 3

export async function measureOverload(world: World): Promise<Overload> {
  const request: Request = { path: '/v1/calls?limit=100', headers: { authorization: `Bearer ${world.token}` } }
  // The peak is that of a server which turns nobody away.
  const patient = { ...world, environment: { ...world.environment, MAX_WAIT_MS: '0' } }
  const children = await Promise.all([
    startChild('contenders/patchbay.ts', patient),
    startChild('load.ts', {}),
    startChild('contenders/patchbay.ts', world),
    startChild('arrivals.ts', {}),
  ])
  try {
    const [willing, crowd, guarded, callers] = children
    const measured: Overload[] = []
    for (let round = 0; round < rounds; round++)
      measured.push(await flood(guarded, callers, request, await peakOf(willing, crowd, request)))
    return middleOf(measured)
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

function middleOf(measured: Overload[]): Overload {
  const middle = measured.sort((a, b) => a.kept - b.kept)[Math.floor(measured.length / 2)]
  if (!middle) throw new Error('nothing was measured')
  return middle
}

/** As many as come while every connection asks again as soon as it is answered. */
async function peakOf(server: Child, generator: Child, request: Request): Promise<Peak> {
  const { port } = await server.ask<Figures>({})
  const job: LoadJob = { ...request, port, connections: closed.connections, durationMs: closed.warmUpMs }
  await generator.ask<LoadResult>(job)
  const before = await server.ask<Figures>({})
  const { requests, seconds } = await generator.ask<LoadResult>({ ...job, durationMs: closed.durationMs })
  const after = await server.ask<Figures>({})
  return { perSecond: requests / seconds, perCpuSecond: requests / cpuSeconds(before, after) }
}

async function flood(server: Child, generator: Child, request: Request, peak: Peak): Promise<Overload> {
  const { port } = await server.ask<Figures>({})
  const at = (times: number, durationMs: number): Promise<ArrivalsResult> =>
    generator.ask<ArrivalsResult>({ ...request, port, durationMs, perSecond: peak.perSecond * times })
  await at(0.9, settleMs)
  const below = await at(0.9, countMs)
  await at(5, settleMs)
  const before = await server.ask<Figures>({})
  const fiveTimes = await at(5, countMs)
  const after = await server.ask<Figures>({})
  const kept = fiveTimes.served / fiveTimes.seconds / peak.perSecond
  return { peak, below, fiveTimes, kept, keptPerCpu: fiveTimes.served / cpuSeconds(before, after) / peak.perCpuSecond }
}

const cpuSeconds = (before: Figures, after: Figures): number => (after.cpuMicros - before.cpuMicros) / 1e6

export function showOverload({ peak, below, fiveTimes, kept, keptPerCpu }: Overload): string {
  const line = (name: string, { seconds, offered, served, turnedAway, failed, servedLatency, turnedAwayLatency }: ArrivalsResult) =>
    [
      `${name}: offered ${Math.round(offered / seconds)}/s, served ${Math.round(served / seconds)}/s`,
      `(p50 ${servedLatency.p50.toFixed(0)} ms, p99 ${servedLatency.p99.toFixed(0)} ms)`,
      `turned away ${Math.round(turnedAway / seconds)}/s`,
      turnedAway > 0 ? `(p50 ${turnedAwayLatency.p50.toFixed(0)} ms, p95 ${turnedAwayLatency.p95.toFixed(0)} ms)` : '',
      `failed ${failed}`,
    ].join(' ')
  return [
    `peak: ${Math.round(peak.perSecond)}/s`,
    line('0.9 times', below),
    line('5 times', fiveTimes),
    `kept: ${(kept * 100).toFixed(0)} % of the peak, ${(keptPerCpu * 100).toFixed(0)} % for each second of the processor`,
  ].join('\n')
}

if (import.meta.main) {
  const { world, close } = await openWorld()
  try {
    console.log(showOverload(await measureOverload(world)))
  } finally {
    await close()
  }
}
