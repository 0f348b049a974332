// Whatever goes wrong while old things are deleted, and whoever is at them meanwhile: nothing goes twice, nothing by halves.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { pictureOf } from '../../../tests/isolation/tables.ts'
import { until } from '../../../tests/support/until.ts'
import { Refusal } from '../../platform/errors/index.ts'
import { recordCallUsage } from '../calls/index.ts'
import { storageUsage } from '../files/index.ts'
import { erasePerson } from '../privacy/index.ts'
import { removeRecording, setLegalHold } from '../recordings/index.ts'
import { markVoicemail, removeVoicemail } from '../voicemail/index.ts'
import { audioBytes, daysS, failingAt, type Office, openOffice, pausingAt } from './retention.fixture.ts'

let office: Office
beforeAll(async () => {
  office = await openOffice()
})
afterAll(() => office.close())
beforeEach(() => office.clear())

const everybody = { all: true, viewer: null }
const tables = [
  ...['calls.calls', 'calls.legs', 'calls.events', 'calls.turns', 'calls.provider_calls', 'conversation.dialogues', 'conversation.answers'],
  ...['recordings.recordings', 'voicemail.messages', 'booking.appointments', 'blobs.blobs', 'blobs.usage'],
  ...['platform.events', 'platform.emptied_events', 'platform.audit_log', 'platform.feeds'],
]
const picture = () => pictureOf(office.client, tables, 100)
const count = async (table: string): Promise<number> =>
  (await office.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]?.n ?? 0
const removals = async () => (await office.query(`SELECT FROM graphile_worker._private_jobs WHERE key LIKE 'blobs.remove:%'`)).length
const goneBy = async (kind: string) => (await office.audited()).reduce((sum, entry) => sum + Number(entry[kind] ?? 0), 0)
const all = { callDays: 1, voicemailDays: 1, transcriptDays: 1 }

const somebodyWaits = `SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()`

describe('a run that is cut short', () => {
  test('at any step leaves its change undone, and the next run does all that is left, once', async () => {
    await office.want(all)
    const calls = [await office.wholeCall(), await office.wholeCall()]
    const young = await office.ring()
    office.clock.advance(daysS(2))
    let failed = 0
    for (let which = 1; ; which++) {
      const before = await picture()
      const { openSession, steps } = failingAt(office, which)
      const entries = (await office.audited()).length
      const error = await office.carryOut({ rows: 1 }, openSession).then(
        () => null,
        (reason: Error) => reason,
      )
      if (error === null && steps() < which) break
      expect(error?.message).toContain('the connection was lost')
      failed++
      // What went is told, and what is told went: each change is whole or not there.
      if ((await office.audited()).length === entries) expect(await picture()).toEqual(before)
      expect(await removals()).toBe(4 - (await count('blobs.blobs')))
    }
    expect(failed).toBeGreaterThan(30)
    expect([await count('recordings.recordings'), await count('voicemail.messages'), await count('blobs.blobs')]).toEqual([0, 0, 0])
    expect(await office.there('calls.calls', [...calls.map(({ callId }) => callId), young])).toEqual([young])
    expect([await goneBy('calls'), await goneBy('recordings'), await goneBy('voicemails')]).toEqual([2, 2, 2])
    expect((await storageUsage(office.tested.session())).used).toBe(0)
    expect(await office.collect()).toBe(4)
    expect((await office.house.audit.verify()).findings).toEqual([])
  })

  test('by its connection’s end, in the middle of a change, has deleted nothing, and the next one deletes it', async () => {
    await office.want({ callDays: 1 })
    const { callId } = await office.wholeCall()
    office.clock.advance(daysS(2))
    const before = await picture()
    await office.client.query('BEGIN')
    await office.client.query('SELECT FROM calls.legs FOR UPDATE')
    const run = office.carryOut().then(
      () => null,
      (error: Error) => error,
    )
    const waits = `SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                    WHERE NOT l.granted AND a.datname = current_database()`
    await until('it waits in the middle', async () => ((await office.client.query(waits)).rowCount ?? 0) > 0)
    expect(await run).not.toBeNull()
    await office.client.query('COMMIT')
    expect(await picture()).toEqual(before)
    await office.carryOut()
    expect(await office.there('calls.calls', [callId])).toEqual([])
  })

  test('because its worker stops begins no further change', async () => {
    await office.want({ callDays: 1 })
    await office.wholeCall()
    office.clock.advance(daysS(2))
    await expect(office.carryOut({}, undefined, AbortSignal.abort(new Error('the worker stops')))).rejects.toThrow('the worker stops')
    expect(await count('calls.calls')).toBe(1)
  })
})

describe('many old things', () => {
  test('go in as many changes as it takes, and of more than a run may do the next one does the rest', async () => {
    await office.want({ voicemailDays: 1 })
    const callId = await office.ring()
    for (let n = 0; n < 7; n++) await office.leaveMessage(callId)
    office.clock.advance(daysS(2))
    expect(await office.carryOut({ rows: 2, ofOne: 2 })).toBe(2)
    expect(await count('voicemail.messages')).toBe(3)
    await office.carryOut({ rows: 2 })
    expect(await count('voicemail.messages')).toBe(0)
    expect(await goneBy('voicemails')).toBe(7)
    expect((await office.audited()).map(({ voicemails }) => voicemails).filter(Boolean)).toEqual([2, 2, 2, 1])
  })

  test('of calls that are under legal hold keep none back that are not', async () => {
    await office.want(all)
    const held = [await office.wholeCall(), await office.wholeCall(), await office.wholeCall()]
    for (const { recordingId } of held) await setLegalHold(office.tested.session(), recordingId, true, office.house)
    office.clock.advance(1)
    const free = [await office.wholeCall(), await office.wholeCall()]
    office.clock.advance(daysS(2))
    await office.carryOut({ rows: 1 })
    expect(
      await office.there(
        'calls.calls',
        [...held, ...free].map(({ callId }) => callId),
      ),
    ).toEqual(held.map(({ callId }) => callId).sort())
    expect(await count('voicemail.messages')).toBe(3)
    expect(await count('calls.turns')).toBeGreaterThan(3)
  })
})

describe('two runs at once', () => {
  test('delete everything once: each count is right, and so is the quota', async () => {
    await office.want(all)
    for (let n = 0; n < 6; n++) await office.wholeCall()
    expect((await storageUsage(office.tested.session())).used).toBe(12 * audioBytes)
    office.clock.advance(daysS(2))
    await Promise.all([1, 2, 3].map(() => office.carryOut({ rows: 1, events: 3 })))
    await office.carryOut()
    expect([await count('calls.calls'), await count('voicemail.messages'), await count('blobs.blobs')]).toEqual([0, 0, 0])
    expect([await goneBy('calls'), await goneBy('recordings'), await goneBy('voicemails')]).toEqual([6, 6, 6])
    expect(await goneBy('callEvents')).toBe((await office.query(`SELECT FROM platform.events WHERE type LIKE 'call.%'`)).length)
    expect(await storageUsage(office.tested.session())).toMatchObject({
      used: 0,
      types: { voicemail: { files: 0 }, recording: { files: 0 } },
    })
    expect(await office.collect()).toBe(12)
  })
})

describe('somebody who is at a call or a message', () => {
  test('is not waited for: theirs is left for the next run', async () => {
    await office.want(all)
    const [theirs, other] = [await office.wholeCall(), await office.wholeCall()]
    office.clock.advance(daysS(2))
    await office.client.query('BEGIN')
    await office.client.query('SELECT FROM calls.calls WHERE id = $1 FOR UPDATE', [theirs.callId])
    await office.client.query('SELECT FROM voicemail.messages WHERE id = $1 FOR UPDATE', [theirs.messageId])
    await office.carryOut()
    await office.client.query('COMMIT')
    expect(await office.there('calls.calls', [theirs.callId, other.callId])).toEqual([theirs.callId])
    expect(await office.there('voicemail.messages', [theirs.messageId, other.messageId])).toEqual([theirs.messageId])
    await office.carryOut()
    expect([await count('calls.calls'), await count('voicemail.messages')]).toEqual([0, 0])
  })

  test('and puts it under legal hold at that moment has held it, or finds it gone', async () => {
    await office.want(all)
    const calls = []
    for (let n = 0; n < 8; n++) calls.push(await office.wholeCall())
    office.clock.advance(daysS(2))
    const holds = calls.map(async ({ recordingId }) => {
      try {
        await setLegalHold(office.tested.session(), recordingId, true, office.house)
        return true
      } catch (error) {
        if (error instanceof Refusal && error.code === 'recording_not_found') return false
        throw error
      }
    })
    await office.carryOut({ rows: 1 })
    const held = await Promise.all(holds)
    const kept = calls.filter((_, index) => held[index])
    await office.carryOut()
    expect(
      await office.there(
        'calls.calls',
        calls.map(({ callId }) => callId),
      ),
    ).toEqual(kept.map(({ callId }) => callId).sort())
    expect(
      await office.there(
        'recordings.recordings',
        calls.map(({ recordingId }) => recordingId),
      ),
    ).toHaveLength(kept.length)
  })

  test('who forgets a person while their message goes waits for it, and then does the rest', async () => {
    await office.want({ voicemailDays: 1 })
    const { callId } = await office.wholeCall()
    office.clock.advance(daysS(2))
    let erasing: Promise<unknown> = Promise.resolve()
    const openSession = pausingAt(office, 'retention_delete_messages', async () => {
      erasing = erasePerson(office.tested.session(), { mobile: '+447700900321' }, office.house)
      erasing.catch(() => {}) // told below
      await until('the erasure waits for the message', async () => (await office.query(somebodyWaits)).length > 0)
    })
    await office.carryOut({}, openSession)
    expect(await erasing).toMatchObject({ calls: 1, recordings: 1, voicemails: 0 })
    expect(await office.there('calls.calls', [callId])).toEqual([callId])
    expect(await count('blobs.blobs')).toBe(0)
  })

  test('whose recording is on the way when its call goes hears nothing of it later: its file is removed', async () => {
    await office.want({ callDays: 1 })
    const callId = await office.ring()
    await office.hangUp(callId)
    const id = await office.record(callId, 100, async () => {
      office.clock.advance(daysS(2))
      await office.carryOut()
    })
    expect(await office.there('calls.calls', [callId])).toEqual([])
    expect((await office.house.blobs.stat(`100/blobs/${id}`))?.size).toBe(audioBytes)
    expect(await office.collect()).toBe(1)
    expect(await office.house.blobs.stat(`100/blobs/${id}`)).toBeNull()
    expect([await count('recordings.recordings'), (await storageUsage(office.tested.session())).used]).toEqual([0, 0])
  })

  test('who puts a recording under legal hold just before its call is taken is heard', async () => {
    await office.want(all)
    const [held, other] = [await office.wholeCall(), await office.wholeCall()]
    office.clock.advance(daysS(2))
    // Committed after the calls were looked for, and before they are gone, by somebody who took no lock for it.
    const hold = async () =>
      void (await office.client.query(`UPDATE recordings.recordings SET legal_hold = true WHERE id = $1`, [held.recordingId]))
    await office.client.query('ALTER TABLE recordings.recordings DISABLE TRIGGER prewritten')
    try {
      await office.carryOut({}, pausingAt(office, 'retention_calls_unheld', hold))
    } finally {
      await office.client.query('ALTER TABLE recordings.recordings ENABLE TRIGGER prewritten')
    }
    expect(await office.there('calls.calls', [held.callId, other.callId])).toEqual([held.callId])
    expect(await office.there('recordings.recordings', [held.recordingId, other.recordingId])).toEqual([held.recordingId])
  })

  test('waits for nobody who waits for them: to remove, to mark, to bill or to forget', async () => {
    const session = office.tested.session()
    await office.want(all)
    const calls: Awaited<ReturnType<Office['wholeCall']>>[] = []
    for (let n = 0; n < 12; n++) calls.push(await office.wholeCall())
    office.clock.advance(daysS(2))
    const gone = ['voicemail_not_found', 'recording_not_found', 'contact_not_found']
    const harmless = (error: unknown) => {
      if (!(error instanceof Refusal && gone.includes(error.code))) throw error
    }
    const others = calls.flatMap(({ callId, messageId, recordingId }, index) => [
      removeVoicemail(session, everybody, messageId).catch(harmless),
      markVoicemail(session, everybody, calls[(index + 5) % calls.length]?.messageId ?? '', 'read').catch(harmless),
      removeRecording(session, everybody, recordingId, office.house).catch(harmless),
      recordCallUsage(session, { kind: 'storage', quantity: 1, callId, source: `test:${callId}`, at: session.now() }),
    ])
    const erasing = erasePerson(session, { mobile: '+447700900321' }, office.house).catch(harmless)
    await Promise.all([office.carryOut({ rows: 3 }), ...others, erasing])
    await office.carryOut()
    expect([await count('calls.calls'), await count('voicemail.messages'), await count('blobs.blobs')]).toEqual([0, 0, 0])
    expect((await storageUsage(session)).used).toBe(0)
    expect(await office.collect()).toBe(24)
  })
})
