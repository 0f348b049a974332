// What is asked of every contender over HTTP, and that all of them give the same answer.
import { isDeepStrictEqual } from 'node:util'
import type { Server } from './contenders.ts'
import type { World } from './world.ts'

export interface Scenario {
  readonly name: 'kept' | 'awake' | 'row' | 'list'
  readonly title: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

export const scenariosOf = ({ token, apiKey, organizationId, appointmentId }: World): Scenario[] => [
  { name: 'kept', title: 'one row, kept near', path: `/v1/organizations/${organizationId}`, headers: { authorization: `Bearer ${token}` } },
  {
    name: 'awake',
    title: '… by callers awake',
    path: `/v1/organizations/${organizationId}`,
    headers: { authorization: `Bearer ${token}` },
  },
  { name: 'row', title: 'one row, read', path: `/appointments/${appointmentId}`, headers: { 'x-api-key': apiKey } },
  { name: 'list', title: 'a list of 100', path: '/v1/calls?limit=100', headers: { authorization: `Bearer ${token}` } },
]

export async function bodyOf({ port }: Server, { path, headers }: Scenario): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

/** Everybody does the same work, or nothing is measured. Cursors and the addresses of files are each one's own spelling. */
export async function holdEqual(server: Server, scenario: Scenario, expected: unknown, name: string): Promise<void> {
  const [ours, theirs] = [withoutOwn(expected), withoutOwn(await bodyOf(server, scenario))]
  if (!isDeepStrictEqual(ours, theirs)) throw new Error(`${name} answers ${scenario.path} with ${JSON.stringify(theirs).slice(0, 800)}`)
  const headers = Object.fromEntries(Object.keys(scenario.headers).map((header) => [header, 'Bearer nobody']))
  const refused = await fetch(`http://127.0.0.1:${server.port}${scenario.path}`, { headers })
  if (refused.status !== 401) throw new Error(`${name} answers a stranger with ${refused.status}`)
}

const withoutOwn = (body: unknown): unknown =>
  JSON.parse(JSON.stringify(body), (name, value: unknown) => {
    if (name === 'nextCursor') return typeof value
    return name === 'url' && typeof value === 'string' ? new URL(value).pathname : value
  })
