// What calls need of the telephone network and of a transcriber; the vendors' adapters lie in src/providers/.
import type { Readable } from 'node:stream'

export interface PlaceCall {
  readonly from: string
  readonly to: string
  /** Fetched when it is answered: what happens then. */
  readonly answerUrl: string
  /** Told of every change of its status. */
  readonly statusUrl: string
  /** Ours for the call: the same key never rings twice. */
  readonly key: string
}

export interface FetchedCall {
  readonly status: 'queued' | 'ringing' | 'in_progress' | 'completed' | 'failed' | 'no_answer' | 'busy' | 'cancelled'
  readonly durationS: number | null
  readonly startedAt: Date | null
  readonly endedAt: Date | null
}

export interface FetchedRecording {
  readonly body: Readable
  readonly contentType: string
  readonly durationS: number
  readonly channels: number
}

export interface Telephony {
  readonly name: string
  placeCall(input: PlaceCall): Promise<{ sid: string }>
  hangUp(sid: string): Promise<void>
  /** The call fetches `url` now and goes on with what it answers. */
  redirect(sid: string, url: string): Promise<void>
  sendMessage(input: { from: string; to: string; text: string }): Promise<{ sid: string }>
  startRecording(sid: string, input: { statusUrl: string }): Promise<{ recordingSid: string }>
  pauseRecording(sid: string, recordingSid: string): Promise<void>
  resumeRecording(sid: string, recordingSid: string): Promise<void>
  stopRecording(sid: string, recordingSid: string): Promise<void>
  /** Null when the provider does not know it. */
  fetchCall(sid: string): Promise<FetchedCall | null>
  fetchRecording(recordingSid: string): Promise<FetchedRecording | null>
}

/** Where the network finds our answers: known to whoever serves its webhooks. */
export interface CallUrls {
  /** What happens when the call is answered, or goes on after a transfer or a hold. */
  answer(callId: string): string
  status(callId: string): string
  transfer(callId: string, to: string): string
  hold(callId: string): string
}
