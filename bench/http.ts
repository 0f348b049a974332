// An authenticated, limited, isolated GET, and a list of a hundred: bare node:http, Patchbay and the references side by
// side on one PostgreSQL, all of them giving the same answer, measured in turns.
import { type Child, startChild } from './children.ts'
import { type Contender, present, references, type Server, startContender, titles } from './contenders.ts'
import type { LoadJob, LoadResult } from './load.ts'
import { atLeast, atMost, type Cost, type Section, type Target } from './results.ts'
import { bodyOf, holdEqual, type Scenario, scenariosOf } from './scenarios.ts'
import { type Measured, type Slice, sliceOf, summary } from './slices.ts'
import type { World } from './world.ts'

export interface HttpEffort {
  readonly connections: number
  /** Of each scenario. */
  readonly warmUpMs: number
  /** Before each slice, unmeasured: a server that others have kept from the processor finds its caches empty. */
  readonly leadMs: number
  readonly sliceMs: number
  readonly rounds: number
}

const usual: HttpEffort = { connections: 16, warmUpMs: 12_000, leadMs: 500, sliceMs: 700, rounds: 15 }

/** Who answers without PostgreSQL, and so leaves a processor to callers who stay awake. */
const alone: readonly Contender[] = ['patchbay', 'bare']

type Servers = ReadonlyMap<Contender, Server>
type Table = ReadonlyMap<Scenario, ReadonlyMap<Contender, Measured>>

export async function measureHttp(world: World, names: readonly Scenario['name'][], effort = usual): Promise<Section> {
  const all = scenariosOf(world)
  const scenarios = all.filter(({ name }) => names.includes(name))
  const { here, missing } = present()
  const servers = new Map<Contender, Server>()
  const generator = await startChild('load.ts', {})
  try {
    await openAll(servers, here, all, world)
    const different = all.filter(({ name }) => name !== 'awake') // asks for what `kept` asks for
    for (const { port } of servers.values()) await warmUp(generator, port, different, effort)
    const table = new Map<Scenario, ReadonlyMap<Contender, Measured>>()
    for (const scenario of scenarios) table.set(scenario, await measureInTurns(servers, generator, scenario, effort))
    return sectionOf(table, missing)
  } finally {
    await Promise.all([generator.stop(), ...[...servers.values()].map((server) => server.stop())])
  }
}

/** Patchbay first: the others are told its keys and held to its answers, and the floor says them after it. */
async function openAll(servers: Map<Contender, Server>, names: readonly Contender[], scenarios: readonly Scenario[], world: World) {
  const patchbay = await startContender('patchbay', world)
  servers.set('patchbay', patchbay)
  const keys = await (await fetch(`http://127.0.0.1:${patchbay.port}/.well-known/jwks.json`)).json()
  const bodies: Record<string, unknown> = {}
  for (const scenario of scenarios) bodies[scenario.path] = await bodyOf(patchbay, scenario)
  for (const name of names) {
    if (name === 'patchbay') continue
    const server = await startContender(name, name === 'bare' ? { bodies } : { ...world, keys })
    servers.set(name, server)
    if (name === 'bare') continue
    for (const scenario of scenarios) await holdEqual(server, scenario, bodies[scenario.path], titles[name])
  }
}

/** As a server is that has been up for a while: compiled code comes with the number of requests, whatever they ask for. */
async function warmUp(generator: Child, port: number, scenarios: readonly Scenario[], { connections, warmUpMs }: HttpEffort) {
  for (const { path, headers } of scenarios) {
    await generator.ask<LoadResult>({ port, path, headers, connections, durationMs: warmUpMs })
  }
}

async function measureInTurns(servers: Servers, generator: Child, { name: scenario, path, headers }: Scenario, effort: HttpEffort) {
  const { connections, leadMs, sliceMs, rounds } = effort
  const awake = scenario === 'awake'
  const job = (port: number, durationMs: number): LoadJob => ({ port, path, headers, connections, durationMs, awake })
  const slices = new Map<Contender, Slice[]>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, server] of servers) {
      if (awake && !alone.includes(name)) continue
      await generator.ask<LoadResult>(job(server.port, leadMs))
      const before = await server.cpuMicros()
      const result = await generator.ask<LoadResult>(job(server.port, sliceMs))
      slices.set(name, [...(slices.get(name) ?? []), sliceOf(result, (await server.cpuMicros()) - before)])
    }
  }
  return new Map([...slices].map(([name, of]) => [name, summary(of)]))
}

function sectionOf(table: Table, missing: readonly string[]): Section {
  return {
    lines: [
      row(['', '', 'requests/s', 'CPU µs', '±', 'times', 'p50 ms', 'p95 ms', 'p99 ms']),
      ...[...table].flatMap(([{ title }, measured]) => linesOf(title, measured)),
      '  CPU is that of the server process for one request, PostgreSQL’s not in it; times: that of bare node:http.',
      ...missing.map((line) => `  ${line}`),
    ],
    targets: [...table].flatMap(([{ name, title }, measured]) => targetsOf(name, title, measured)),
    costs: [...table].flatMap(([{ title }, measured]): Cost[] => {
      const { cpuMicros, spread } = of(measured, 'patchbay')
      return [{ name: title, micros: cpuMicros, spread }]
    }),
    figures: Object.fromEntries([...table].map(([{ name }, measured]) => [name, Object.fromEntries(measured)])),
  }
}

function targetsOf(name: Scenario['name'], title: string, measured: ReadonlyMap<Contender, Measured>): Target[] {
  const ours = of(measured, 'patchbay')
  if (name === 'list') return [atMost(`${title}: CPU`, ours.cpuMicros, 400, 'µs')]
  if (name === 'awake')
    return [atMost('one row, kept near: CPU of bare node:http', ours.cpuMicros / of(measured, 'bare').cpuMicros, 2.5, 'times')]
  return references.flatMap((reference) => {
    const theirs = measured.get(reference)
    return theirs ? [atLeast(`${title}: requests of ${titles[reference]}`, ours.perSecond / theirs.perSecond, 3, 'times')] : []
  })
}

function linesOf(title: string, measured: ReadonlyMap<Contender, Measured>): string[] {
  const floor = of(measured, 'bare').cpuMicros
  return [...measured].map(([name, { perSecond, cpuMicros, spread, latency }], index) =>
    row([
      index === 0 ? title : '',
      titles[name],
      perSecond.toFixed(0),
      cpuMicros.toFixed(0),
      `${(spread * 100).toFixed(0)} %`,
      (cpuMicros / floor).toFixed(2),
      ...[latency.p50, latency.p95, latency.p99].map((ms) => ms.toFixed(1)),
    ]),
  )
}

function of(measured: ReadonlyMap<Contender, Measured>, name: Contender): Measured {
  const found = measured.get(name)
  if (!found) throw new Error(`${titles[name]} was not measured`)
  return found
}

const widths = [19, 18, 10, 7, 6, 6, 7, 7, 7]
const row = (cells: readonly string[]): string =>
  `  ${cells.map((cell, index) => (index < 2 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))).join(' ')}`
