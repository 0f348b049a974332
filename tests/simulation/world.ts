// The whole server in this process, over a database behind a proxy that can be cut, between a carrier that we play and
// callers of its API. It can die at any moment and comes back on the same port.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openHouse, type RunningHouse } from '../../src/main.ts'
import { loadSettings } from '../../src/platform/config/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { movableClock } from '../../src/platform/time/index.ts'
import { faultProxy } from '../support/fault-proxy.ts'
import { freePort } from '../support/peers.ts'
import { addressOf } from '../support/postgres.ts'
import { testing } from '../support/settings.ts'
import { type Office, openOffice } from './office.ts'
import type { Random } from './random.ts'

export interface World {
  readonly clock: ReturnType<typeof movableClock>
  readonly port: number
  readonly url: string
  readonly dataFolder: string
  readonly office: Office
  house(): RunningHouse
  /** As the superuser, past the proxy, one question after the other: for those who check. */
  examine<R extends object>(sql: string, values?: unknown[]): Promise<R[]>
  /** The process dies: its connections are reset, whatever ran is cut off, and another one starts. */
  crash(): Promise<void>
  /** Every connection to the database is reset. */
  cut(): void
  /** Waits until somebody serves. */
  serving(): Promise<void>
  /** Whether a failure now may be the fault's doing. */
  troubled(): boolean
  close(): Promise<void>
}

/** The promise: all is well within 5 s after. */
const troubleLastsMs = 5_000

export async function openWorld(input: { databaseUrl: string; startsAt: string; random: Random }): Promise<World> {
  const { databaseUrl } = input
  const clock = movableClock(input.startsAt)
  const dataFolder = mkdtempSync(join(tmpdir(), 'patchbay-simulation-'))
  const office = await openOffice(clock, input.random.fork('office'), testing)
  const target = new URL(databaseUrl)
  const proxy = await faultProxy(...addressOf(databaseUrl))
  target.host = `127.0.0.1:${proxy.port}`
  const port = await freePort()
  const settings = loadSettings({ ...testing, PORT: String(port), PATCHBAY_DATA: dataFolder, TWILIO_BASE_URL: office.url })
  // The database is lost on purpose, over and over: what the log would say of it is known.
  const log = createLogger({ level: process.env.SIMULATION_LOG ?? 'silent' })
  const open = () => openHouse({ settings, databaseUrl: target.href, clock, log, graceMs: 200 })
  let house = await open()
  await house.listen()
  let serving: Promise<void> = Promise.resolve()
  let troubledUntil = 0
  const trouble = () => {
    troubledUntil = performance.now() + troubleLastsMs
  }
  const examiner = new pg.Client({ connectionString: databaseUrl, application_name: 'examiner' })
  await examiner.connect()

  let questions: Promise<unknown> = Promise.resolve()
  function examine<R extends object>(sql: string, values: unknown[] = []): Promise<R[]> {
    const asked = questions.then(async () => (await examiner.query<R>(sql, values)).rows)
    questions = asked.catch(() => {}) // told to whoever asked
    return asked
  }

  async function die(): Promise<void> {
    trouble()
    house.server.server.closeAllConnections()
    proxy.mode = 'refuse'
    proxy.cut()
    await house.close()
    proxy.mode = 'pass'
    house = await open()
    await house.listen()
    trouble()
  }

  return {
    clock,
    port,
    url: `http://127.0.0.1:${port}`,
    dataFolder,
    office,
    house: () => house,
    examine,
    crash() {
      serving = serving.then(die)
      return serving
    },
    cut() {
      trouble()
      proxy.cut()
    },
    serving: () => serving,
    troubled: () => performance.now() < troubledUntil,
    async close() {
      await serving
      await house.close()
      await proxy.stop()
      await office.close()
      await examiner.end()
      rmSync(dataFolder, { recursive: true, force: true })
    },
  }
}
