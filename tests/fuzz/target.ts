// The server under test, in a process of its own: two organisations with people and things, a carrier that does whatever
// it is asked, the jobs running. It counts what nobody caught, and says what it holds in memory after a collection.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Founded, foundOrganization } from '../../src/founding/organization.ts'
import { openHouse } from '../../src/main.ts'
import { systemPrincipal } from '../../src/platform/auth/index.ts'
import { loadSettings } from '../../src/platform/config/index.ts'
import { startEmbedded } from '../../src/platform/db/embedded.ts'
import { migrate } from '../../src/platform/db/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { openCarrier } from '../isolation/carrier.ts'
import { openTenant, type Tenant } from '../isolation/tenant.ts'
import type { TestHouse } from '../support/house.ts'
import { testing } from '../support/settings.ts'
import type { World } from './credentials.ts'

export type Question = 'world' | 'more' | 'figures'
export interface Figures {
  readonly heapMiB: number
  readonly rssMiB: number
  /** Rejections and exceptions that nobody caught. */
  readonly uncaught: readonly string[]
  /** What the server itself logged as an error, by message. */
  readonly errors: readonly string[]
  readonly cpuSeconds: number
}

const mib = 1024 * 1024
const dayS = 86_400
/** Lines that are kept to be shown. */
const mostLines = 200

export interface TargetInput {
  /** A database of somebody else's; without one, an own PostgreSQL is started and removed. */
  readonly databaseUrl?: string
}

async function openTarget({ databaseUrl }: TargetInput) {
  const uncaught: string[] = []
  const errors: string[] = []
  const keep = (lines: string[]) => (reason: unknown) =>
    void (lines.length < mostLines && lines.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)))
  process.on('unhandledRejection', keep(uncaught)).on('uncaughtException', keep(uncaught))
  const dataFolder = mkdtempSync(join(tmpdir(), 'patchbay-fuzz-'))
  chmodSync(dataFolder, 0o711) // root's database account passes through
  const embedded = databaseUrl ? null : await startEmbedded({ dataFolder, durable: false })
  const url = databaseUrl ?? embedded?.url ?? ''
  if (embedded) await migrate({ url })
  const carrier = await openCarrier()
  const settings = loadSettings({
    ...testing,
    PATCHBAY_DATA: dataFolder,
    TWILIO_BASE_URL: carrier.url,
    BLOB_QUOTA_BYTES: String(100 * 1024 * mib),
  })
  const log = createLogger({ level: 'error', destination: { write: keep(errors) } })
  const house = await openHouse({ settings, databaseUrl: url, log, graceMs: 3_000 })
  const found = (id: number, name: string, domain: string, e164: string) =>
    foundOrganization(house, { id, name, domain, timezone: 'Europe/London', language: 'en', number: { e164, sid: null } })
  const org = await found(100, 'Acme Corporation', 'acme.example', '+15005550006')
  const other = await found(200, 'Other Limited', 'other.example', '+15005550007')
  // Nobody has a token of this one: its people stay as they are, so that somebody can always sign in.
  const quiet = await found(300, 'Quiet Limited', 'quiet.example', '+15005550008')
  const address = await house.listen()
  await house.startJobs()
  const db = new pg.Client({ connectionString: url })
  await db.connect()
  const session = (organizationId = 100) => house.openSession(systemPrincipal(organizationId, 'fuzz'))
  // What the maker of things asks of a house is these alone.
  const shell = { house, session, url: address, org, other, request: ask(address) } as unknown as TestHouse
  const own = await openTenant(shell, db, org)
  const theirs = await openTenant(shell, db, other)
  return {
    world: () => worldOf(house, address, own, theirs, quiet),
    more: () => thingsOf(own, theirs),
    figures: (): Figures => {
      global.gc?.()
      const { heapUsed, rss } = process.memoryUsage()
      const { user, system } = process.cpuUsage()
      return { heapMiB: heapUsed / mib, rssMiB: rss / mib, uncaught, errors, cpuSeconds: (user + system) / 1e6 }
    },
    async close() {
      await db.end()
      await house.close()
      await carrier.close()
      await embedded?.stop()
      rmSync(dataFolder, { recursive: true, force: true })
    },
  }
}

const ask =
  (address: string) =>
  (method: string, path: string, options: { json?: unknown } = {}) =>
    fetch(`${address}${path}`, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(options.json) })

type House = Awaited<ReturnType<typeof openHouse>>

async function worldOf(house: House, url: string, own: Tenant, theirs: Tenant, quiet: Founded): Promise<World> {
  const token = (subject: string, organizationId: number, role: string) =>
    house.tokens.issue({ subject, organizationId, roles: [role] }, dayS)
  const { organizationId: here } = own
  const { username, password } = quiet.admin
  const login = { username, password }
  const { client_id, client_secret } = quiet.oauth
  return {
    url,
    now: Date.now(),
    tokens: {
      admin: await token('client:fuzz', here, 'admin'),
      supervisor: await token(`user:${own.supervisorId}`, here, 'supervisor'),
      user: await token(`user:${own.ownerId}`, here, 'user'),
      integration: await token('client:sync', here, 'integration'),
      foreign: await token('client:other', theirs.organizationId, 'admin'),
    },
    keys: { admin: own.founded.apiKey, scoped: own.scopedKey, foreign: theirs.founded.apiKey },
    carrierToken: testing.TWILIO_AUTH_TOKEN,
    phoneNumbers: [own.founded.phoneNumber ?? '', theirs.founded.phoneNumber ?? '', '+15005550099'],
    known: await thingsOf(own, theirs),
    seldom: [
      'sei.auth.login',
      'sapien.oauth.token',
      'shared.openapi.get',
      'shared.openapi.get_one',
      'shared.reference.get',
      'shared.docs.get',
      'shared.docs.get_redoc',
    ],
    locking: ['sei.auth.login', 'sapien.oauth.token'],
    openers: {
      'sapien.calls.create': [{ from: own.founded.phoneNumber, to: '+441632960222', userId: own.ownerId }],
      'sapien.oauth.token': [{ grant_type: 'client_credentials', client_id, client_secret }],
      'sei.auth.login': [login],
    },
  }
}

/** By contract and field, as the memory keeps them. What cannot be made just now, because of what the run has changed, is left out. */
async function thingsOf(own: Tenant, theirs: Tenant): Promise<World['known']> {
  const makers: readonly (readonly [string, string, () => Promise<string | number>])[] = [
    ['sapien', 'call:id', async () => live(own, 'in_progress')],
    ['sapien', 'call:id', async () => live(own, 'paused')],
    ['bella', 'call', async () => (await own.call()).id],
    ['sapien', 'user:id', () => own.user()],
    ['sapien', 'recording:id', async () => own.recording((await own.call()).id)],
    ['sapien', 'blob:token', async () => (await own.link()).split('/').at(-1) ?? ''],
    ['bella', 'feed:id', async () => (await own.feed()).id],
    ['bella', 'token', async () => (await own.feed()).token],
    ['sei', 'refresh_token', () => own.refreshToken()],
    ...[own, theirs].flatMap(
      (tenant) =>
        [
          ['sapien', 'call:id', async () => (await tenant.call()).id],
          ['sapien', 'voicemail:id', () => tenant.voicemail()],
          ['sapien', 'blob:id', () => tenant.blob()],
          ['bella', 'user:id', () => tenant.contact()],
          ['bella', 'appointment:id', () => tenant.appointment()],
        ] as const,
    ),
  ]
  const made = await Promise.allSettled(makers.map(([, , make]) => make()))
  const things = makers.flatMap(([contract, name], index): World['known'] => {
    const outcome = made[index]
    return outcome?.status === 'fulfilled' && outcome.value ? [[contract, name, [outcome.value]]] : []
  })
  return [...things, ...lasting(own, theirs)]
}

async function live(tenant: Tenant, status: 'in_progress' | 'paused'): Promise<string> {
  const { id } = await tenant.call()
  await tenant.recording(id, status)
  return id
}

const lasting = (own: Tenant, theirs: Tenant): World['known'] => [
  ['sapien', 'user:id', [own.bystanderId, theirs.bystanderId]],
  ['sapien', 'organization:id', [own.organizationId, theirs.organizationId]],
  ['sapien', 'from', [own.founded.phoneNumber ?? '']],
  ['sapien', 'agentId', [own.founded.agentId]],
  ['bella', 'resource:id', [own.resourceId, theirs.resourceId]],
  ['shared', 'openapi:name', ['sapien', 'bella', 'sei', 'shared', 'sapien.aws']],
]

const target = await openTarget(JSON.parse(process.argv[2] ?? '{}') as TargetInput)
process.on('message', async (question: Question) => {
  const answer = await Promise.try((): unknown => target[question]()).catch((error: Error) => ({ error: error.stack ?? error.message }))
  process.send?.(answer)
})
process.once('disconnect', async () => {
  await target.close()
  process.exit(0)
})
process.send?.('ready')
