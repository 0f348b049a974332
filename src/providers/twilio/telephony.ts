// The telephony port over Twilio's REST API (2010-04-01): places, ends and redirects calls, records, sends messages.
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { ReadableStream } from 'node:stream/web'
import type { FetchedCall, FetchedRecording, Telephony } from '../../domain/calls/index.ts'
import { Refusal, refuse } from '../../platform/errors/index.ts'
import { isUnknown, type TwilioClient } from './client.ts'

/** Twilio's words for how a call stands, in ours. */
const statuses: Readonly<Record<string, FetchedCall['status']>> = {
  queued: 'queued',
  initiated: 'queued',
  ringing: 'ringing',
  'in-progress': 'in_progress',
  completed: 'completed',
  failed: 'failed',
  busy: 'busy',
  'no-answer': 'no_answer',
  canceled: 'cancelled',
}

export function twilioTelephony(client: TwilioClient): Telephony {
  const once = { idempotent: false }
  const repeatable = { idempotent: true }
  return {
    name: 'twilio',
    async placeCall({ from, to, answerUrl, statusUrl }) {
      const call = await client
        .call(
          (sdk) =>
            sdk.calls.create({
              from,
              to,
              url: answerUrl,
              statusCallback: statusUrl,
              statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
              statusCallbackMethod: 'POST',
            }),
          once,
        )
        .catch(refuseUnheard)
      return { sid: call.sid }
    },
    hangUp: async (sid) => void (await client.call((sdk) => sdk.calls(sid).update({ status: 'completed' }), repeatable).catch(refuseOver)),
    redirect: async (sid, url) =>
      void (await client.call((sdk) => sdk.calls(sid).update({ url, method: 'POST' }), repeatable).catch(refuseOver)),
    async sendMessage({ from, to, text }) {
      const message = await client.call((sdk) => sdk.messages.create({ from, to, body: text }), once)
      return { sid: message.sid }
    },
    async startRecording(sid, { statusUrl }) {
      const options = { recordingStatusCallback: statusUrl, recordingChannels: 'dual' }
      const recording = await client.call((sdk) => sdk.calls(sid).recordings.create(options), once)
      return { recordingSid: recording.sid }
    },
    pauseRecording: (sid, recordingSid) => setRecording(client, sid, recordingSid, 'paused'),
    resumeRecording: (sid, recordingSid) => setRecording(client, sid, recordingSid, 'in-progress'),
    stopRecording: (sid, recordingSid) => setRecording(client, sid, recordingSid, 'stopped'),
    fetchCall: (sid) => nullWhenUnknown(() => fetchCall(client, sid)),
    fetchRecording: (recordingSid) => nullWhenUnknown(() => fetchRecording(client, recordingSid)),
  }
}

/** A connection that breaks after the request was sent leaves open whether it was done. */
const broken = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED'])
function refuseUnheard(error: unknown): never {
  if (broken.has(String((error as { code?: unknown }).code))) return refuse('provider_timeout', { cause: error })
  throw error
}

/** The call ended while we were asking, and the news of it is still on its way (21220: not in progress). */
function refuseOver(error: unknown): never {
  const over = (error as { code?: unknown }).code === 21_220 || isUnknown(error)
  return over ? refuse('call_not_live', { cause: error }) : refuseFailed(error)
}

/** Whatever else it says, or whatever it says that cannot be read: the words are for the log. */
function refuseFailed(error: unknown): never {
  if (error instanceof Refusal) throw error
  return refuse('provider_failed', { cause: error })
}

async function setRecording(
  client: TwilioClient,
  sid: string,
  recordingSid: string,
  status: 'paused' | 'in-progress' | 'stopped',
): Promise<void> {
  await client.call((sdk) => sdk.calls(sid).recordings(recordingSid).update({ status }), { idempotent: true }).catch(refuseFailed)
}

async function nullWhenUnknown<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (isUnknown(error)) return null
    throw error
  }
}

async function fetchCall(client: TwilioClient, sid: string): Promise<FetchedCall> {
  const call = await client.call((sdk) => sdk.calls(sid).fetch(), { idempotent: true })
  const duration = Number(call.duration)
  return {
    status: statuses[call.status] ?? refuse('provider_failed', { message: 'The carrier said of a call what it never says.' }),
    durationS: call.duration !== null && Number.isFinite(duration) ? duration : null,
    startedAt: timeOf(call.startTime),
    endedAt: timeOf(call.endTime),
  }
}

/** The SDK makes a date of whatever stands there. */
const timeOf = (at: Date | null | undefined): Date | null => (at && !Number.isNaN(at.getTime()) ? at : null)

/** The audio comes as a stream, which the SDK does not offer: the media address is the recording's own, with `.wav`. */
async function fetchRecording(client: TwilioClient, recordingSid: string): Promise<FetchedRecording> {
  const { accountSid, authToken, baseUrl = 'https://api.twilio.com' } = client.settings
  return client.call(
    async (sdk) => {
      const recording = await sdk.recordings(recordingSid).fetch()
      const channels = recording.channels === 2 ? 2 : 1
      const url = `${baseUrl}/2010-04-01/Accounts/${accountSid}/Recordings/${recordingSid}.wav?RequestedChannels=${channels}`
      const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`
      const response = await fetch(url, { headers: { authorization }, signal: AbortSignal.timeout(60_000) })
      if (!response.ok || !response.body)
        throw Object.assign(new Error(`the recording answered ${response.status}`), { status: response.status })
      return {
        body: Readable.fromWeb(response.body as ReadableStream),
        contentType: response.headers.get('content-type') ?? 'audio/wav',
        durationS: Number(recording.duration) || 0,
        channels,
      }
    },
    { idempotent: true },
  )
}

/** What is used when no carrier is configured: every wish is refused with a sentence. */
export function noTelephony(): Telephony {
  const none = async (): Promise<never> => refuse('provider_failed', { message: 'No telephony provider is configured.' })
  return {
    name: 'none',
    placeCall: none,
    hangUp: none,
    redirect: none,
    sendMessage: none,
    startRecording: none,
    pauseRecording: none,
    resumeRecording: none,
    stopRecording: none,
    fetchCall: none,
    fetchRecording: none,
  }
}

/** The audio behind a recording's address: only Twilio's own, so that nobody makes us fetch from elsewhere. */
export function twilioAudio(client: TwilioClient) {
  const telephony = twilioTelephony(client)
  return async (url: string): Promise<{ audio: Buffer; contentType: string; durationS: number } | null> => {
    const recordingSid = /\/Recordings\/(RE[0-9a-f]{32})(?:\.\w+)?$/.exec(new URL(url).pathname)?.[1]
    const recording = recordingSid ? await telephony.fetchRecording(recordingSid) : null
    if (!recording) return null
    return { audio: await buffer(recording.body), contentType: recording.contentType, durationS: recording.durationS }
  }
}
