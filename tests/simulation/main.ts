// npm run simulate -- [--days N] [--seed S]: simulated days on a PostgreSQL of its own, from a seed that is printed.
import { randomInt } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startEmbedded } from '../../src/platform/db/embedded.ts'
import { migrate } from '../../src/platform/db/index.ts'
import { type Outcome, SimulationFailed, simulate } from './simulate.ts'

const { values } = parseArgs({ options: { days: { type: 'string', default: '365' }, seed: { type: 'string' } } })
const days = Number(values.days)
if (!Number.isSafeInteger(days) || days < 1) throw new Error(`--days takes a whole number above 0, not ${values.days}`)
const seed = values.seed ?? String(randomInt(1_000_000_000))

const folder = mkdtempSync(join(tmpdir(), 'patchbay-simulate-'))
chmodSync(folder, 0o711) // root's database account passes through
const postgres = await startEmbedded({ dataFolder: folder, durable: false })
try {
  await migrate({ url: postgres.url })
  console.log(`seed ${seed}, ${days} days`)
  const every = Math.max(1, Math.round(days / 20))
  const onDay = (done: number) => void (done % every === 0 && process.stderr.write(`day ${done}\n`))
  print(await simulate({ seed, days, databaseUrl: postgres.url, onDay }))
} catch (error) {
  if (!(error instanceof SimulationFailed)) throw error
  console.error(error.message)
  process.exitCode = 1
} finally {
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
}

function print({ trace, days: done, startedAt, seconds }: Outcome): void {
  for (const [what, count] of [...trace.counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`${String(count).padStart(7)}  ${what}`)
  console.log(`from ${startedAt.slice(0, 10)}: ${done} days in ${seconds.toFixed(1)} s, ${(done / seconds).toFixed(1)} days a second`)
  console.log(`${trace.actions} actions, trace ${trace.hash()}, seed ${seed}`)
}
