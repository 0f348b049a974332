// What every contender is measured on: a PostgreSQL of its own with Patchbay's schema, one organisation, its calls and
// one appointment. The data is the same for all of them, and gone after the run.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { prewriteCalls, tallyCalls } from '../src/domain/calls/index.ts'
import { foundOrganization } from '../src/founding/organization.ts'
import { openHouse } from '../src/main.ts'
import { systemPrincipal } from '../src/platform/auth/index.ts'
import { loadSettings } from '../src/platform/config/index.ts'
import { startEmbedded } from '../src/platform/db/embedded.ts'
import { migrate } from '../src/platform/db/index.ts'
import { uuidv7 } from '../src/platform/ids/index.ts'
import { createLogger } from '../src/platform/telemetry/index.ts'

/** Handed to the other processes as JSON. */
export interface World {
  readonly databaseUrl: string
  readonly organizationId: number
  readonly token: string
  readonly apiKey: string
  readonly phoneNumber: string
  readonly appointmentId: number
  readonly environment: Readonly<Record<string, string>>
}

export interface OpenWorld {
  readonly world: World
  close(): Promise<void>
}

const organizationId = 100
const phoneNumber = '+15005550006'
const calls = 2000
/** As where some lines record and others do not. */
const recordedOneIn = 4
/** Whom callers book: so many that no run fills their days. */
const resources = 25
export const twilioToken = 'a-token-that-only-the-bench-knows'

export async function openWorld(): Promise<OpenWorld> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'patchbay-bench-'))
  chmodSync(dataFolder, 0o711) // root's database account passes through
  const database = await startEmbedded({ dataFolder })
  const close = async () => {
    await database.stop()
    rmSync(dataFolder, { recursive: true, force: true })
  }
  try {
    await migrate({ url: database.url })
    return { world: await fill(database.url, environmentOf(dataFolder)), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** For what is measured by itself: requests wait rather than being turned away, however busy the machine is with others. */
export const patient = (world: World): World => ({ ...world, environment: { ...world.environment, MAX_WAIT_MS: '5000' } })

/** As an operator would set it, with limits that count but never refuse. */
const environmentOf = (dataFolder: string): Record<string, string> => ({
  APP_ENV: 'testing',
  PORT: '0',
  PATCHBAY_DATA: dataFolder,
  PATCHBAY_SANDBOX: 'off',
  SECRET_KEY: 'a-key-that-only-the-bench-knows-0123456789',
  TWILIO_ACCOUNT_SID: 'AC00000000000000000000000000000001',
  TWILIO_AUTH_TOKEN: twilioToken,
  TWILIO_BASE_URL: 'http://127.0.0.1:9',
  LIMIT_SAPIEN: '1000000/s',
  LIMIT_BELLA: '1000000/s',
})

async function fill(databaseUrl: string, environment: Record<string, string>): Promise<World> {
  const house = await houseOf(databaseUrl, environment)
  try {
    const number = { e164: phoneNumber, sid: null }
    const names = { name: 'Acme Corporation', domain: 'acme.example', timezone: 'Europe/London', language: 'en' }
    const { apiKey } = await foundOrganization(house, { id: organizationId, ...names, number })
    const token = await house.tokens.issue({ subject: 'client:bench', organizationId, roles: ['admin'] }, 3600)
    const appointmentId = await insertRows(databaseUrl, house.clock.now())
    const world = { databaseUrl, organizationId, token, apiKey, phoneNumber, appointmentId, environment }
    await age(world)
    return world
  } finally {
    await house.close()
  }
}

const houseOf = (databaseUrl: string, environment: World['environment']) =>
  openHouse({ settings: loadSettings(environment), databaseUrl, log: createLogger({ level: 'error' }) })

/** Makes of rows just written what they are when they have been there for a while: prewritten and counted by the jobs that do so, vacuumed long ago. */
export async function age({ databaseUrl, environment }: World): Promise<void> {
  const house = await houseOf(databaseUrl, environment)
  const client = new pg.Client({ connectionString: databaseUrl })
  try {
    const session = house.openSession(systemPrincipal(organizationId, 'job:bench'))
    while ((await prewriteCalls(session, house)) > 0);
    await tallyCalls(session, house)
    await client.connect()
    await client.query('VACUUM ANALYZE')
  } finally {
    await Promise.all([client.end(), house.close()])
  }
}

/** History, a call a minute back from `now`, and an appointment tomorrow: written past the domain, because a bench needs rows and no events. */
async function insertRows(databaseUrl: string, now: Date): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const starts = Array.from({ length: calls }, (_, index) => new Date(now.getTime() - (index + 1) * 60_000))
    await client.query(insertCalls, [organizationId, starts.map((at) => uuidv7(at)), starts])
    await client.query(insertRecordings, [organizationId, recordedOneIn])
    const { rows } = await client.query<{ id: string }>(insertAppointment, [organizationId, new Date(now.getTime() + 86_400_000)])
    await client.query(insertResources, [organizationId, resources])
    return Number(rows[0]?.id)
  } finally {
    await client.end()
  }
}

const insertCalls = `
  INSERT INTO calls.calls (organization_id, id, direction, from_number, to_number, status, outcome, provider, started_at, answered_at, ended_at,
                           reported_duration_s, duration_s, hangup_cause, cost_micros, updated_at)
  SELECT $1, id, 'inbound', '+44770090' || lpad((n % 10000)::text, 4, '0'), '+15005550006', 'completed', 'booked', 'twilio', at,
         at + interval '2 s', at + interval '45 s', 43, 43, 'NORMAL_CLEARING', 14200, at + interval '45 s'
    FROM unnest($2::uuid[], $3::timestamptz[]) WITH ORDINALITY AS row (id, at, n)`
const insertRecordings = `
  INSERT INTO recordings.recordings (organization_id, id, call_id, provider, provider_sid, status, duration_s, size, channels, format, started_at, created_at)
  SELECT organization_id, gen_random_uuid(), id, provider, 'RE' || n, 'available', duration_s, duration_s * 16000, 2, 'mp3', answered_at, ended_at
    FROM (SELECT c.*, row_number() OVER (ORDER BY c.id) AS n FROM calls.calls c WHERE organization_id = $1) c
   WHERE n % $2 = 0`
const insertResources = `
  INSERT INTO booking.resources (organization_id, name) SELECT $1, 'Room ' || n FROM generate_series(2, $2::int) AS n`
const insertAppointment = `
  WITH contact AS (
    INSERT INTO contacts.contacts (organization_id, mobile, full_name, created_at, updated_at)
    VALUES ($1, '+447700900456', 'Grace Hopper', $2, $2) RETURNING id
  ) INSERT INTO booking.appointments (organization_id, contact_id, resource_id, starts_at, ends_at, busy, source, created_at, updated_at)
  SELECT $1, contact.id, resource.id, $2, $2::timestamptz + interval '30 min', tstzrange($2, $2::timestamptz + interval '30 min'), 'bench', $2, $2
    FROM contact, (SELECT id FROM booking.resources WHERE organization_id = $1 LIMIT 1) AS resource
  RETURNING id`
