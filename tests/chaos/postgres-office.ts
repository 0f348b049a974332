// A Patchbay with a PostgreSQL of its own behind a proxy that fails: it can be stopped, cut off, slowed down and
// emptied of connections without anybody else noticing. With a worker whose one job leaves an event.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Founded, foundOrganization } from '../../src/founding/organization.ts'
import { openHouse, type RunningHouse } from '../../src/main.ts'
import { systemPrincipal } from '../../src/platform/auth/index.ts'
import { loadSettings } from '../../src/platform/config/index.ts'
import { startEmbedded } from '../../src/platform/db/embedded.ts'
import { migrate } from '../../src/platform/db/index.ts'
import { job, startWorker, type Worker } from '../../src/platform/jobs/index.ts'
import type { Session } from '../../src/platform/session/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts'
import { addressOf } from '../support/postgres.ts'
import { testing } from '../support/settings.ts'

export interface Office {
  readonly house: RunningHouse
  readonly org: Founded
  readonly proxy: FaultProxy
  readonly url: string
  session(): Session
  /** As the superuser, past the proxy. */
  client(): Promise<pg.Client>
  query<R extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<R[]>
  stopPostgres(): Promise<void>
  startPostgres(): Promise<void>
  /** What the server has said since the last time, at `warn` and above. */
  said(): string[]
  close(): Promise<void>
}

export const jobName = 'office.note'
const maxConnections = 60
export const writers = 6

export async function openOffice(): Promise<Office> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'patchbay-office-'))
  chmodSync(dataFolder, 0o711) // root's database account passes through
  let embedded = await startEmbedded({ dataFolder, durable: false, maxConnections })
  await migrate({ url: embedded.url })
  const direct = embedded.url
  const proxy = await faultProxy(...addressOf(direct))
  const lines: string[] = []
  const settings = loadSettings({
    ...testing,
    PATCHBAY_DATA: dataFolder,
    DATABASE_URL: through(direct, proxy.port),
    DATABASE_LANES: '2',
    DATABASE_WRITERS: String(writers),
  })
  const house = await openHouse({
    settings,
    databaseUrl: through(direct, proxy.port),
    log: createLogger({ level: 'warn', destination: { write: (line) => void lines.push(line) } }),
    graceMs: 3_000,
  })
  const names = { name: 'Acme Corporation', domain: 'acme.example', timezone: 'Europe/London', language: 'en' }
  const org = await foundOrganization(house, { id: 100, ...names, number: { e164: '+15005550006', sid: null } })
  const url = await house.listen()
  const worker = await startNoting(house)
  return {
    house,
    org,
    proxy,
    url,
    session: () => house.openSession(systemPrincipal(100, 'test')),
    client: () => connect(direct),
    query: (sql, values) => ask(direct, sql, values),
    stopPostgres: () => embedded.stop(),
    async startPostgres() {
      embedded = await startEmbedded({ dataFolder, durable: false, maxConnections })
    },
    said: () => lines.splice(0),
    async close() {
      await worker.stop()
      await house.close()
      await proxy.stop()
      await embedded.stop()
      rmSync(dataFolder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    },
  }
}

/** At least once, as every job: what it leaves carries the number it was given. */
const startNoting = (house: RunningHouse): Promise<Worker> =>
  startWorker({
    database: house.database,
    jobs: [
      job<{ n: number }>({
        name: jobName,
        handle: (session, { n }) => session.write(async (tx) => tx.emit('office.noted', { n }, { audit: false })),
      }),
    ],
    concurrency: 2,
    clock: house.clock,
    log: house.log,
    openSession: house.openSession,
  })

function through(url: string, port: number): string {
  const client = new pg.Client({ connectionString: url })
  return `postgres://${client.user}:${encodeURIComponent(String(client.password))}@127.0.0.1:${port}/${client.database}`
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'test' })
  client.on('error', () => {}) // tests end connections, this one too
  await client.connect()
  return client
}

async function ask<R extends pg.QueryResultRow>(url: string, sql: string, values: unknown[] = []): Promise<R[]> {
  const client = await connect(url)
  try {
    return (await client.query<R>(sql, values)).rows
  } finally {
    await client.end()
  }
}
