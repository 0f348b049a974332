// A whole house in which somebody rings, is recorded, books and leaves a message, at whatever time the clock shows.
import { Readable } from 'node:stream'
import pg from 'pg'
import { openTestHouse } from '../../../tests/support/house.ts'
import { factsByHand } from '../../platform/jobs/index.ts'
import type { OpenSession, Session, Tx } from '../../platform/session/index.ts'
import { movableClock } from '../../platform/time/index.ts'
import { builtinUnderstanding } from '../../providers/understanding/index.ts'
import { advanceCall, type Telephony } from '../calls/index.ts'
import { jobs } from '../jobs.ts'
import { answerCall, takeTurn } from '../reception/index.ts'
import { fetchRecording, reportRecording } from '../recordings/index.ts'
import type { Retention } from '../tenancy/index.ts'
import { storeVoicemail, transcribeVoicemail } from '../voicemail/arrival.ts'
import { receiveVoicemail } from '../voicemail/index.ts'
import { carryOutRetention, type RetentionLimits } from './index.ts'

const audio = Buffer.concat([Buffer.from('RIFF\x24\x08\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00'), Buffer.alloc(2_000)])
export const audioBytes = audio.length
const telephony = {
  fetchRecording: async () => ({ body: Readable.from(audio), contentType: 'audio/wav', durationS: 12, channels: 1 }),
} as unknown as Telephony
const transcriber = { transcribe: async () => ({ text: 'please ring me back' }) } as never

export const began = '2026-03-02T10:00:00Z'
export const daysS = (days: number): number => days * 24 * 3600

export async function openOffice() {
  const clock = movableClock(began)
  const tested = await openTestHouse({ clock })
  const client = new pg.Client({ connectionString: tested.databaseUrl })
  await client.connect()
  const { house } = tested
  const numbers: Readonly<Record<number, string>> = { 100: '+15005550006', 200: '+15005550007' }
  let named = 0

  const query = async <R extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<R[]> =>
    (await client.query<R>(sql, values)).rows
  /** @returns the ids that are there, of those asked for. */
  const there = async (table: string, ids: readonly string[], column = 'id'): Promise<string[]> =>
    (await query<{ id: string }>(`SELECT DISTINCT ${column} AS id FROM ${table} WHERE ${column} = ANY($1) ORDER BY 1`, [ids])).map(
      ({ id }) => id,
    )

  /** Somebody rings and says something. @returns the call's id */
  async function ring(organizationId = 100, says: readonly string[] = ['have you got anything free tomorrow']): Promise<string> {
    const session = tested.session(organizationId)
    const services = { caches: house.caches, understanding: builtinUnderstanding }
    const call = { provider: 'twilio', sid: `CA-${++named}`, from: '+447700900321', to: numbers[organizationId] ?? '' }
    let reply = await answerCall(session, call, services)
    const callId = reply.callId ?? ''
    for (const text of says) {
      const heard = { kind: 'speech', text, confidence: 0.9 } as const
      reply = await takeTurn(session, { ...call, callId, turn: reply.turn, heard, posted: text }, services)
    }
    return callId
  }
  const hangUp = (callId: string, organizationId = 100) =>
    advanceCall(tested.session(organizationId), callId, { status: 'completed', at: clock.now() })
  /** `meanwhile` happens while its file is on the way. */
  async function record(callId: string, organizationId = 100, meanwhile = async () => {}): Promise<string> {
    const session = tested.session(organizationId)
    const about = { provider: 'twilio', sid: `RE-${++named}` }
    const id = await reportRecording(session, { ...about, callId, status: 'completed', startedAt: clock.now() })
    const slow = { ...telephony, fetchRecording: (sid: string) => meanwhile().then(() => telephony.fetchRecording(sid)) }
    await fetchRecording(session, about, { ...house, telephony: slow }, false)
    return id
  }
  async function leaveMessage(callId: string, organizationId = 100): Promise<string> {
    const session = tested.session(organizationId)
    const services = { ...house, telephony, transcriber }
    const id = (await receiveVoicemail(session, { callId, sid: `RE-${++named}`, durationS: 12, at: clock.now() })) ?? ''
    await storeVoicemail(session, id, services)
    await transcribeVoicemail(session, id, services, 'en')
    return id
  }
  /** A call that is over, with all that a call can have. */
  async function wholeCall(organizationId = 100) {
    const callId = await ring(organizationId)
    const recordingId = await record(callId, organizationId)
    const messageId = await leaveMessage(callId, organizationId)
    await hangUp(callId, organizationId)
    return { callId, recordingId, messageId }
  }

  const get = async (path: string) => {
    const response = await tested.request('GET', path, { token: await tested.token() })
    return { status: response.status, body: response.status === 200 ? ((await response.json()) as Record<string, unknown>) : null }
  }
  /** As an admin does; what is left out is kept for ever. */
  async function want(days: Partial<Omit<Retention, 'usernameDays'>>): Promise<void> {
    const retention = { callDays: null, voicemailDays: null, transcriptDays: null, ...days }
    const answer = await tested.request('PUT', '/v1/organizations/100/settings', { token: await tested.token(), json: { retention } })
    if (answer.status !== 200) throw new Error(`the settings were answered with ${answer.status}`)
  }
  const session0 = () => tested.session(0)
  /** As the worker does. */
  async function tick(): Promise<void> {
    const found = jobs(house as never).find(({ name }) => name === 'retention.carry-out')
    await found?.handle(session0(), {}, factsByHand(session0()))
  }
  const carryOut = (limits: Partial<RetentionLimits> = {}, openSession: OpenSession = house.openSession, signal?: AbortSignal) =>
    carryOutRetention(session0(), { ...house, openSession, ...(signal ? { signal } : {}) }, limits)
  /** Runs what was queued to remove bytes. @returns how many files */
  async function collect(): Promise<number> {
    const found = jobs(house as never).find(({ name }) => name === 'blobs.collect')
    const queued = await query<{ id: string; payload: { organizationId: number; key: string } }>(
      `DELETE FROM graphile_worker._private_jobs WHERE key LIKE 'blobs.remove:%' RETURNING id, payload`,
    )
    for (const { payload } of queued) {
      const session = tested.session(payload.organizationId)
      await found?.handle(session, payload, factsByHand(session))
    }
    return queued.length
  }
  const audited = async (): Promise<Record<string, unknown>[]> =>
    (
      await query<{ actor: string; after: Record<string, number> }>(
        `SELECT actor, after FROM platform.audit_log WHERE action = 'retention.carried_out' AND organization_id = 100 ORDER BY seq`,
      )
    ).map(({ actor, after }) => ({ actor, ...after }))

  /** Everything of before is away. */
  async function clear(): Promise<void> {
    clock.set(began)
    await want({})
    await client.query(`TRUNCATE calls.calls, calls.tallies, calls.legs, calls.events, calls.turns, calls.provider_calls, conversation.dialogues,
      conversation.answers, recordings.recordings, voicemail.messages, blobs.blobs, blobs.usage, booking.messages, booking.appointments,
      platform.events, platform.emptied_events, platform.audit_log;
      UPDATE platform.feeds SET audit_seq = 0, audit_head = '';
      DELETE FROM graphile_worker._private_jobs`)
  }
  async function close(): Promise<void> {
    await client.end()
    await tested.close()
  }
  return {
    ...{ tested, house, client, clock, query, there, ring, hangUp, record, leaveMessage, wholeCall, get, want },
    ...{ tick, carryOut, collect, audited, clear, close },
  }
}
export type Office = Awaited<ReturnType<typeof openOffice>>

/** Sessions whose `which`th step fails, over all of them, as when a connection is lost there. */
export function failingAt(office: Office, which: number): { openSession: OpenSession; steps: () => number } {
  let steps = 0
  const step = () => {
    if (++steps === which) throw new Error(`the connection was lost at step ${which}`)
  }
  const failing = (tx: Tx): Tx => ({
    ...tx,
    read: async (...args) => {
      step()
      return tx.read(...args)
    },
    list: async (...args) => {
      step()
      return tx.list(...args)
    },
    run: async (...args) => {
      step()
      return tx.run(...args)
    },
    later: (...args) => {
      step()
      tx.later(...args)
    },
    enqueue: async (...args) => {
      step()
      return tx.enqueue(...args)
    },
    write: (work) => tx.write((inner) => work(failing(inner))),
  })
  const openSession: OpenSession = (principal, requestId) => {
    const session: Session = office.house.openSession(principal, requestId)
    return {
      ...session,
      write: (work) =>
        session.write(async (tx) => {
          const value = await work(failing(tx))
          step() // before it is committed
          return value
        }),
    }
  }
  return { openSession, steps: () => steps }
}

/** Sessions that do something else first, once, when they come to a statement. */
export function pausingAt(office: Office, name: string, meanwhile: () => Promise<void>): OpenSession {
  let paused = false
  const pausing = (tx: Tx): Tx => ({
    ...tx,
    list: async (asked, params) => {
      if (asked.name === name && !paused) {
        paused = true
        await meanwhile()
      }
      return tx.list(asked, params)
    },
  })
  return (principal, requestId) => {
    const session = office.house.openSession(principal, requestId)
    return { ...session, write: (work) => session.write((tx) => work(pausing(tx))) }
  }
}
