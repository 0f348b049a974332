// Days of the real server, its callers and its faults, from one seed. A failing run names the command that replays it.
import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { migrate } from '../../src/platform/db/index.ts'
import { simulate } from '../simulation/simulate.ts'
import { effort } from '../support/effort.ts'
import { templateReady, withDatabase } from '../support/postgres.ts'

/** Known days in every run of the tests; at length each night has days of its own. */
const runs = effort({
  full: [{ seed: '1', days: 3_000 }, ...nights(2, 500)],
  short: [{ seed: '1', days: 200 }, ...nights(1, 100)],
  taste: [{ seed: '1', days: 8 }],
})

function nights(count: number, days: number): { seed: string; days: number }[] {
  return Array.from({ length: count }, () => ({ seed: String(randomInt(1_000_000_000)), days }))
}

test.each(runs)(
  '$days simulated days of seed $seed keep every promise',
  async ({ seed, days }) => {
    const template = await templateReady(async (url) => void (await migrate({ url })))
    const { trace } = await withDatabase(template, ({ url }) => simulate({ seed, days, databaseUrl: url }))
    expect(trace.actions).toBeGreaterThan(days)
  },
  60_000 + Math.max(...runs.map(({ days }) => days)) * 3_000,
)
