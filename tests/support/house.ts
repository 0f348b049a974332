// A whole Patchbay for a test file: its own database cloned from a migrated template, real HTTP on a free port, an
// organisation with credentials of every kind, and a second one to be kept out of it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Founded, foundOrganization } from '../../src/founding/organization.ts'
import { openHouse, type RunningHouse } from '../../src/main.ts'
import { systemPrincipal, type TokenClaims } from '../../src/platform/auth/index.ts'
import { loadSettings } from '../../src/platform/config/index.ts'
import { migrate } from '../../src/platform/db/index.ts'
import type { Session } from '../../src/platform/session/index.ts'
import { createLogger, type Logger } from '../../src/platform/telemetry/index.ts'
import type { Clock } from '../../src/platform/time/index.ts'
import { createDatabase, templateReady } from './postgres.ts'
import { testing } from './settings.ts'

export interface TestHouse {
  readonly url: string
  readonly house: RunningHouse
  /** Organisation 100, and another. */
  readonly org: Founded
  readonly other: Founded
  /** A bearer token of organisation 100's, admin unless said otherwise. */
  token(claims?: Partial<TokenClaims> & { ttlS?: number }): Promise<string>
  session(organizationId?: number): Session
  request(method: string, path: string, options?: RequestOptions): Promise<Response>
  readonly databaseUrl: string
  close(): Promise<void>
}

export interface RequestOptions {
  readonly token?: string
  readonly key?: string
  readonly json?: unknown
  readonly form?: Record<string, string> | [string, string][]
  readonly body?: string | Buffer | FormData
  readonly headers?: Record<string, string>
}

export interface HouseOptions {
  /** Settings as variables, over those that suit tests. */
  readonly env?: Record<string, string>
  readonly clock?: Clock
  /** In place of one that says what `LOG_LEVEL` asks for. */
  readonly log?: Logger
  readonly jobs?: boolean
}

export async function openTestHouse(options: HouseOptions = {}): Promise<TestHouse> {
  const template = await templateReady(async (url) => void (await migrate({ url })))
  const database = await createDatabase(template)
  const dataFolder = mkdtempSync(join(tmpdir(), 'patchbay-house-'))
  const settings = loadSettings({ ...testing, PATCHBAY_DATA: dataFolder, ...options.env })
  const house = await openHouse({
    settings,
    databaseUrl: database.url,
    log: options.log ?? createLogger({ level: settings.log.level }),
    graceMs: 3_000,
    ...(options.clock ? { clock: options.clock } : {}),
  })
  const found = (id: number, name: string, domain: string, number: string) =>
    foundOrganization(house, { id, name, domain, timezone: 'Europe/London', language: 'en', number: { e164: number, sid: null } })
  const org = await found(100, 'Acme Corporation', 'acme.example', '+15005550006')
  const other = await found(200, 'Other Limited', 'other.example', '+15005550007')
  const url = await house.listen()
  if (options.jobs) await house.startJobs()
  return {
    url,
    house,
    org,
    other,
    databaseUrl: database.url,
    token: ({ ttlS = 3600, ...claims } = {}) =>
      house.tokens.issue({ subject: 'client:test', organizationId: 100, roles: ['admin'], ...claims }, ttlS),
    session: (organizationId = 100) => house.openSession(systemPrincipal(organizationId, 'test')),
    request: (method, path, request = {}) => send(url, method, path, request),
    async close() {
      await house.close()
      rmSync(dataFolder, { recursive: true, force: true })
      await database.drop()
    },
  }
}

function send(url: string, method: string, path: string, { token, key, json, form, body, headers }: RequestOptions): Promise<Response> {
  const content = json !== undefined ? JSON.stringify(json) : form ? new URLSearchParams(form).toString() : body
  const type = json !== undefined ? 'application/json' : form ? 'application/x-www-form-urlencoded' : undefined
  return fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(type ? { 'content-type': type } : {}),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(key ? { 'x-api-key': key } : {}),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content as NonNullable<RequestInit['body']> }),
  })
}
