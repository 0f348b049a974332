// What is asked of every contender, and what comes of it.
import type { Child, Figures } from './children.ts'
import type { Latency } from './latency.ts'
import type { LoadJob, LoadResult } from './load.ts'
import type { World } from './world.ts'

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

export const scenariosOf = ({ token, apiKey, organizationId, appointmentId }: World): Scenario[] => [
  { name: 'kept', title: 'one row, kept near', path: `/v1/organizations/${organizationId}`, headers: { authorization: `Bearer ${token}` } },
  { name: 'row', title: 'one row, read', path: `/appointments/${appointmentId}`, headers: { 'x-api-key': apiKey } },
  { name: 'list', title: 'a list of 100', path: '/v1/calls?limit=100', headers: { authorization: `Bearer ${token}` } },
]

/** CPU is the server process's own, for one request; PostgreSQL's is not in it. */
export interface Measured {
  readonly perSecond: number
  readonly cpuMicros: number
  readonly latency: Latency
  readonly bytes: number
}

export interface Effort {
  readonly connections: number
  readonly warmUpMs: number
  readonly durationMs: number
}

export async function measure(server: Child, generator: Child, { path, headers }: Scenario, effort: Effort): Promise<Measured> {
  const { port } = await server.ask<Figures>({})
  const job: LoadJob = { port, path, headers, connections: effort.connections, durationMs: effort.warmUpMs }
  await generator.ask<LoadResult>(job)
  const before = await server.ask<Figures>({})
  const { requests, seconds, latency, bytes } = await generator.ask<LoadResult>({ ...job, durationMs: effort.durationMs })
  const after = await server.ask<Figures>({})
  return { perSecond: requests / seconds, cpuMicros: (after.cpuMicros - before.cpuMicros) / requests, latency, bytes: bytes / requests }
}
