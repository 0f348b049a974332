// Decides what a recording holds: a stretch of a call's timeline, without its pauses, rendered to a WAV file when somebody asks for it.
import { keyTone, sampleRate, speak, voiceOf } from '../audio/voice.ts'
import { writeWav } from '../audio/wav.ts'
import { rfc2822 } from '../clock.ts'
import type { World } from '../world.ts'
import { type Call, emit, nowOn, type Segment } from './call.ts'
import { send } from './progress.ts'
import type { Hook } from './webhook.ts'

export type RecordingSource = 'DialVerb' | 'OutboundAPI' | 'RecordVerb' | 'StartCallRecordingAPI' | 'StartCallRecordingTwiML'

export interface Recording {
  sid: string
  call: Call
  source: RecordingSource
  channels: 1 | 2
  track: 'inbound' | 'outbound' | 'both'
  status: 'in-progress' | 'paused' | 'stopped' | 'completed' | 'absent'
  startMs: number
  /** Null while it runs. */
  endMs: number | null
  /** A pause is silence in the file, or, with `skip`, nothing at all. */
  pauses: { fromMs: number; toMs: number | null; skip: boolean }[]
  callback: { hook: Hook; events: ReadonlySet<string> } | null
  createdMs: number
  updatedMs: number
}

export type NewRecording = Pick<Recording, 'source' | 'channels' | 'track' | 'callback'>

export function startRecording(world: World, call: Call, given: NewRecording): Recording {
  const now = nowOn(world, call)
  const recording: Recording = {
    sid: world.sid('RE'),
    call,
    status: 'in-progress',
    startMs: now,
    endMs: null,
    pauses: [],
    createdMs: now,
    updatedMs: now,
    ...given,
  }
  world.recordings.set(recording.sid, recording)
  call.recordings.push(recording)
  emit(call, { type: 'recording', sid: recording.sid, status: recording.status })
  tell(world, recording)
  return recording
}

export function pauseRecording(world: World, recording: Recording, skip: boolean): void {
  recording.status = 'paused'
  recording.pauses.push({ fromMs: nowOn(world, recording.call), toMs: null, skip })
  emit(recording.call, { type: 'recording', sid: recording.sid, status: 'paused' })
}

export function resumeRecording(world: World, recording: Recording): void {
  recording.status = 'in-progress'
  closePause(world, recording)
  emit(recording.call, { type: 'recording', sid: recording.sid, status: 'in-progress' })
}

function closePause(world: World, recording: Recording): void {
  const open = recording.pauses.at(-1)
  if (open && open.toMs === null) open.toMs = nowOn(world, recording.call)
}

// What is shorter is absent, as Twilio calls it (error 16101).
const shortestMs = 100

/** Ends it and tells the callback. */
export function stopRecording(world: World, recording: Recording): void {
  if (recording.endMs !== null) return
  closePause(world, recording)
  recording.endMs = nowOn(world, recording.call)
  recording.status = lengthMs(recording) >= shortestMs ? 'completed' : 'absent'
  recording.updatedMs = recording.endMs
  emit(recording.call, { type: 'recording', sid: recording.sid, status: recording.status })
  tell(world, recording)
}

/** Stops whatever still records this call. */
export function stopRecordings(world: World, call: Call): void {
  for (const recording of call.recordings) stopRecording(world, recording)
}

export function lengthMs(recording: Recording): number {
  const endMs = recording.endMs ?? recording.startMs
  const skipped = recording.pauses.filter((pause) => pause.skip).reduce((sum, pause) => sum + (pause.toMs ?? endMs) - pause.fromMs, 0)
  return Math.max(0, endMs - recording.startMs - skipped)
}

export const lengthS = (recording: Recording) => Math.max(lengthMs(recording) > 0 ? 1 : 0, Math.round(lengthMs(recording) / 1000))

export const recordingUrl = (world: World, recording: Recording) =>
  `${world.baseUrl}/2010-04-01/Accounts/${world.settings.accountSid}/Recordings/${recording.sid}`

export function recordingFields(world: World, recording: Recording): Record<string, string> {
  return {
    AccountSid: world.settings.accountSid,
    CallSid: recording.call.sid,
    RecordingSid: recording.sid,
    RecordingUrl: recordingUrl(world, recording),
    RecordingStatus: recording.status,
    RecordingDuration: String(lengthS(recording)),
    RecordingChannels: String(recording.channels),
    RecordingStartTime: rfc2822(recording.startMs),
    RecordingSource: recording.source,
    RecordingTrack: recording.track,
    ErrorCode: recording.status === 'absent' ? '16101' : '0',
  }
}

function tell(world: World, recording: Recording): void {
  if (recording.callback?.events.has(recording.status))
    send(world, recording.call, recording.callback.hook, recordingFields(world, recording))
}

interface Placed {
  segment: Segment
  /** ms from the start of the recording. */
  atMs: number
}

/** What is heard on it, in order, moved to where it lies once the pauses are cut out. */
function heardOn(recording: Recording): Placed[] {
  const endMs = recording.endMs ?? recording.startMs
  const skips = recording.pauses.filter((pause) => pause.skip)
  const cut = (atMs: number) => skips.reduce((sum, pause) => sum + Math.max(0, Math.min(atMs, pause.toMs ?? endMs) - pause.fromMs), 0)
  return recording.call.segments
    .filter((segment) => segment.atMs >= recording.startMs && segment.atMs < endMs)
    .filter((segment) => recording.track === 'both' || recording.track === segment.track)
    .filter((segment) => !recording.pauses.some((pause) => segment.atMs >= pause.fromMs && segment.atMs < (pause.toMs ?? endMs)))
    .map((segment) => ({ segment, atMs: segment.atMs - recording.startMs - cut(segment.atMs) }))
}

export const wordsOn = (recording: Recording) =>
  heardOn(recording)
    .filter(({ segment }) => !segment.keys)
    .map(({ segment }) => segment.text)
    .join(' ')

/** The WAV file, 8 kHz 16-bit PCM; on two channels the first is the person, the second the server. */
export function renderRecording(recording: Recording, asked: 1 | 2 = recording.channels): Buffer {
  const channels = Math.min(asked, recording.channels)
  const length = Math.round((lengthMs(recording) * sampleRate) / 1000)
  const tracks = Array.from({ length: channels }, () => new Int16Array(length))
  for (const { segment, atMs } of heardOn(recording)) {
    const track = tracks[channels === 2 && segment.track === 'outbound' ? 1 : 0]
    if (track) mix(track, samplesOf(segment), Math.round((atMs * sampleRate) / 1000))
  }
  return writeWav(tracks, sampleRate, wordsOn(recording))
}

function samplesOf(segment: Segment): Int16Array {
  if (!segment.keys) return speak(segment.text, voiceOf(segment.voice))
  const each = segment.durationMs / Math.max(1, segment.text.length)
  const tones = [...segment.text].map((digit) => keyTone(digit, each))
  const samples = new Int16Array(tones.reduce((sum, tone) => sum + tone.length, 0))
  let at = 0
  for (const tone of tones) {
    samples.set(tone, at)
    at += tone.length
  }
  return samples
}

function mix(into: Int16Array, from: Int16Array, at: number): void {
  const end = Math.min(from.length, into.length - at)
  for (let n = 0; n < end; n += 1) into[at + n] = Math.max(-32_768, Math.min(32_767, (into[at + n] ?? 0) + (from[n] ?? 0)))
}
