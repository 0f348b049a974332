// What an organisation wants kept for so many days goes after them, and nothing else does.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { pictureOf } from '../../../tests/isolation/tables.ts'
import { bookAppointment } from '../booking/index.ts'
import { prewriteCalls, tallyCalls } from '../calls/index.ts'
import { createContact } from '../contacts/index.ts'
import { storageUsage } from '../files/index.ts'
import { erasePerson, exportPerson } from '../privacy/index.ts'
import { setLegalHold } from '../recordings/index.ts'
import { changeStanding } from '../tenancy/index.ts'
import { audioBytes, daysS, type Office, openOffice } from './retention.fixture.ts'

let office: Office
beforeAll(async () => {
  office = await openOffice()
})
afterAll(() => office.close())
beforeEach(() => office.clear())

const parts = ['calls.legs', 'calls.events', 'calls.turns', 'calls.provider_calls', 'conversation.dialogues', 'conversation.answers']
const ofCall = async (callId: string): Promise<string[]> => {
  const found = []
  for (const table of [...parts, 'recordings.recordings', 'voicemail.messages', 'booking.appointments'])
    if ((await office.there(table, [callId], 'call_id')).length > 0) found.push(table)
  return found
}
const total = async (path: string) => (await office.get(path)).body?.total
const keysOf = async () => (await office.query<{ key: string }>('SELECT key FROM blobs.blobs ORDER BY key')).map(({ key }) => key)
const kept = async (keys: readonly string[]) =>
  (await Promise.all(keys.map((key) => office.house.blobs.stat(key)))).map((stat) => stat !== null)

describe('voicemail', () => {
  test('that is older than an organisation keeps it goes with its words and its audio, from lists, from the store and from the quota', async () => {
    await office.want({ voicemailDays: 30 })
    const { callId, messageId } = await office.wholeCall()
    const [message] = await office.query<{ blob_id: string }>('SELECT blob_id FROM voicemail.messages')
    const [file] = await office.query<{ key: string }>('SELECT key FROM blobs.blobs WHERE id = $1', [message?.blob_id])
    expect((await storageUsage(office.tested.session())).types.voicemail).toEqual({ bytes: audioBytes, files: 1 })
    office.clock.advance(daysS(30) + 1)
    await office.tick()
    expect(await office.get(`/v1/voicemail/${messageId}`)).toMatchObject({ status: 404 })
    expect(await office.get(`/v1/voicemail/${messageId}/download`)).toMatchObject({ status: 404 })
    expect((await office.get('/v1/voicemail')).body).toMatchObject({ voicemails: [], total: 0 })
    expect(await office.collect()).toBe(1)
    expect(await kept([file?.key ?? ''])).toEqual([false])
    const { types } = await storageUsage(office.tested.session())
    expect(types.voicemail).toEqual({ bytes: 0, files: 0 })
    // The call and its recording are another matter.
    expect(types.recording.files).toBe(1)
    expect(await office.get(`/v1/calls/${callId}`)).toMatchObject({ status: 200, body: { transcript: [{}, {}, {}] } })
  })

  test('that came one second later stays', async () => {
    await office.want({ voicemailDays: 30 })
    const callId = await office.ring()
    const older = await office.leaveMessage(callId)
    office.clock.advance(1)
    const younger = await office.leaveMessage(callId)
    office.clock.advance(daysS(30) - 1)
    await office.tick()
    expect(await office.there('voicemail.messages', [older, younger])).toEqual([older, younger].sort())
    office.clock.advance(1)
    await office.tick()
    expect(await office.there('voicemail.messages', [older, younger])).toEqual([younger])
  })
})

describe('what was said', () => {
  test('longer ago than an organisation keeps it is forgotten of calls and messages, which stay, as if nothing had been understood', async () => {
    await office.want({ transcriptDays: 7 })
    const { callId, messageId } = await office.wholeCall()
    expect((await office.get(`/v1/voicemail/${messageId}`)).body).toMatchObject({ transcription: 'please ring me back' })
    office.clock.advance(daysS(7) + 1)
    await office.tick()
    expect((await office.get(`/v1/calls/${callId}`)).body).toMatchObject({ id: callId, transcript: [], recording: { status: 'available' } })
    expect((await office.get(`/v1/voicemail/${messageId}`)).body).toMatchObject({ id: messageId, transcription: null })
    expect(await office.get(`/v1/voicemail/${messageId}/download`)).not.toMatchObject({ status: 404 })
    const said = await office.query<{ said: boolean }>(
      `SELECT strpos(d::text, 'tomorrow') > 0 OR d.state <> '{}' AS said FROM conversation.dialogues d
       UNION ALL SELECT instructions <> '[]' FROM conversation.answers`,
    )
    expect(said.length).toBeGreaterThan(2)
    expect(said.filter((row) => row.said)).toEqual([])
    expect(await office.audited()).toEqual([{ actor: 'job:retention.carry-out', wordsOfCalls: 1, wordsOfVoicemails: 1 }])
  })

  test('in a call that ended one second later stays, and so does what is being said', async () => {
    await office.want({ transcriptDays: 7 })
    const [older, younger, live] = [await office.ring(), await office.ring(), await office.ring()]
    await office.hangUp(older)
    office.clock.advance(1)
    await office.hangUp(younger)
    office.clock.advance(daysS(7))
    await office.tick()
    expect(await office.there('calls.turns', [older, younger, live], 'call_id')).toEqual([younger, live].sort())
  })
})

describe('a call', () => {
  test('that ended longer ago than an organisation keeps it goes with all that was only its own', async () => {
    await office.want({ callDays: 90 })
    const session = office.tested.session()
    const { callId, recordingId } = await office.wholeCall()
    office.clock.advance(61)
    await prewriteCalls(session, office.house)
    await tallyCalls(session, office.house)
    expect(await office.get(`/v1/recordings/${recordingId}`)).toMatchObject({ status: 200 }) // and is remembered
    expect(await ofCall(callId)).toEqual([...parts, 'recordings.recordings', 'voicemail.messages'])
    office.clock.advance(daysS(90))
    await office.tick()
    expect(await ofCall(callId)).toEqual([])
    expect(await office.get(`/v1/calls/${callId}`)).toMatchObject({ status: 404 })
    expect(await office.get(`/v1/recordings/${recordingId}`)).toMatchObject({ status: 404 })
    expect(await office.get(`/v1/recordings/${recordingId}/download`)).toMatchObject({ status: 404 })
    expect([await total('/v1/calls'), await total('/v1/recordings')]).toEqual([0, 0])
    expect((await storageUsage(session)).types.recording).toEqual({ bytes: 0, files: 0 })
    expect(await office.collect()).toBe(1)
    expect((await office.house.audit.verify()).findings).toEqual([])
  })

  test('leaves its message and its appointment behind, which no longer name it, and what it cost in the ledger', async () => {
    await office.want({ callDays: 90 })
    const session = office.tested.session()
    const { callId, messageId } = await office.wholeCall()
    const { id: contactId } = await createContact(session, { fullName: 'Carol Caller', mobile: '+447700900555' })
    const wanted = { durationMin: null, resourceId: null, service: null, notes: null, forName: null, source: 'voice', callId } as const
    const { id } = await bookAppointment(session, { ...wanted, contactId, startsAt: new Date('2026-03-03T10:00:00Z') })
    const ledger = await office.query('SELECT id, cost_micros FROM billing.usage WHERE call_id = $1 ORDER BY id', [callId])
    expect(ledger.length).toBeGreaterThan(1)
    office.clock.advance(daysS(90) + 1)
    await office.tick()
    expect((await office.get(`/v1/voicemail/${messageId}`)).body).toMatchObject({ callId: null, transcription: 'please ring me back' })
    expect(await office.query('SELECT id::int, call_id FROM booking.appointments')).toEqual([{ id, call_id: null }])
    expect(await office.query('SELECT id, cost_micros FROM billing.usage WHERE call_id = $1 ORDER BY id', [callId])).toEqual(ledger)
  })

  test('whose message stayed leaves its caller findable: they still get, and have erased, what is held about them', async () => {
    await office.want({ callDays: 1 })
    const session = office.tested.session()
    await office.wholeCall()
    office.clock.advance(daysS(2))
    await office.tick()
    const mobile = '+447700900321'
    expect(JSON.parse((await exportPerson(session, { mobile })).text)).toMatchObject({
      calls: [],
      voicemails: [{ callId: null, from: mobile }],
    })
    expect(await erasePerson(session, { mobile }, office.house)).toMatchObject({ calls: 0, voicemails: 1 })
    expect(await total('/v1/voicemail')).toBe(0)
  })

  test('that ended one second later stays, and one that has not ended stays however long it lasts', async () => {
    await office.want({ callDays: 1 })
    const [older, younger, live] = [await office.ring(), await office.ring(), await office.ring()]
    await office.hangUp(older)
    office.clock.advance(1)
    await office.hangUp(younger)
    office.clock.advance(daysS(1))
    await office.tick()
    expect(await office.there('calls.calls', [older, younger, live])).toEqual([younger, live].sort())
    office.clock.advance(daysS(40))
    await office.tick()
    expect(await office.there('calls.calls', [older, younger, live])).toEqual([live])
    await office.hangUp(live)
    await office.tick()
    expect(await ofCall(live)).not.toEqual([])
    expect(await total('/v1/calls')).toBe(1)
  })

  test('of which a recording is under legal hold stays with all that it has, until it is let go', async () => {
    await office.want({ callDays: 1, voicemailDays: 1, transcriptDays: 1 })
    const session = office.tested.session()
    const held = await office.wholeCall()
    const other = await office.wholeCall()
    await setLegalHold(session, held.recordingId, true, office.house)
    const keys = await keysOf()
    office.clock.advance(daysS(400))
    await office.tick()
    expect(await office.there('calls.calls', [held.callId, other.callId])).toEqual([held.callId])
    expect(await ofCall(held.callId)).toEqual([...parts, 'recordings.recordings', 'voicemail.messages'])
    expect((await office.get(`/v1/calls/${held.callId}`)).body).toMatchObject({ transcript: [{}, {}, {}] })
    expect((await office.get(`/v1/voicemail/${held.messageId}`)).body).toMatchObject({ transcription: 'please ring me back' })
    await office.collect()
    expect((await kept(keys)).filter(Boolean)).toHaveLength(2)
    await setLegalHold(session, held.recordingId, false, office.house)
    await office.tick()
    await office.collect()
    expect(await ofCall(held.callId)).toEqual([])
    expect(await office.there('voicemail.messages', [held.messageId])).toEqual([])
    expect(await kept(keys)).toEqual(keys.map(() => false))
  })

  test('is counted in no list any more, whether it was counted before or not, and the next page’s cursor still leads on', async () => {
    await office.want({ callDays: 30 })
    const old = [await office.ring(), await office.ring(), await office.ring()]
    for (const callId of old) await office.hangUp(callId)
    office.clock.advance(daysS(30) + 1)
    for (const callId of [await office.ring(), await office.ring()]) await office.hangUp(callId)
    await tallyCalls(office.tested.session(), office.house)
    expect(await total('/v1/calls')).toBe(5)
    const first = (await office.get('/v1/calls?limit=1')).body
    await office.tick()
    expect(await total('/v1/calls')).toBe(2)
    const second = (await office.get(`/v1/calls?limit=1&cursor=${first?.nextCursor}`)).body
    expect(second?.calls).toHaveLength(1)
    const [tally] = await office.query(
      'SELECT t.calls::int, (SELECT count(*)::int FROM calls.calls c WHERE c.id < t.before) AS counted FROM calls.tallies t',
    )
    expect(tally?.calls).toBe(tally?.counted)
  })
})

describe('the feed', () => {
  const eventsOf = (family: string) =>
    office.query<{ seq: number; type: string; data: Record<string, unknown> }>(
      `SELECT seq::int, type, data FROM platform.events WHERE organization_id = 100 AND type LIKE $1 ORDER BY seq`,
      [`${family}.%`],
    )

  test('says no longer who rang than calls and messages are kept, and keeps its numbers', async () => {
    await office.want({ callDays: 30, voicemailDays: 60 })
    const { callId, messageId } = await office.wholeCall()
    const before = [await eventsOf('call'), await eventsOf('voicemail')]
    office.clock.advance(daysS(30) + 1)
    const later = await office.ring()
    await office.carryOut({ events: 2 })
    const calls = await eventsOf('call')
    const old = calls.slice(0, before[0]?.length)
    expect(old).toEqual(before[0]?.map((event) => ({ ...event, data: { callId } })))
    expect(old.length).toBeGreaterThan(3)
    expect(calls.slice(old.length).map(({ data }) => [data.callId, data.from])).toContainEqual([later, '+447700900321'])
    expect(await eventsOf('voicemail')).toEqual(before[1])
    office.clock.advance(daysS(30))
    await office.carryOut({ events: 2 })
    expect((await eventsOf('voicemail')).map(({ data }) => data)).toEqual(before[1]?.map(() => ({ voicemailId: messageId })))
    const entries = await office.audited()
    expect(entries.reduce((sum, entry) => sum + Number(entry.callEvents ?? 0), 0)).toBe(old.length)
  })

  test('does not tell of what went: the audit log does, once for each change, with how much of each', async () => {
    await office.want({ callDays: 30, voicemailDays: 30, transcriptDays: 30 })
    for (const _ of [1, 2, 3]) await office.wholeCall()
    const said = (await office.query('SELECT FROM platform.events')).length
    office.clock.advance(daysS(30) + 1)
    await office.tick()
    const actor = 'job:retention.carry-out'
    expect(await office.audited()).toEqual([
      { actor, calls: 3, recordings: 3, voicemails: 3, wordsOfCalls: 0, wordsOfVoicemails: 0 },
      { actor, callEvents: (await eventsOf('call')).length },
      { actor, voicemailEvents: (await eventsOf('voicemail')).length },
    ])
    expect((await office.query('SELECT FROM platform.events')).length).toBe(said)
    await office.tick()
    expect(await office.audited()).toHaveLength(3)
  })
})

describe('an organisation', () => {
  const tables = [...parts, 'calls.calls', 'recordings.recordings', 'voicemail.messages', 'blobs.blobs', 'blobs.usage', 'platform.events']

  test('that wants everything kept keeps it for ever', async () => {
    await office.wholeCall()
    const before = await pictureOf(office.client, tables, 100)
    office.clock.advance(daysS(36_500))
    await office.tick()
    expect(await pictureOf(office.client, tables, 100)).toEqual(before)
    expect(await office.audited()).toEqual([])
  })

  test('does not have its things deleted because another wants that', async () => {
    await office.want({ callDays: 1, voicemailDays: 1, transcriptDays: 1 })
    await office.wholeCall(200)
    const mine = await office.wholeCall()
    const before = await pictureOf(office.client, tables, 200)
    office.clock.advance(daysS(400))
    await office.tick()
    expect(await office.there('calls.calls', [mine.callId])).toEqual([])
    expect(await pictureOf(office.client, tables, 200)).toEqual(before)
  })

  test('that is suspended still has deleted what it did not want kept', async () => {
    await office.want({ callDays: 1 })
    const { callId } = await office.wholeCall()
    office.clock.advance(daysS(2))
    await changeStanding(office.tested.session(), office.house, 'suspended')
    try {
      await office.tick()
    } finally {
      await changeStanding(office.tested.session(), office.house, 'active')
    }
    expect(await office.there('calls.calls', [callId])).toEqual([])
  })

  test('that asks to keep things longer is obeyed from the next change on', async () => {
    await office.want({ voicemailDays: 1 })
    const callId = await office.ring()
    const ids = [await office.leaveMessage(callId), await office.leaveMessage(callId), await office.leaveMessage(callId)]
    office.clock.advance(daysS(2))
    let opened = 0
    await office.carryOut({ rows: 1 }, (principal, requestId) => {
      const session = office.house.openSession(principal, requestId)
      return {
        ...session,
        write: async (work) => {
          if (++opened === 2) await office.want({})
          return session.write(work)
        },
      }
    })
    expect(await office.there('voicemail.messages', ids)).toHaveLength(2)
  })
})
