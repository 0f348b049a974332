import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTenant } from '../../../tests/isolation/tenant.ts'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { soon } from '../../../tests/support/soon.ts'
import { openHouse, type RunningHouse } from '../../main.ts'
import { Refusal } from '../../platform/errors/index.ts'
import { createLogger } from '../../platform/telemetry/index.ts'
import { renderError } from './errors.ts'

// Two processes' worth of house over one database: the figures are those of both.
let one: TestHouse
let second: RunningHouse
let secondUrl: string
const openSecond = () => openHouse({ settings: one.house.settings, databaseUrl: one.databaseUrl, log: createLogger({ level: 'error' }) })
beforeAll(async () => {
  one = await openTestHouse()
  second = await openSecond()
  secondUrl = await second.listen()
})
afterAll(async () => {
  await second?.close()
  await one?.close()
})

type Listed = Record<string, Record<string, number | string | null>>
const path = '/api/unified/circuit-breakers'
const list = async (): Promise<Listed> => (await one.request('GET', path, { key: one.org.apiKey })).json() as Promise<Listed>
const listSecond = async () => (await fetch(`${secondUrl}${path}`, { headers: { 'x-api-key': one.org.apiKey } })).json() as Promise<Listed>
const post = (name: string, verb: string, key = one.org.apiKey) => one.request('POST', `${path}/${name}/${verb}`, { key })
const call = (house: RunningHouse, name: string, work: () => Promise<unknown>) =>
  house.guards.guard(name, { timeoutMs: 1000, retries: 0, breaker: { failures: 5, halfOpenAfterMs: 30_000 } }).call(work)
const fails = () => Promise.reject(new Error('connection reset'))

test('the breakers are listed with the seed’s fields, no more and no fewer, those of services that are not configured too', async () => {
  const listed = await list()
  expect(Object.keys(listed)).toEqual(expect.arrayContaining(['openai_api', 'twilio_api', 'database', 's3']))
  expect(listed.openai_api).toEqual({
    name: 'openai_api',
    state: 'closed',
    total_requests: 0,
    successful_requests: 0,
    failed_requests: 0,
    success_rate: 1,
    circuit_opened_count: 0,
    current_failure_streak: 0,
    last_failure_time: null,
    last_success_time: null,
    time_in_current_state: expect.any(Number),
  })
  for (const [name, breaker] of Object.entries(listed)) {
    expect(breaker.name).toBe(name)
    expect(Object.keys(breaker)).toEqual(Object.keys(listed.openai_api ?? {}))
  }
})

test('the database’s breaker counts every statement, and cannot be opened', async () => {
  const before = Number((await list()).database?.total_requests)
  for (let count = 0; count < 5; count++) await one.session().list({ name: 'x', text: 'SELECT 1', parameters: [] }, {})
  expect(Number((await list()).database?.total_requests)).toBeGreaterThanOrEqual(before + 5)
  const refused = await post('database', 'open')
  expect([refused.status, await refused.json()]).toEqual([409, expect.objectContaining({ error_code: 'BREAKER_WATCHES' })])
  expect((await post('database', 'reset')).status).toBe(200)
})

test('figures are those of all processes together, each counted once', async () => {
  for (let count = 0; count < 3; count++) await call(one.house, 'twilio_api', async () => 1)
  for (let count = 0; count < 5; count++) await call(second, 'twilio_api', fails).catch(() => {})
  await soon(async () => {
    for (const listed of [await list(), await listSecond()])
      expect(listed.twilio_api).toMatchObject({
        state: 'open',
        total_requests: 8,
        successful_requests: 3,
        failed_requests: 5,
        success_rate: 0.375,
        circuit_opened_count: 1,
        current_failure_streak: 5,
      })
  })
  const seconds = Date.now() / 1000
  const { last_failure_time: failed, last_success_time: succeeded } = (await list()).twilio_api ?? {}
  for (const time of [failed, succeeded]) expect(Math.abs(Number(time) - seconds)).toBeLessThan(60)
})

test('what needs an open service is refused with 503 and when to come back', async () => {
  const db = new pg.Client({ connectionString: one.databaseUrl })
  await db.connect()
  const { id } = await (await openTenant(one, db, one.org)).call()
  await db.end()
  const refused = await one.request('POST', `/v1/calls/${id}/hangup`, { token: await one.token() })
  expect([refused.status, await refused.json()]).toEqual([503, { error: expect.objectContaining({ code: 'circuit_open' }) }])
  const seconds = Number(refused.headers.get('retry-after'))
  expect(seconds).toBeGreaterThan(0)
  expect(seconds).toBeLessThanOrEqual(30)
})

test('in bella’s words, as the seed has them', () => {
  const refusal = new Refusal('circuit_open', { headers: { 'retry-after': '30' }, extra: { service: 'openai_api', retryAfter: 30 } })
  expect(renderError(refusal, { requestId: 'r-1', at: new Date('2026-11-22T09:00:00Z') })).toEqual({
    status: 503,
    body: {
      detail: "Service 'openai_api' is currently unavailable",
      error_code: 'CIRCUIT_BREAKER_OPEN',
      retry_after: 30,
      timestamp: '2026-11-22T09:00:00Z',
      correlation_id: 'r-1',
    },
  })
})

test('a reset closes it in every process within a second, and ends the streak', async () => {
  const answer = await post('twilio_api', 'reset')
  expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ state: 'closed', current_failure_streak: 0 })])
  await soon(async () => expect((await listSecond()).twilio_api?.state).toBe('closed'), 1_000)
  expect(await call(second, 'twilio_api', async () => 'through')).toBe('through')
})

test('what an operator opens is open in every process, and closed in every one when it is reset', async () => {
  expect((await post('openai_api', 'open')).status).toBe(200)
  await soon(async () => expect((await listSecond()).openai_api?.state).toBe('open'), 1_000)
  expect((await post('openai_api', 'reset')).status).toBe(200)
})

test('is audited, with who did it', async () => {
  const client = new pg.Client({ connectionString: one.databaseUrl })
  await client.connect()
  const { rows } = await client.query(
    `SELECT action, actor_kind FROM platform.audit_log WHERE resource = 'breaker:openai_api' ORDER BY seq`,
  )
  await client.end()
  expect(rows).toEqual([
    { action: 'breaker.opened', actor_kind: 'key' },
    { action: 'breaker.reset', actor_kind: 'key' },
  ])
})

test('another organisation’s admin, and whoever asks for one that is not there, gets the same answer', async () => {
  const foreign = await post('openai_api', 'open', one.other.apiKey)
  const unknown = await post('nothing_api', 'open')
  expect([foreign.status, unknown.status]).toEqual([404, 404])
  expect((await list()).openai_api?.state).toBe('closed')
})
