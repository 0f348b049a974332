// node bench/audit.ts: how long it takes to verify an audit log of a million entries, written by the server's own
// function into a PostgreSQL of its own. `--entries 100000` for another number, `--json` for the figures.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { openAudit } from '../src/platform/audit/index.ts'
import { openFileStore } from '../src/platform/blobs/index.ts'
import { startEmbedded } from '../src/platform/db/embedded.ts'
import { migrate, openDatabase } from '../src/platform/db/index.ts'
import { openVault } from '../src/platform/secrets/index.ts'
import { systemClock as clock } from '../src/platform/time/index.ts'

const { values } = parseArgs({ options: { entries: { type: 'string', default: '1000000' }, json: { type: 'boolean', default: false } } })
const wanted = Number(values.entries)
const organizations = [100, 200, 300]
const batch = 5000
const log = { debug() {}, info() {}, warn: console.error, error: console.error }

const folder = mkdtempSync(join(tmpdir(), 'patchbay-bench-audit-'))
chmodSync(folder, 0o711) // root's database account passes through
const embedded = await startEmbedded({ dataFolder: folder, durable: false })
try {
  await migrate({ url: embedded.url })
  await fill(embedded.url)
  const figures = await measure(embedded.url)
  if (values.json) console.log(JSON.stringify(figures, null, 2))
  else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(24)} ${value.toLocaleString('en')}`)
} finally {
  await embedded.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** What a busy office writes: an appointment changed, with what it was and what it is. */
async function fill(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, options: '-c role=patchbay_app' })
  await client.connect()
  for (let done = 0; done < wanted; done += batch) {
    const organizationId = organizations[(done / batch) % organizations.length]
    await client.query('BEGIN')
    await client.query(`SELECT set_config('app.organization_id', $1, true)`, [String(organizationId)])
    await client.query(
      `SELECT platform.append($1, 'user:12345', 'user', '192.0.2.17', 'req_01HZY3J9V8M6WQ4T2N0KX5RDCB', now(),
                (SELECT jsonb_agg(jsonb_build_object('type', 'appointment.updated', 'resource', 'appointment:' || n, 'data', '{}'::jsonb,
                   'before', jsonb_build_object('status', 'booked', 'startsAt', '2026-11-24T09:00:00Z', 'notes', null, 'n', n),
                   'after', jsonb_build_object('status', 'confirmed', 'startsAt', '2026-11-24T09:30:00Z', 'notes', 'Zahnreinigung', 'n', n)))
                   FROM generate_series(1, $2::int) AS n))`,
      [organizationId, Math.min(batch, wanted - done)],
    )
    await client.query('COMMIT')
  }
  await client.end()
  const owner = new pg.Client({ connectionString: url })
  await owner.connect()
  await owner.query('ANALYZE platform.audit_log') // as autovacuum does in a minute
  await owner.end()
}

async function measure(url: string): Promise<Record<string, number>> {
  const database = openDatabase({ url, lanes: 1, writers: 2, onError: log.error })
  const blobs = openFileStore({ folder: join(folder, 'outside'), publicUrl: () => '', sign: () => '', clock })
  const audit = openAudit({ database, vault: openVault({ key: 'a-key-that-only-the-bench-knows', previous: [] }), blobs, clock, log })
  const checkpointed = await timed(() => audit.checkpoint())
  const before = process.cpuUsage()
  const heapBefore = process.memoryUsage().rss
  let peak = 0
  const onProgress = () => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }
  const verified = await timed(() => audit.verify({ onProgress }))
  const { user, system } = process.cpuUsage(before)
  await database.close()
  if (verified.result.entries !== wanted || verified.result.findings.length > 0) throw new Error(JSON.stringify(verified.result.findings))
  return {
    entries: verified.result.entries,
    'first checkpoint, ms': Math.round(checkpointed.ms),
    'verify, ms': Math.round(verified.ms),
    'verify, Node CPU ms': Math.round((user + system) / 1000),
    'memory grown by, MiB': Math.max(Math.round((peak - heapBefore) / 2 ** 20), 0),
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const began = performance.now()
  const result = await work()
  return { result, ms: performance.now() - began }
}
