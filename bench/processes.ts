// One process, then two behind one port (`patchbay serve --processes 2`), under as much load as they take. The machine is
// shared with PostgreSQL and the generators, which do not become twice as many: so besides the clock's figure there is one
// with PostgreSQL's share taken out, from what the serving processes themselves compute for a request. A process computes
// less for each request the more come together, so for that figure each of them is sent as many a second.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { ArrivalsJob, ArrivalsResult } from './arrivals.ts'
import { type Child, startChild } from './children.ts'
import type { LoadJob, LoadResult } from './load.ts'
import { cpuMicrosOf, postgresMicros } from './process-cpu.ts'
import { atLeast, type Section } from './results.ts'
import { type Scenario, scenariosOf } from './scenarios.ts'
import { median, spreadOf, undisturbed } from './slices.ts'
import type { World } from './world.ts'

interface Slice {
  /** As many as it takes. */
  readonly perSecond: number
  /** For one request of a steady stream: the serving processes (and who leads them), and PostgreSQL. */
  readonly nodeMicros: number
  readonly postgresMicros: number
}

export interface Scale {
  /** How much more is answered by the clock, PostgreSQL and the generators on the same cores. */
  readonly byClock: number
  /** Were PostgreSQL and the generators elsewhere and each process had a core: twice, less what a request costs more. */
  readonly withoutPostgres: number
}

const rounds = 4
const sliceMs = 1500
/** For each process: compiled code comes with the number of requests. */
const warmUpMs = 6000
/** For each process too: what comes over many connections at once is read and written together. */
const connections = 32
/** Of what two processes take here: each is sent half of it, and so is one alone. */
const steadyShare = 0.6

export async function measureProcesses(world: World): Promise<Section> {
  const scenario = scenariosOf(world).find(({ name }) => name === 'row')
  if (!scenario) throw new Error('there is no row to read')
  const db = new pg.Client({ connectionString: world.databaseUrl, application_name: 'bench' })
  await db.connect()
  const [generator, stream] = [await startChild('load.ts', {}), await startChild('arrivals.ts', {})]
  const crews = [await startServe(world, 1), await startServe(world, 2)] as const
  try {
    const measured: [Slice[], Slice[]] = [[], []]
    let most = 0
    for (const crew of crews) most = await rateOf(crew, generator, scenario, warmUpMs * crew.processes)
    const steady = (most * steadyShare) / 2
    for (let round = 0; round < rounds; round++) {
      for (const [index, crew] of crews.entries()) {
        const perSecond = await rateOf(crew, generator, scenario, sliceMs)
        measured[index]?.push({ perSecond, ...(await costOf(crew, stream, scenario, steady, db)) })
      }
    }
    return sectionOf(measured)
  } finally {
    await Promise.all([generator.stop(), stream.stop(), db.end(), ...crews.map((crew) => crew.stop())])
  }
}

const jobOf = ({ port, processes }: Serve, { path, headers }: Scenario, durationMs: number): LoadJob => ({
  port,
  path,
  headers,
  connections: connections * processes,
  durationMs,
})

async function rateOf(crew: Serve, generator: Child, scenario: Scenario, ms: number): Promise<number> {
  const { requests, seconds } = await generator.ask<LoadResult>(jobOf(crew, scenario, ms))
  return requests / seconds
}

async function costOf(crew: Serve, stream: Child, { path, headers }: Scenario, each: number, db: pg.Client) {
  const job: ArrivalsJob = { port: crew.port, path, headers, perSecond: each * crew.processes, durationMs: sliceMs }
  const [node, postgres] = [cpuMicrosOf(crew.pids()), await postgresMicros(db)]
  const { served } = await stream.ask<ArrivalsResult>(job)
  const [nodeAfter, postgresAfter] = [cpuMicrosOf(crew.pids()), await postgresMicros(db)]
  return {
    nodeMicros: (nodeAfter - node) / served,
    postgresMicros: ((postgresAfter ?? Number.NaN) - (postgres ?? Number.NaN)) / served,
  }
}

const rate = (slices: readonly Slice[]): number => median(slices.map(({ perSecond }) => perSecond))
const nodeMicros = (slices: readonly Slice[]): number[] => slices.map((slice) => slice.nodeMicros)
const nodeCost = (slices: readonly Slice[]): number => undisturbed(nodeMicros(slices))

export function scaleOf(one: readonly Slice[], two: readonly Slice[]): Scale {
  return {
    byClock: rate(two) / rate(one),
    withoutPostgres: (2 * nodeCost(one)) / nodeCost(two),
  }
}

function sectionOf([one, two]: readonly [readonly Slice[], readonly Slice[]]): Section {
  const scale = scaleOf(one, two)
  const [cost1, cost2] = [nodeCost(one), nodeCost(two)]
  const line = (title: string, slices: readonly Slice[]) => {
    const postgres = undisturbed(slices.map(({ postgresMicros }) => postgresMicros))
    return `  ${title}  ${rate(slices).toFixed(0).padStart(6)}/s at most; with as many for each process a request costs Node.js ${nodeCost(slices).toFixed(0)} µs, PostgreSQL ${postgres.toFixed(0)} µs`
  }
  return {
    lines: [
      '  one row, read by key; 32 connections for each process, one generator',
      line('1 process  ', one),
      line('2 processes', two),
      `  by the clock, PostgreSQL and the generator on the same ${availableParallelism()} cores: ${scale.byClock.toFixed(2)} times`,
      `  PostgreSQL's share taken out: 2 × (10⁶ / ${cost2.toFixed(0)} µs) beside 10⁶ / ${cost1.toFixed(0)} µs, a core for each process: ${scale.withoutPostgres.toFixed(2)} times`,
    ],
    targets: [atLeast('1 → 2 processes, without PostgreSQL', scale.withoutPostgres, 1.7, 'times')],
    costs: [{ name: 'one row by two processes', micros: cost2, spread: spreadOf(nodeMicros(two)) }],
    figures: { one, two, scale },
  }
}

interface Serve {
  readonly port: number
  readonly processes: number
  pids(): number[]
  stop(): Promise<void>
}

async function startServe({ databaseUrl, environment }: World, processes: number): Promise<Serve> {
  const port = await freePort()
  const cli = fileURLToPath(new URL('../src/cli/index.ts', import.meta.url))
  const env = { PATH: process.env.PATH, ...environment, DATABASE_URL: databaseUrl, PORT: String(port), LOG_LEVEL: 'info', DRAIN_S: '0' }
  const child = spawn(process.execPath, [...process.execArgv, cli, 'serve', '--processes', String(processes)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await served(child)
  const pid = child.pid ?? 0
  return {
    port,
    processes,
    pids: () => [pid, ...childrenOf(pid)],
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGINT')
      await once(child, 'exit')
    },
  }
}

/** Until it says that it serves; its log is read on and thrown away, so that the pipe does not fill. */
function served(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < 10_000) said += text
      if (/serves? on/.test(said)) resolve()
    })
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${said}`)))
  })
}

const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('there is no port')
  return address.port
}
