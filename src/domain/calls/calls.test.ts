import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { elsewhere, here, openTenants, type Tenants } from '../../../tests/support/tenants.ts'
import type { Session } from '../../platform/session/index.ts'
import { selectOrganizationsWithSilentCalls, updateHold } from './calls.sql.ts'
import {
  addLeg,
  addTurns,
  advanceCall,
  type CallReport,
  findProviderCall,
  loadCall,
  noteCallEvent,
  openCall,
  ownerOfProviderCall,
  recordCallUsage,
  setOutcome,
  silentCalls,
} from './index.ts'

let tenants: Tenants
beforeAll(async () => {
  tenants = await openTenants()
})
afterAll(() => tenants.close())

let made = 0
const ring = (session: Session, more: object = {}) =>
  openCall(session, {
    direction: 'inbound',
    from: '+441632960111',
    to: '+441632960999',
    provider: 'twilio',
    sid: `CA${++made}`,
    at: at(0),
    status: 'ringing',
    legs: [{ kind: 'caller', number: '+441632960111' }, { kind: 'agent' }],
    ...more,
  })
const at = (seconds: number): Date => new Date(Date.parse('2026-11-22T08:00:00Z') + seconds * 1000)
const eventsOf = (callId: string) =>
  tenants.query<{ type: string }>("SELECT type FROM platform.events WHERE data->>'callId' = $1 ORDER BY seq", [callId])

describe('opening a call', () => {
  test('fifty posts about one new call at once make one call, and all learn its id', async () => {
    const session = tenants.session()
    const opened = await Promise.all(Array.from({ length: 50 }, () => ring(session, { sid: 'CA-at-once' })))
    expect(new Set(opened.map(({ callId }) => callId)).size).toBe(1)
    expect(opened.filter(({ created }) => created)).toHaveLength(1)
    expect(await tenants.query('SELECT 1 FROM calls.calls WHERE id = $1', [opened[0]?.callId])).toHaveLength(1)
    expect(await tenants.query('SELECT 1 FROM calls.legs WHERE call_id = $1', [opened[0]?.callId])).toHaveLength(2)
  })

  test("a provider's name for a call finds it in its own organisation alone", async () => {
    const { callId } = await ring(tenants.session(), { sid: 'CA-own' })
    expect(await findProviderCall(tenants.session(), 'twilio', 'CA-own')).toBe(callId)
    expect(await findProviderCall(tenants.session(elsewhere), 'twilio', 'CA-own')).toBeNull()
    expect(await ownerOfProviderCall(tenants.database, 'twilio', 'CA-own')).toEqual({ organizationId: here, callId })
    expect(await loadCall(tenants.session(elsewhere), callId)).toBeNull()
  })

  test('it is in the feed and not in the audit log', async () => {
    const { callId } = await ring(tenants.session())
    expect((await eventsOf(callId)).map(({ type }) => type)).toEqual(['call.started', 'call.ringing'])
    expect(await tenants.query("SELECT 1 FROM platform.audit_log WHERE action LIKE 'call.%'")).toEqual([])
  })
})

const history: readonly CallReport[] = [
  { status: 'queued', at: at(0) },
  { status: 'ringing', at: at(1) },
  { status: 'in_progress', at: at(7) },
  { status: 'completed', at: at(97), durationS: 90 },
]

async function endOf(callId: string) {
  const [call] = await tenants.query(
    `SELECT status, answered_at, ended_at, duration_s, hangup_cause, cost_micros FROM calls.calls WHERE id = $1`,
    [callId],
  )
  const legs = await tenants.query(
    'SELECT position, answered_at, ended_at, hangup_cause FROM calls.legs WHERE call_id = $1 ORDER BY position',
    [callId],
  )
  const usage = await tenants.query(
    'SELECT kind, sum(quantity) AS quantity, count(*) FILTER (WHERE quantity = 0)::int AS nothing FROM billing.usage WHERE call_id = $1 GROUP BY kind',
    [callId],
  )
  const events = await tenants.query('SELECT type, at FROM calls.events WHERE call_id = $1 ORDER BY at, type', [callId])
  return { call, legs, usage, events: events.filter((event) => (event as { type: string }).type !== 'queued') }
}

describe('the course of a call', () => {
  test('callbacks late, repeated and in any order lead to the same call, the same legs and the same bill', async () => {
    const straight = await ring(tenants.session())
    for (const report of history) await advanceCall(tenants.session(), straight.callId, report)
    const expected = await endOf(straight.callId)
    expect(expected.call).toMatchObject({ status: 'completed', duration_s: 90, cost_micros: 17_000, hangup_cause: 'NORMAL_CLEARING' })
    const disorders = fc.shuffledSubarray([...history, ...history], { minLength: history.length * 2, maxLength: history.length * 2 })
    await fc.assert(
      fc.asyncProperty(disorders, async (reports) => {
        const { callId } = await ring(tenants.session())
        for (const report of reports) await advanceCall(tenants.session(), callId, report)
        expect(await endOf(callId)).toEqual(expected)
      }),
      { numRuns: 40 },
    )
  })

  test('what is used after the end is in what the call says it cost, once', async () => {
    const { callId } = await ring(tenants.session())
    for (const report of history) await advanceCall(tenants.session(), callId, report)
    const recorded = { kind: 'recording.minutes', quantity: 2, callId, source: `recording:${callId}`, at: at(200) } as const
    await Promise.all(
      [1, 2, 3].map((half) => recordCallUsage(tenants.session(), { ...recorded, source: `${recorded.source}:${half % 2}` })),
    )
    expect((await endOf(callId)).call).toMatchObject({ cost_micros: 17_000 + 2 * 5_000 })
  })

  test('callbacks that arrive at the same moment are billed once', async () => {
    const { callId } = await ring(tenants.session())
    const moves = await Promise.all([...history, ...history, ...history].map((report) => advanceCall(tenants.session(), callId, report)))
    expect(moves.filter(Boolean).length).toBeGreaterThan(0)
    expect((await endOf(callId)).usage).toEqual([{ kind: 'voice.inbound', quantity: 2, nothing: 0 }])
  })

  test('who was on hold when it ended is not on hold any more', async () => {
    const { callId } = await ring(tenants.session())
    for (const report of history.slice(0, 3)) await advanceCall(tenants.session(), callId, report)
    const onHold = () => tenants.query('SELECT on_hold FROM calls.calls WHERE id = $1', [callId])
    await tenants.session().write((tx) => tx.run(updateHold, { callId, onHold: true, now: tx.now() }))
    expect(await onHold()).toEqual([{ on_hold: true }])
    await advanceCall(tenants.session(), callId, { status: 'completed', at: at(97), durationS: 90 })
    expect(await onHold()).toEqual([{ on_hold: false }])
  })

  test('each step is one event of the feed, however often it is reported', async () => {
    const { callId } = await ring(tenants.session())
    for (const report of [...history, ...history]) await advanceCall(tenants.session(), callId, report)
    expect((await eventsOf(callId)).map(({ type }) => type)).toEqual(['call.started', 'call.ringing', 'call.answered', 'call.completed'])
  })

  test("another organisation's call cannot be moved", async () => {
    const { callId } = await ring(tenants.session())
    expect(await advanceCall(tenants.session(elsewhere), callId, { status: 'completed', at: at(5) })).toBe(false)
    expect((await loadCall(tenants.session(), callId))?.status).toBe('ringing')
  })

  test('keys, words and outcome are kept once, in order', async () => {
    const session = tenants.session()
    const { callId } = await ring(session)
    const turns = [
      { speaker: 'agent' as const, text: 'Hello.', startMs: 0, endMs: 900 },
      { speaker: 'caller' as const, text: 'Tuesday please', startMs: 1000, endMs: 2300, confidence: 0.92 },
    ]
    for (let time = 0; time < 2; time++) {
      await noteCallEvent(session, callId, 'dtmf', at(9), { digits: '1' })
      await addTurns(session, callId, turns)
      await setOutcome(session, callId, 'booked')
      await addLeg(session, callId, { kind: 'number', number: '+441632960222', sid: `${callId}-leg`, at: at(10) })
    }
    expect(await tenants.query('SELECT speaker, text FROM calls.turns WHERE call_id = $1 ORDER BY position', [callId])).toEqual([
      { speaker: 'agent', text: 'Hello.' },
      { speaker: 'caller', text: 'Tuesday please' },
    ])
    expect(await tenants.query("SELECT 1 FROM calls.events WHERE call_id = $1 AND type = 'dtmf'", [callId])).toHaveLength(1)
    expect(await tenants.query('SELECT position FROM calls.legs WHERE call_id = $1', [callId])).toHaveLength(3)
    expect((await eventsOf(callId)).filter(({ type }) => type === 'call.outcome')).toHaveLength(1)
    await expect(setOutcome(tenants.session(elsewhere), callId, 'lost')).rejects.toMatchObject({ code: 'call_not_found' })
  })

  test('a call that has gone silent is found, and where to look for such calls too', async () => {
    const { callId } = await ring(tenants.session(elsewhere), { sid: 'CA-silent' })
    const since = new Date(tenants.clock.now().getTime() + 1)
    expect(await silentCalls(tenants.session(elsewhere), 'twilio', since)).toMatchObject([{ callId, sid: 'CA-silent' }])
    expect(await tenants.session().list(selectOrganizationsWithSilentCalls, { silentSince: since })).toContainEqual({
      organizationId: elsewhere,
    })
    await advanceCall(tenants.session(elsewhere), callId, { status: 'no_answer', at: at(40) })
    expect(await silentCalls(tenants.session(elsewhere), 'twilio', since)).toEqual([])
  })
})
