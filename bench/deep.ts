// A page at row 900,000 of a million calls of one organisation, in the partitions of the product: by cursor, and by
// offset for comparison. Every request asks for another page, so that none is served from what the last one left.
import pg from 'pg'
import { startChild } from './children.ts'
import { startContender } from './contenders.ts'
import type { LoadJob, LoadResult } from './load.ts'
import { atMost, type Section } from './results.ts'
import { median, type Slice, sliceOf, spreadOf, undisturbed } from './slices.ts'
import { age, type World } from './world.ts'

const calls = 1_000_000
const depth = 900_000
const pageSize = 100
const pages = 200
const slices = 5
const sliceMs = 1500

interface Page {
  readonly calls: readonly { readonly id: string }[]
  readonly nextCursor: string | null
}

export async function measureDeep(world: World): Promise<Section> {
  const fillS = await fill(world)
  const server = await startContender('patchbay', world)
  const generator = await startChild('load.ts', {})
  const headers = { authorization: `Bearer ${world.token}` }
  try {
    const read = async (path: string): Promise<Page> => {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { headers })
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
      return (await response.json()) as Page
    }
    const paths = await pagesFrom(read)
    const job: LoadJob = { port: server.port, path: paths[0] ?? '', paths, headers, connections: 1, durationMs: 1000 }
    await generator.ask<LoadResult>(job)
    const measured: Slice[] = []
    while (measured.length < slices) {
      const before = await server.cpuMicros()
      const result = await generator.ask<LoadResult>({ ...job, durationMs: sliceMs })
      measured.push(sliceOf(result, (await server.cpuMicros()) - before))
    }
    const offsetMs = await timesOf(5, (index) => read(`/v1/calls?limit=${pageSize}&offset=${depth + index * pageSize}`))
    return sectionOf(measured, { offsetMs, fillS })
  } finally {
    await Promise.all([generator.stop(), server.stop()])
  }
}

function sectionOf(measured: readonly Slice[], { offsetMs, fillS }: { offsetMs: number[]; fillS: number }): Section {
  const p50 = median(measured.map(({ latency }) => latency.p50))
  const p99 = median(measured.map(({ latency }) => latency.p99))
  const cpu = measured.map(({ cpuMicros }) => cpuMicros)
  return {
    lines: [
      `  ${calls.toLocaleString('en')} calls of one organisation, written in ${fillS.toFixed(0)} s; pages of ${pageSize} from row ${depth.toLocaleString('en')}, one request at a time`,
      `  by cursor  p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms, CPU ${undisturbed(cpu).toFixed(0)} µs`,
      `  by offset  p50 ${median(offsetMs).toFixed(0)} ms`,
    ],
    targets: [atMost('a page at row 900,000: p99', p99, 5, 'ms')],
    costs: [{ name: 'a page at row 900,000', micros: undisturbed(cpu), spread: spreadOf(cpu) }],
    figures: { measured, offsetMs, fillS },
  }
}

/** The way there is one page by offset, which gives a cursor; from there on pages follow one another. */
async function pagesFrom(read: (path: string) => Promise<Page>): Promise<string[]> {
  const paths: string[] = []
  let page = await read(`/v1/calls?limit=${pageSize}&offset=${depth - pageSize}`)
  while (paths.length < pages) {
    if (page.nextCursor === null) throw new Error(`the list ends ${paths.length} pages after row ${depth}`)
    const path = `/v1/calls?limit=${pageSize}&cursor=${encodeURIComponent(page.nextCursor)}`
    paths.push(path)
    page = await read(path)
    if (page.calls.length !== pageSize) throw new Error(`${path} has ${page.calls.length} calls`)
  }
  return paths
}

async function timesOf(count: number, work: (index: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  while (times.length < count) {
    const began = performance.now()
    await work(times.length)
    times.push(performance.now() - began)
  }
  return times
}

async function fill(world: World): Promise<number> {
  const client = new pg.Client({ connectionString: world.databaseUrl })
  await client.connect()
  const began = performance.now()
  try {
    const batch = 100_000
    for (let from = 0; from < calls; from += batch) await client.query(insertCalls, [world.organizationId, from + 1, from + batch, calls])
  } finally {
    await client.end()
  }
  await age(world)
  return (performance.now() - began) / 1000
}

/** Spread over what partitions there are before now. The id is a UUIDv7: 48 bits of milliseconds, then what is unlike any other. */
const insertCalls = `
  WITH span AS (
    SELECT now() - interval '1 day' AS ends, interval '35 days' / $4::int AS step
  ), row AS (
    SELECT n, date_trunc('milliseconds', span.ends - n * span.step) AS at FROM span, generate_series($2::int, $3::int) AS n
  ) INSERT INTO calls.calls (organization_id, id, direction, from_number, to_number, status, outcome, provider, started_at, answered_at, ended_at,
                             reported_duration_s, duration_s, hangup_cause, cost_micros, updated_at)
  SELECT $1, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' || substr(md5(n::text), 1, 15))::uuid,
         CASE WHEN n % 3 = 0 THEN 'outbound' ELSE 'inbound' END, '+44770090' || lpad((n % 10000)::text, 4, '0'), '+15005550006', 'completed', 'booked',
         'twilio', at, at + interval '2 s', at + interval '45 s', 43, 43, 'NORMAL_CLEARING', 14200, at + interval '45 s'
    FROM row`
