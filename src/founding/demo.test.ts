// The demo's history: what a newcomer finds on the first start.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase, type TestDatabase, templateReady } from '../../tests/support/postgres.ts'
import { openHouse, type RunningHouse } from '../main.ts'
import { systemPrincipal } from '../platform/auth/index.ts'
import { loadSettings } from '../platform/config/index.ts'
import { migrate, statement } from '../platform/db/index.ts'
import type { Session } from '../platform/session/index.ts'
import { createLogger } from '../platform/telemetry/index.ts'
import { foundDemo } from './demo.ts'

const calls = statement<
  object,
  {
    status: string
    direction: string
    outcome: string | null
    startedAt: Date
    answeredAt: Date | null
    endedAt: Date | null
    durationS: number | null
    costMicros: number
    legs: number
    open: number
    events: number
    turns: number
    lastTurnMs: number | null
    billed: number
  }
>(
  'test_demo_calls',
  `SELECT c.status, c.direction, c.outcome, c.started_at AS "startedAt", c.answered_at AS "answeredAt", c.ended_at AS "endedAt",
          c.duration_s AS "durationS", c.cost_micros AS "costMicros",
          (SELECT count(*) FROM calls.legs l WHERE l.organization_id = c.organization_id AND l.call_id = c.id) AS legs,
          (SELECT count(*) FROM calls.legs l WHERE l.organization_id = c.organization_id AND l.call_id = c.id AND l.ended_at IS NULL) AS open,
          (SELECT count(*) FROM calls.events e WHERE e.organization_id = c.organization_id AND e.call_id = c.id) AS events,
          (SELECT count(*) FROM calls.turns t WHERE t.organization_id = c.organization_id AND t.call_id = c.id) AS turns,
          (SELECT max(t.start_ms) FROM calls.turns t WHERE t.organization_id = c.organization_id AND t.call_id = c.id) AS "lastTurnMs",
          (SELECT coalesce(sum(u.cost_micros), 0) FROM billing.usage u WHERE u.organization_id = c.organization_id AND u.call_id = c.id
              AND u.kind LIKE 'voice.%') AS billed
     FROM calls.calls c WHERE c.organization_id = :organizationId ORDER BY c.started_at`,
)
const appointments = statement<object, { status: string; startsAt: Date; source: string; callId: string | null }>(
  'test_demo_appointments',
  `SELECT status, starts_at AS "startsAt", source, call_id AS "callId" FROM booking.appointments WHERE organization_id = :organizationId`,
)

describe('the demo', () => {
  let database: TestDatabase
  let house: RunningHouse
  let session: Session
  let folder: string
  const now = new Date()

  beforeAll(async () => {
    database = await createDatabase(await templateReady(async (url) => void (await migrate({ url }))))
    folder = mkdtempSync(join(tmpdir(), 'patchbay-demo-'))
    const settings = loadSettings({
      APP_ENV: 'testing',
      PORT: '0',
      PATCHBAY_DATA: folder,
      SECRET_KEY: 'a-key-that-only-tests-know-0123456789',
    })
    house = await openHouse({ settings, databaseUrl: database.url, log: createLogger({ level: 'error' }) })
    const { organizationId } = await foundDemo(house, null)
    session = house.openSession(systemPrincipal(organizationId, 'test'))
  })
  afterAll(async () => {
    await house.close()
    rmSync(folder, { recursive: true, force: true })
    await database.drop()
  })

  test('has calls of every outcome that a line without voicemail has, both ways, over two weeks and none of them running', async () => {
    const found = await session.list(calls, {})
    expect(found.length).toBeGreaterThanOrEqual(30)
    expect([...new Set(found.map(({ status }) => status))].sort()).toEqual(['busy', 'cancelled', 'completed', 'failed', 'no_answer'])
    for (const direction of ['inbound', 'outbound']) expect(found.filter((call) => call.direction === direction).length).toBeGreaterThan(8)
    const days = new Set(found.map(({ startedAt }) => startedAt.toISOString().slice(0, 10)))
    expect(days.size).toBe(10)
    expect(found.every(({ endedAt }) => endedAt !== null && endedAt < now)).toBe(true)
  })

  test('tells one story of each call: times, duration, legs, words and cost agree', async () => {
    for (const call of await session.list(calls, {})) {
      expect(call.open).toBe(0)
      expect(call.legs).toBeGreaterThanOrEqual(2)
      expect(call.events).toBeGreaterThanOrEqual(2)
      expect(call.costMicros).toBeGreaterThanOrEqual(call.billed)
      if (call.status !== 'completed') {
        expect([call.answeredAt, call.durationS, call.billed, call.turns]).toEqual([null, 0, 0, 0])
        continue
      }
      const seconds = ((call.endedAt?.getTime() ?? 0) - (call.answeredAt?.getTime() ?? 0)) / 1000
      expect(call.durationS).toBe(Math.round(seconds))
      expect(call.billed).toBe(Math.ceil(Math.round(seconds) / 60) * (call.direction === 'inbound' ? 8_500 : 14_000))
      if (call.direction === 'inbound') expect(call.turns).toBeGreaterThanOrEqual(3)
      expect(call.lastTurnMs ?? 0).toBeLessThanOrEqual(seconds * 1000)
    }
  })

  test('has appointments ahead that callers booked, and some that are over', async () => {
    const found = await session.list(appointments, {})
    const ahead = found.filter(({ status, startsAt }) => status === 'booked' && startsAt > now)
    expect(ahead.length).toBeGreaterThanOrEqual(6)
    expect(found.every(({ source, callId }) => source === 'voice' && callId !== null)).toBe(true)
    expect(found.map(({ status }) => status)).toEqual(expect.arrayContaining(['completed', 'no_show', 'cancelled']))
  })

  test('leaves no job behind, so that nobody is told today of what was booked last week', async () => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    try {
      expect((await client.query('SELECT task_identifier FROM graphile_worker.jobs')).rows).toEqual([])
    } finally {
      await client.end()
    }
  })

  test('is audited like everything else', async () => {
    expect((await house.audit.verify()).findings).toEqual([])
  })
})
