// How many calls at once one process carries: more and more of them talk, a turn every few seconds as people do, until the
// answer to one turn in twenty takes longer than a twentieth of a second.
import pg from 'pg'
import { atLeast, type Section } from './results.ts'
import { type Talk, talk, talkMs, withCallers } from './voice.ts'
import type { World } from './world.ts'

const steps = [50, 100, 150, 200, 300, 400, 600, 800]
const durationMs = 8000
const mostP95Ms = 50

interface Step extends Talk {
  readonly calls: number
}

export function measureCapacity(world: World): Promise<Section> {
  return withCallers(world, async (callers, server) => {
    const taken: Step[] = []
    const before = await diskOf(world.databaseUrl)
    for (const calls of steps) {
      const job = { calls, talkMs, durationMs }
      const first = await talk(callers, server, job)
      const again = isSlow(first) ? await talk(callers, server, job) : first // it may have been another tenant of the machine
      taken.push({ calls, ...again })
      if (isSlow(again)) break
    }
    return sectionOf(taken, await diskOf(world.databaseUrl, before))
  })
}

const isSlow = ({ result }: { result: { turns: { p95: number } } }): boolean => !(result.turns.p95 <= mostP95Ms)

interface Disk {
  readonly bytes: number
  readonly calls: number
}

/** All of the database: the calls with their legs, events and words, what they booked, the feed and the audit log. */
async function diskOf(url: string, before: Disk = { bytes: 0, calls: 0 }): Promise<Disk> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ bytes: number; calls: number }>(
      'SELECT pg_database_size(current_database())::float8 AS bytes, (SELECT count(*)::float8 FROM calls.calls) AS calls',
    )
    const { bytes = Number.NaN, calls = Number.NaN } = rows[0] ?? {}
    return { bytes: bytes - before.bytes, calls: calls - before.calls }
  } finally {
    await client.end()
  }
}

function sectionOf(taken: readonly Step[], disk: Disk): Section {
  const carried = kneeOf(taken)
  return {
    lines: [
      `  each caller speaks ${talkMs / 1000} s before a turn, and hangs up and rings again when all is said`,
      ...taken.map(({ calls, cpuMicrosPerPost, result: { turns, taken, posts, seconds } }) => {
        const perSecond = taken / seconds
        const cores = (posts * cpuMicrosPerPost) / 1e6 / seconds
        return `  ${String(calls).padStart(5)} calls: ${perSecond.toFixed(0).padStart(4)} turns a second, p50 ${turns.p50.toFixed(0)}, p95 ${turns.p95.toFixed(0)} ms; ${(cpuMicrosPerPost / 1000).toFixed(2)} ms of CPU a post, ${cores.toFixed(2)} cores`
      }),
      carried === null ? '  fewer than the first step' : `  the knee: ${carried} calls at once`,
      `  disk: ${(((disk.bytes / disk.calls) * 1000) / 2 ** 20).toFixed(1)} MiB for 1,000 calls, recordings and the write-ahead log not in it (${disk.calls} calls)`,
    ],
    targets: [atLeast('calls at once on one process, p95 below 50 ms', carried ?? 0, 200)],
    costs: [],
    figures: { taken, disk },
  }
}

/** The most calls before the first step that was too slow; null when the first was. */
export function kneeOf(steps: readonly { calls: number; result: { turns: { p95: number } } }[]): number | null {
  const slow = steps.findIndex(isSlow)
  return (slow === -1 ? steps.at(-1) : steps[slow - 1])?.calls ?? null
}
