// What is left of a server at five times its peak: how much it still serves, and how soon it turns the rest away. On its
// own: node bench/overload.ts
import type { ArrivalsJob, ArrivalsResult } from './arrivals.ts'
import { type Child, type Figures, startChild } from './children.ts'
import type { LoadJob, LoadResult } from './load.ts'
import { median } from './slices.ts'
import { openWorld, type World } from './world.ts'

export interface Overload {
  readonly floods: readonly Flood[]
}

export interface Flood {
  readonly name: Asked['name']
  readonly title: string
  readonly rounds: readonly Round[]
}

interface Round {
  /** As many as it can: before the flood and after it, and the mean of both. */
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

const closed = { connections: 128, leadMs: 700, durationMs: 1500 }
const flood = { leadMs: 1500, durationMs: 3000 }
const warmUpMs = 8000

type Request = Pick<ArrivalsJob, 'path' | 'headers'>

interface Asked extends Request {
  readonly name: 'month' | 'list'
  readonly title: string
  /** The machine is another from one minute to the next: each round finds its own peak, and their medians are told. */
  readonly rounds: number
}

const dayMs = 86_400_000

/**
 * What is kept depends on what is asked for: reading a request and refusing it costs about as much as it costs bare node:http,
 * and its caller as much again, on the same processors here. Five times the peak of something dear is few requests, and shows
 * what the rule keeps; five times the peak of something cheap shows what refusing costs.
 */
function whatIsAsked({ apiKey, token }: World): Asked[] {
  const [from, to] = [1, 29].map((days) => new Date(Date.now() + days * dayMs).toISOString().slice(0, 10))
  const month = `/appointments/availability?from=${from}&to=${to}`
  return [
    { name: 'month', title: 'four weeks’ free times of 25 diaries', path: month, headers: { 'x-api-key': apiKey }, rounds: 7 },
    { name: 'list', title: 'a list of 100', path: '/v1/calls?limit=100', headers: { authorization: `Bearer ${token}` }, rounds: 5 },
  ]
}

export async function measureOverload(world: World): Promise<Overload> {
  const floods: Flood[] = []
  for (const asked of whatIsAsked(world)) floods.push(await measureFlood(world, asked))
  return { floods }
}

async function measureFlood(world: World, { name, title, rounds, ...request }: Asked): Promise<Flood> {
  // The peak is that of a server which turns nobody away.
  const patient = { ...world, environment: { ...world.environment, MAX_WAIT_MS: '0' } }
  const children = await Promise.all([
    startChild('contenders/patchbay.ts', patient),
    startChild('load.ts', {}),
    startChild('contenders/patchbay.ts', world),
    startChild('arrivals.ts', {}),
  ])
  const [willing, crowd, guarded, callers] = children
  const findPeak = (leadMs = closed.leadMs) => peakOf(willing, crowd, request, leadMs)
  const arrive = (perSecond: number, leadMs = flood.leadMs) => arrivalsAt(perSecond, leadMs, guarded, callers, request)
  try {
    let peak = await findPeak(warmUpMs)
    await arrive(0.5 * peak.perSecond, warmUpMs)
    const measured: Round[] = []
    while (measured.length < rounds) {
      const before = peak
      const { measured: below } = await arrive(0.9 * before.perSecond)
      const { measured: fiveTimes, cpuS } = await arrive(5 * before.perSecond)
      peak = await findPeak()
      measured.push(roundOf(meanOf(before, peak), below, fiveTimes, cpuS))
    }
    return { name, title, rounds: measured }
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

const meanOf = (a: Peak, b: Peak): Peak => ({
  perSecond: (a.perSecond + b.perSecond) / 2,
  perCpuSecond: (a.perCpuSecond + b.perCpuSecond) / 2,
})

const roundOf = (peak: Peak, below: ArrivalsResult, fiveTimes: ArrivalsResult, cpuS: number): Round => ({
  peak,
  below,
  fiveTimes,
  kept: fiveTimes.served / fiveTimes.seconds / peak.perSecond,
  keptPerCpu: fiveTimes.served / cpuS / peak.perCpuSecond,
})

/** As many as come while every connection asks again as soon as it is answered. */
async function peakOf(server: Child, generator: Child, request: Request, leadMs: number): Promise<Peak> {
  const { port } = await server.ask<Figures>({})
  const job: LoadJob = { ...request, port, connections: closed.connections, durationMs: leadMs }
  await generator.ask<LoadResult>(job)
  const before = await server.ask<Figures>({})
  const { requests, seconds } = await generator.ask<LoadResult>({ ...job, durationMs: closed.durationMs })
  const after = await server.ask<Figures>({})
  return { perSecond: requests / seconds, perCpuSecond: requests / cpuSeconds(before, after) }
}

async function arrivalsAt(perSecond: number, leadMs: number, server: Child, generator: Child, request: Request) {
  const { port } = await server.ask<Figures>({})
  const arrive = (durationMs: number) => generator.ask<ArrivalsResult>({ ...request, port, perSecond, durationMs })
  await arrive(leadMs)
  const before = await server.ask<Figures>({})
  const measured = await arrive(flood.durationMs)
  return { measured, cpuS: cpuSeconds(before, await server.ask<Figures>({})) }
}

const cpuSeconds = (before: Figures, after: Figures): number => (after.cpuMicros - before.cpuMicros) / 1e6

/** 0 where nobody was. */
const away = ({ turnedAway, turnedAwayLatency }: ArrivalsResult, part: 'p50' | 'p95') => (turnedAway > 0 ? turnedAwayLatency[part] : 0)

/** What is told of all rounds: the median. */
export const overall = ({ rounds }: Flood, pick: (round: Round) => number): number => median(rounds.map(pick))

export const showOverload = ({ floods }: Overload): string => floods.map(showFlood).join('\n')

function showFlood(flood: Flood): string {
  const { title, rounds } = flood
  const of = (pick: (round: Round) => number) => overall(flood, pick).toFixed(0)
  const line = (name: string, pick: (round: Round) => ArrivalsResult) => {
    const perSecond = (count: (result: ArrivalsResult) => number) => of((round) => count(pick(round)) / pick(round).seconds)
    const ms = (time: (result: ArrivalsResult) => number) => of((round) => time(pick(round)))
    const nobody = rounds.every((round) => pick(round).turnedAway === 0)
    return [
      `${name}: offered ${perSecond(({ offered }) => offered)}/s, served ${perSecond(({ served }) => served)}/s`,
      `(p50 ${ms(({ servedLatency }) => servedLatency.p50)} ms, p99 ${ms(({ servedLatency }) => servedLatency.p99)} ms)`,
      `turned away ${perSecond(({ turnedAway }) => turnedAway)}/s`,
      ...(nobody ? [] : [`(p50 ${ms((result) => away(result, 'p50'))} ms, p95 ${ms((result) => away(result, 'p95'))} ms)`]),
      `failed ${Math.max(...rounds.map((round) => pick(round).failed))}`,
    ].join(' ')
  }
  const parts = rounds.map(({ kept }) => (kept * 100).toFixed(0)).join(', ')
  return [
    `${title}, peak: ${of(({ peak }) => peak.perSecond)}/s; medians of ${rounds.length} rounds`,
    line('  0.9 times', ({ below }) => below),
    line('  5 times', ({ fiveTimes }) => fiveTimes),
    `  kept: ${of(({ kept }) => kept * 100)} % of the peak (${parts}), ${of(({ keptPerCpu }) => keptPerCpu * 100)} % for each second of the processor`,
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
