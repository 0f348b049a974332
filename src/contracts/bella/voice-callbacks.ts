// B2: what Twilio tells of a call besides the words: how it stands, what was recorded, how a transfer went. Reports come
// late, twice and in any order; the domain makes the same of them each time.
import { Type } from 'typebox'
import { addLeg, adoptCall, advanceCall, advanceLeg, type CallStatus, defaultCauses, openCall } from '../../domain/calls/index.ts'
import { afterDial, afterMessage, answerPlaced, keepWaiting, putThrough } from '../../domain/reception/index.ts'
import { reportRecording } from '../../domain/recordings/index.ts'
import { receiveVoicemail } from '../../domain/voicemail/index.ts'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import { uuidPattern } from '../../platform/ids/index.ts'
import type { Session } from '../../platform/session/index.ts'
import type { House } from '../house.ts'
import { callOf, signedByTwilio } from './signed.ts'
import { Posted, ringOf, Text, twiml, webhook } from './voice.ts'

const open = { additionalProperties: true } as const
const Status = Type.Object({ ...Posted.properties, ParentCallSid: Text, CallDuration: Text, Timestamp: Text, SipResponseCode: Text }, open)
const Recording = Type.Object(
  {
    ...Posted.properties,
    RecordingSid: Type.String({ pattern: '^RE[0-9a-fA-F]{32}$' }),
    RecordingStatus: Text,
    RecordingDuration: Text,
    RecordingChannels: Text,
    RecordingStartTime: Text,
  },
  open,
)
const Dialled = Type.Object({ ...Posted.properties, DialCallStatus: Text }, open)
const Which = Type.Object({ call: Type.String({ pattern: uuidPattern }) }, open)
const Placed = Type.Object({ call: Type.Optional(Type.String({ pattern: uuidPattern })) }, open)
const Kind = Type.Object({ kind: Type.Optional(Type.Enum(['voicemail'])) }, open)
const Transfer = Type.Object({ ...Which.properties, to: Type.String({ pattern: '^\\+[1-9]\\d{6,14}$' }) }, open)

/** Twilio's words for how a call stands, in ours. */
const statuses: Readonly<Record<string, CallStatus>> = {
  queued: 'queued',
  initiated: 'queued',
  ringing: 'ringing',
  'in-progress': 'in_progress',
  answered: 'in_progress',
  completed: 'completed',
  busy: 'busy',
  failed: 'failed',
  'no-answer': 'no_answer',
  canceled: 'cancelled',
}

export const voiceCallbacks = (house: House): AnyEndpoint[] => {
  const verify = signedByTwilio(house)
  const signed = { ...webhook, verify, method: 'POST', errors: ['invalid_signature'] } as const
  return [
    endpoint({
      ...signed,
      operation: 'voice.status',
      path: '/twilio/voice/status',
      summary: 'How a call stands',
      query: Placed,
      body: Status,
      response: { 204: null },
      handle: async ({ session, query, body, request }) => {
        const known = callOf(request)
        const placed = known || !query.call ? known : await adoptCall(session, query.call, 'twilio', body.CallSid)
        await follow(session, body, placed)
        return null
      },
    }),
    endpoint({
      ...signed,
      operation: 'voice.recording',
      path: '/twilio/voice/recording',
      summary: 'How a recording stands; a message that was left, with kind=voicemail',
      query: Kind,
      body: Recording,
      response: { 204: null },
      handle: async ({ session, body, query, request }) => {
        const callId = callOf(request)
        if (callId) await keep(session, callId, body, query.kind === 'voicemail')
        return null
      },
    }),
    endpoint({
      ...signed,
      operation: 'voice.voicemail',
      path: '/twilio/voice/voicemail',
      summary: 'A message has been left',
      body: Posted,
      response: { 200: 'text/xml' },
      handle: async ({ session, request }) => twiml(await afterMessage(session, callOf(request)), request),
    }),
    endpoint({
      ...signed,
      operation: 'voice.dialled',
      path: '/twilio/voice/dialled',
      summary: 'How ringing a person went',
      body: Dialled,
      response: { 200: 'text/xml' },
      handle: async ({ session, body, request }) => {
        const outcome = statuses[body.DialCallStatus ?? ''] ?? 'failed'
        return twiml(await afterDial(session, callOf(request), outcome, house), request)
      },
    }),
    endpoint({
      ...signed,
      operation: 'voice.placed',
      errors: [...signed.errors, 'call_not_found'],
      path: '/twilio/voice/answer',
      summary: 'A call that we placed was answered',
      query: Which,
      body: Posted,
      response: { 200: 'text/xml' },
      handle: async ({ session, query, body, request }) => twiml(await answerPlaced(session, query.call, ringOf(body), house), request),
    }),
    endpoint({
      ...signed,
      operation: 'voice.transfer',
      errors: [...signed.errors, 'call_not_found'],
      path: '/twilio/voice/transfer',
      summary: 'Puts a live call through',
      query: Transfer,
      body: Posted,
      response: { 200: 'text/xml' },
      handle: async ({ session, query, request }) => twiml(await putThrough(session, query.call, query.to), request),
    }),
    endpoint({
      ...signed,
      operation: 'voice.hold',
      path: '/twilio/voice/hold',
      summary: 'Keeps a live call waiting',
      query: Which,
      body: Posted,
      response: { 200: 'text/xml' },
      handle: ({ query, request }) =>
        answer(200, twiml(keepWaiting(query.call), request).body, { 'content-type': 'text/xml; charset=utf-8' }),
    }),
  ]
}

type StatusPost = Parameters<typeof ringOf>[0] & {
  CallStatus?: string
  ParentCallSid?: string
  CallDuration?: string
  Timestamp?: string
}

/** A call that nobody answered because we were away is a fact too: it is opened to be ended. */
async function follow(session: Session, post: StatusPost, known: string | null): Promise<void> {
  const status = statuses[post.CallStatus ?? '']
  if (!status || session.organizationId === 0) return
  const at = timeOf(post.Timestamp) ?? session.now()
  if (post.ParentCallSid && post.ParentCallSid !== post.CallSid) return known ? followParty(session, post, known, status, at) : undefined
  await session.write(async (tx) => {
    const callId = known ?? (await openMissed(tx, post, at))
    await advanceCall(tx, callId, { status, at, durationS: post.CallDuration === undefined ? null : Number(post.CallDuration) })
  })
}

/** Somebody who was rung for a call: a leg of it, however little is heard of them. */
async function followParty(session: Session, post: StatusPost, callId: string, status: CallStatus, at: Date): Promise<void> {
  await session.write(async (tx) => {
    await addLeg(tx, callId, { kind: 'number', number: post.To ?? null, sid: post.CallSid, at })
    if (status === 'queued' || status === 'ringing') return
    await advanceLeg(tx, callId, post.CallSid, {
      at,
      status: status === 'in_progress' ? 'answered' : 'ended',
      hangupCause: defaultCauses[status] ?? null,
    })
  })
}

async function openMissed(session: Session, post: StatusPost, at: Date): Promise<string> {
  const { from, to, provider, sid } = ringOf(post)
  const { callId } = await openCall(session, {
    direction: 'inbound',
    from,
    to,
    provider,
    sid,
    at,
    status: 'ringing',
    legs: [{ kind: 'caller', number: from }],
  })
  return callId
}

type RecordingPost = {
  RecordingSid: string
  RecordingStatus?: string
  RecordingDuration?: string
  RecordingChannels?: string
  RecordingStartTime?: string
}
const recordingStatuses = { 'in-progress': 'in_progress', completed: 'completed', absent: 'absent', failed: 'failed' } as const

async function keep(session: Session, callId: string, post: RecordingPost, isMessage: boolean): Promise<void> {
  const status = recordingStatuses[(post.RecordingStatus ?? 'completed') as keyof typeof recordingStatuses]
  if (!status) return
  const at = timeOf(post.RecordingStartTime) ?? session.now()
  if (isMessage) {
    const durationS = Number(post.RecordingDuration ?? 0)
    if (status === 'completed' && durationS > 0) await receiveVoicemail(session, { callId, sid: post.RecordingSid, durationS, at })
    return
  }
  const channels = post.RecordingChannels === undefined ? null : Number(post.RecordingChannels)
  await reportRecording(session, { callId, provider: 'twilio', sid: post.RecordingSid, status, startedAt: at, channels })
}

/** The year 10000: what lies beyond it, or before 1970, is no time that anything was recorded at. */
const endOfCalendar = 253_402_300_800_000

/** RFC 2822, as Twilio writes times; null when it is none. */
function timeOf(text: string | undefined): Date | null {
  const ms = text ? Date.parse(text) : Number.NaN
  return ms >= 0 && ms < endOfCalendar ? new Date(ms) : null
}
