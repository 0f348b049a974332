// A recording from its start at the provider to its file here. Reports may come late, twice and in any order; the file
// is fetched once, kept whole with its SHA-256, and billed once.
import { refuse } from '../../platform/errors/index.ts'
import { uuidv7 } from '../../platform/ids/index.ts'
import type { Session, Tx } from '../../platform/session/index.ts'
import { noteCallEvent, recordCallUsage, type Telephony } from '../calls/index.ts'
import { discardBytes, type FileServices, registerFile, type StoredBytes, storeBytes } from '../files/index.ts'
import { cachedRecordings, type RecordingCaches } from './cache.ts'
import {
  holdCallOfRecording,
  insertRecording,
  type RecordingRow,
  selectRecordingBySid,
  updateAvailable,
  updateFailed,
} from './recordings.sql.ts'

export interface RecordingReport {
  readonly callId: string
  readonly provider: string
  readonly sid: string
  /** `absent`: nothing could be heard, there will be no file. */
  readonly status: 'in_progress' | 'completed' | 'absent' | 'failed'
  readonly startedAt: Date
  readonly channels?: number | null
}

/** What the provider says of a recording. @throws call_not_found */
export function reportRecording(session: Session, report: RecordingReport): Promise<string> {
  return session.write(async (tx) => {
    const recording = await openRecording(tx, report)
    const over = recording.status !== 'in_progress' && recording.status !== 'paused'
    if (over || report.status === 'in_progress') return recording.id
    if (report.status === 'completed') {
      const payload = { provider: report.provider, sid: report.sid }
      await tx.enqueue('recordings.fetch', payload, { key: `recordings.fetch:${report.provider}:${report.sid}`, maxAttempts: 12 })
      return recording.id
    }
    tx.later(holdCallOfRecording, { id: recording.id })
    if (await tx.read(updateFailed, { id: recording.id })) announce(tx, 'recording.failed', recording)
    return recording.id
  })
}

async function openRecording(tx: Tx, { callId, provider, sid, channels, startedAt }: RecordingReport): Promise<RecordingRow> {
  const id = uuidv7(startedAt)
  const made = await tx.read(insertRecording, { id, callId, provider, sid, channels: channels ?? null, startedAt, now: tx.now() })
  const recording = (await tx.read(selectRecordingBySid, { provider, sid })) ?? refuse('call_not_found')
  if (made) {
    await noteCallEvent(tx, callId, 'recording-started', startedAt, { recordingId: id })
    announce(tx, 'recording.started', recording)
  }
  return recording
}

export interface FetchServices extends FileServices, RecordingCaches {
  readonly telephony: Telephony
}

/**
 * The job's work. `lastAttempt`: a file that never comes is given up.
 * @throws an error while the provider has no file yet, so that the job is tried again
 */
export async function fetchRecording(
  session: Session,
  { provider, sid }: { provider: string; sid: string },
  services: FetchServices,
  lastAttempt: boolean,
): Promise<void> {
  const recording = await session.read(selectRecordingBySid, { provider, sid })
  if (recording?.status !== 'in_progress' && recording?.status !== 'paused') return
  const found = await services.telephony.fetchRecording(sid)
  if (!found) {
    if (!lastAttempt) throw new Error('the provider has no file for this recording yet')
    return giveUp(session, recording, services)
  }
  const { body, contentType, durationS, channels } = found
  const stored = await storeBytes(session, services, { body, contentType, id: recording.id })
  await session.write(async (tx) => {
    const format = formats[stored.mimeType] ?? 'wav'
    const available = { id: recording.id, blobId: stored.id, durationS: Math.round(durationS), size: stored.size, channels, format }
    tx.later(holdCallOfRecording, { id: recording.id })
    if (!(await tx.read(updateAvailable, available))) return discard(tx, recording, stored)
    await registerFile(tx, stored, { filename: `recording-${recording.id}.${format}`, type: 'recording' }, { quota: false })
    await bill(tx, recording, stored, durationS)
    announce(tx, 'recording.available', { ...recording, ...available, status: 'available' })
    await cachedRecordings(services).dropWith(tx, `${tx.organizationId}:${recording.id}`)
  })
}

/** What was removed while its file was on the way is not to be heard by anybody. */
async function discard(tx: Tx, { provider, providerSid }: RecordingRow, { key }: StoredBytes): Promise<void> {
  const now = await tx.read(selectRecordingBySid, { provider, sid: providerSid })
  if (!now || now.status === 'deleted') await discardBytes(tx, key)
}

const formats: Readonly<Record<string, string>> = { 'audio/wav': 'wav', 'audio/mpeg': 'mp3', 'audio/ogg': 'ogg' }

function giveUp(session: Session, recording: RecordingRow, services: RecordingCaches): Promise<void> {
  return session.write(async (tx) => {
    tx.later(holdCallOfRecording, { id: recording.id })
    if (!(await tx.read(updateFailed, { id: recording.id }))) return
    announce(tx, 'recording.failed', recording)
    await cachedRecordings(services).dropWith(tx, `${tx.organizationId}:${recording.id}`)
  })
}

async function bill(tx: Tx, { id, callId }: RecordingRow, stored: StoredBytes, durationS: number): Promise<void> {
  const entry = { callId, source: `recording:${id}`, at: tx.now() }
  await recordCallUsage(tx, { ...entry, kind: 'recording.minutes', quantity: Math.ceil(durationS / 60) })
  await recordCallUsage(tx, { ...entry, kind: 'storage', quantity: stored.size })
}

export function announce(tx: Tx, type: `recording.${string}`, recording: RecordingRow): void {
  const { id, callId, userId, status, durationS, size, format } = recording
  const data = { recordingId: id, callId, userId, status, duration: durationS, size, format }
  tx.emit(type, data, { resource: `recording:${id}`, users: userId === null ? [] : [userId], audit: false })
}
