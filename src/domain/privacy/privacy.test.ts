// P12 over the whole house: somebody rings, books, is recorded and leaves a message; then they are to be forgotten.
import { Readable } from 'node:stream'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { until } from '../../../tests/support/until.ts'
import type { Refusal } from '../../platform/errors/index.ts'
import { movableClock } from '../../platform/time/index.ts'
import { builtinUnderstanding } from '../../providers/understanding/index.ts'
import { advanceCall, holdCall, prewriteCalls, type Telephony } from '../calls/index.ts'
import { findContact } from '../contacts/index.ts'
import { answerCall, takeTurn } from '../reception/index.ts'
import { fetchRecording, removeRecording, reportRecording, setLegalHold } from '../recordings/index.ts'
import { receiveVoicemail, storeVoicemail } from '../voicemail/arrival.ts'
import { erasePerson, exportPerson } from './index.ts'

const audio = Buffer.concat([Buffer.from('RIFF\x24\x08\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00'), Buffer.alloc(2_000)])
const carrier = {
  fetchRecording: async () => ({ body: Readable.from(audio), contentType: 'audio/wav', durationS: 12, channels: 1 }),
} as unknown as Telephony

describe('a person who is to be forgotten', () => {
  let tested: TestHouse
  let client: pg.Client
  const clock = movableClock('2026-11-18T10:00:00Z')
  const mobile = '+447700900321'

  let worker: ReturnType<TestHouse['house']['startJobs']> | null = null
  const working = () => {
    worker ??= tested.house.startJobs()
    return worker
  }

  beforeAll(async () => {
    tested = await openTestHouse({ clock })
    client = new pg.Client({ connectionString: tested.databaseUrl })
    await client.connect()
  })
  afterAll(async () => {
    await client.end()
    await tested.close()
  })

  /** @returns the call's id */
  async function ring(sid: string, from: string, says: readonly string[]): Promise<string> {
    const session = tested.session()
    const services = { caches: tested.house.caches, understanding: builtinUnderstanding }
    const call = { provider: 'twilio', sid, from, to: '+15005550006' }
    let reply = await answerCall(session, call, services)
    const callId = reply.callId ?? ''
    for (const text of says) {
      clock.advance(5)
      const heard = { kind: 'speech', text, confidence: 0.9 } as const
      reply = await takeTurn(session, { ...call, callId, turn: reply.turn, heard, posted: text }, services)
    }
    return callId
  }
  async function leaveRecordings(callId: string, sid: string): Promise<void> {
    const services = { ...tested.house, telephony: carrier }
    await reportRecording(tested.session(), { callId, provider: 'twilio', sid, status: 'completed', startedAt: clock.now() })
    await fetchRecording(tested.session(), { provider: 'twilio', sid }, services, false)
  }
  async function leaveMessage(callId: string, sid: string): Promise<void> {
    const id = await receiveVoicemail(tested.session(), { callId, sid, durationS: 12, at: clock.now() })
    await storeVoicemail(tested.session(), id ?? '', { ...tested.house, telephony: carrier })
  }
  /** Every row of every tenant table in which a word stands, by table. */
  async function traces(word: string): Promise<string[]> {
    const { rows } = await client.query<{ name: string }>(
      `SELECT DISTINCT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`,
    )
    const found: string[] = []
    for (const { name } of rows) {
      const { rowCount } = await client.query(`SELECT 1 FROM ${name} AS t WHERE strpos(t::text, $1) > 0 LIMIT 1`, [word])
      if (rowCount) found.push(name)
    }
    return found
  }

  test('gets everything that is held about them, and then leaves no trace but figures', async () => {
    const session = tested.session()
    const booked = await ring('CA1', mobile, [
      "Hi, it's Sophie Germain, I'd like to book for the 24th of november at 3 pm",
      'yes please',
      'no thank you bye',
    ])
    await advanceCall(session, booked, { status: 'completed', at: clock.now() })
    await leaveRecordings(booked, 'RE1')
    await leaveMessage(booked, 'RE2')
    const contact = await findContact(session, mobile)
    const before = await client.query('SELECT duration_s, cost_micros, status, outcome FROM calls.calls WHERE id = $1', [booked])

    const exported = JSON.parse((await exportPerson(session, { mobile })).text) as Record<string, unknown>
    expect(exported).toMatchObject({
      contact: { id: contact?.id, fullName: 'Sophie Germain', mobile },
      calls: [{ id: booked, from: mobile, recordings: [{ status: 'available' }] }],
      appointments: [{ startsAt: '2026-11-24T15:00:00Z', status: 'booked', callId: booked }],
      voicemails: [{ callId: booked, from: mobile }],
    })
    expect(JSON.stringify(exported)).toContain("I'd like to book")
    clock.advance(61)
    expect(await prewriteCalls(session, tested.house)).toBe(1)
    const files = await client.query<{ key: string }>('SELECT key FROM blobs.blobs')
    expect(files.rows).toHaveLength(2)

    expect(await erasePerson(session, { mobile }, tested.house)).toEqual({
      contactId: contact?.id,
      calls: 1,
      recordings: 1,
      voicemails: 1,
      appointmentsCancelled: 1,
      recordingsHeld: [],
    })
    expect(await traces(mobile)).toEqual([])
    expect(await traces('Germain')).toEqual([])
    await working()
    for (const { key } of files.rows) await expect.poll(() => tested.house.blobs.stat(key), { timeout: 10_000 }).toBeNull()
    const after = await client.query('SELECT duration_s, cost_micros, status, outcome FROM calls.calls WHERE id = $1', [booked])
    expect(after.rows).toEqual(before.rows)
    expect((await tested.house.audit.verify()).findings).toEqual([])
    await expect(erasePerson(session, { mobile }, tested.house)).rejects.toMatchObject({ code: 'contact_not_found' })
  })

  test('who only rang is found by the number', async () => {
    const session = tested.session()
    const from = '+447700900322'
    const callId = await ring('CA2', from, ['have you got anything free tomorrow'])
    await advanceCall(session, callId, { status: 'completed', at: clock.now() })
    expect(JSON.parse((await exportPerson(session, { mobile: from })).text)).toMatchObject({ contact: null, calls: [{ id: callId }] })
    expect(await erasePerson(session, { mobile: from }, tested.house)).toMatchObject({ contactId: null, calls: 1 })
    expect(await traces(from)).toEqual([])
  })

  test('waits until the call has ended', async () => {
    const session = tested.session()
    const from = '+447700900323'
    const callId = await ring('CA3', from, [])
    await expect(erasePerson(session, { mobile: from }, tested.house)).rejects.toMatchObject({ code: 'contact_on_call' })
    await advanceCall(session, callId, { status: 'completed', at: clock.now() })
    expect(await erasePerson(session, { mobile: from }, tested.house)).toMatchObject({ calls: 1 })
  })

  test('leaves what is under legal hold, and says so', async () => {
    const session = tested.session()
    const from = '+447700900324'
    const callId = await ring('CA4', from, [])
    await advanceCall(session, callId, { status: 'completed', at: clock.now() })
    await leaveRecordings(callId, 'RE4')
    const { rows } = await client.query<{ id: string }>('SELECT id FROM recordings.recordings WHERE call_id = $1', [callId])
    const id = rows[0]?.id ?? ''
    await setLegalHold(session, id, true, tested.house)
    expect(await erasePerson(session, { mobile: from }, tested.house)).toMatchObject({ recordings: 0, recordingsHeld: [id] })
    const kept = await client.query('SELECT status FROM recordings.recordings WHERE id = $1', [id])
    expect(kept.rows).toEqual([{ status: 'available' }])
  })

  const sid = (which: string) => `${which}-beside`
  const reported = (callId: string, which: string) =>
    reportRecording(tested.session(), { callId, provider: 'twilio', sid: sid(which), status: 'completed', startedAt: clock.now() })
  const fetched = (which: string) =>
    fetchRecording(tested.session(), { provider: 'twilio', sid: sid(which) }, { ...tested.house, telephony: carrier }, false)
  /** What somebody does with a call's recording or message, in two steps: what is there before, and what comes between. */
  const between: Readonly<Record<string, (callId: string) => Promise<() => Promise<unknown>>>> = {
    'a recording is removed': async (callId) => {
      const id = await reported(callId, 'RE-removed')
      await fetched('RE-removed')
      return () => removeRecording(tested.session(), { all: true, viewer: null }, id, tested.house)
    },
    'a recording is put under legal hold': async (callId) => {
      const id = await reported(callId, 'RE-held')
      await fetched('RE-held')
      return () => setLegalHold(tested.session(), id, true, tested.house)
    },
    'a recording is fetched': async (callId) => {
      await reported(callId, 'RE-fetched')
      return () => fetched('RE-fetched')
    },
    'a recording is given up': async (callId) => {
      await reported(callId, 'RE-lost')
      const telephony = { fetchRecording: async () => null } as unknown as Telephony
      return () => fetchRecording(tested.session(), { provider: 'twilio', sid: sid('RE-lost') }, { ...tested.house, telephony }, true)
    },
    'a message is fetched': async (callId) => {
      const id = await receiveVoicemail(tested.session(), { callId, sid: sid('RE-message'), durationS: 12, at: clock.now() })
      return () => storeVoicemail(tested.session(), id ?? '', { ...tested.house, telephony: carrier })
    },
  }

  test.each(Object.keys(between))('is forgotten while %s: neither waits for the other, and no file stays', async (what) => {
    const session = tested.session()
    const from = `+4477009004${String(Object.keys(between).indexOf(what)).padStart(2, '0')}`
    const callId = await ring(`CA-${what}`, from, [])
    await advanceCall(session, callId, { status: 'completed', at: clock.now() })
    const act = await between[what]?.(callId)
    let acting: Promise<unknown> = Promise.resolve()
    await session.write(async (tx) => {
      await holdCall(tx, callId) // as an erasure begins
      acting = act?.().catch((error) => error) ?? acting
      await until('somebody waits for the call', async () => {
        const { rows } = await client.query<{ waiting: boolean }>(
          `SELECT count(*) > 0 AS waiting FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()`,
        )
        return rows[0]?.waiting
      })
      await erasePerson(tx, { mobile: from }, tested.house)
    })
    expect([undefined, 'recording_not_found']).toContain(((await acting) as Refusal | undefined)?.code)
    expect(await traces(from)).toEqual([])
    await working()
    const left = async () => (await client.query(`SELECT FROM graphile_worker.jobs WHERE key LIKE 'blobs.remove:%'`)).rowCount
    await until('what is to be removed is removed', async () => (await left()) === 0)
    for (const { id } of (await client.query<{ id: string }>('SELECT id FROM recordings.recordings WHERE call_id = $1', [callId])).rows)
      expect(await tested.house.blobs.stat(`100/blobs/${id}`)).toBeNull()
  })

  test('of another organisation does not exist', async () => {
    const other = tested.session(200)
    await expect(exportPerson(other, { mobile: '+447700900324' })).rejects.toMatchObject({ code: 'contact_not_found' })
    await expect(erasePerson(other, { id: 1 }, tested.house)).rejects.toMatchObject({ code: 'contact_not_found' })
  })
})
