// Shows, removes, pauses and resumes recordings. What a viewer may not see is not there. Refuses to remove what is
// under legal hold.
import { refuse } from '../../platform/errors/index.ts'
import type { RawJson, Session, Tx } from '../../platform/session/index.ts'
import { wireTime } from '../../platform/time/index.ts'
import { type CallServices, liveCall, noteCallEvent, watches } from '../calls/index.ts'
import { removeFile } from '../files/index.ts'
import type { Sight } from '../people/index.ts'
import { cachedRecordings, type Recording, type RecordingCaches } from './cache.ts'
import { announce } from './lifecycle.ts'
import { recordingPage } from './list.sql.ts'
import {
  holdCallOfRecording,
  lockRecording,
  type RecordingRow,
  selectRecording,
  selectRunningRecording,
  updateDeleted,
  updateLegalHold,
  updateRunning,
} from './recordings.sql.ts'

export interface RecordingFilter {
  readonly from?: Date | null
  readonly to?: Date | null
  readonly userId?: number | null
  readonly callId?: string | null
}

/** `{"recordings", "total", "limit", "offset"}`, newest first. */
export async function listRecordings(
  session: Session,
  sight: Sight,
  filter: RecordingFilter,
  page: { limit: number; offset: number; baseUrl: string },
): Promise<RawJson> {
  const { from = null, to = null, userId = null, callId = null } = filter
  const params = { ...sight, ...page, from, to, userId, callId }
  return (await session.json(recordingPage(params), params)) ?? refuse('internal')
}

/** @throws recording_not_found */
export async function getRecording(session: Session, sight: Sight, id: string, services: RecordingCaches): Promise<Recording> {
  const load = async () => toRecording((await session.read(selectRecording, { id })) ?? refuse('recording_not_found'))
  const recording = await cachedRecordings(services).get(`${session.organizationId}:${id}`, load)
  return (await watches(session, sight, recording.userId)) ? recording : refuse('recording_not_found')
}

const toRecording = (row: RecordingRow): Recording => ({
  id: row.id,
  callId: row.callId,
  userId: row.userId,
  status: row.status as Recording['status'],
  duration: row.durationS,
  size: row.size,
  format: row.format,
  channels: row.channels,
  legalHold: row.legalHold,
  key: row.key,
  mimeType: row.mimeType,
  sha256: row.sha256,
  startTime: wireTime(row.startedAt),
  createdAt: wireTime(row.createdAt),
})

async function holdRecording(tx: Tx, id: string): Promise<RecordingRow> {
  tx.later(holdCallOfRecording, { id })
  return (await tx.read(lockRecording, { id })) ?? refuse('recording_not_found')
}

/** The row and its file go together. @throws recording_not_found, recording_held */
export function removeRecording(session: Session, sight: Sight, id: string, services: RecordingCaches): Promise<void> {
  return session.write(async (tx) => {
    const row = await holdRecording(tx, id)
    if (!(await watches(tx, sight, row.userId))) refuse('recording_not_found')
    if (row.legalHold) refuse('recording_held')
    await tx.run(updateDeleted, { id })
    if (row.blobId) await removeFile(tx, row.blobId)
    const users = row.userId === null ? [] : [row.userId]
    tx.emit('recording.deleted', { recordingId: id, callId: row.callId }, { resource: `recording:${id}`, users, before: toRecording(row) })
    await cachedRecordings(services).dropWith(tx, `${tx.organizationId}:${id}`)
  })
}

/** What is held cannot be removed until it is let go. @throws recording_not_found */
export function setLegalHold(session: Session, id: string, legalHold: boolean, services: RecordingCaches): Promise<void> {
  return session.write(async (tx) => {
    const row = await holdRecording(tx, id)
    await tx.run(updateLegalHold, { id, legalHold })
    tx.emit(
      'recording.hold_changed',
      { recordingId: id, legalHold },
      { resource: `recording:${id}`, before: row.legalHold, after: legalHold },
    )
    await cachedRecordings(services).dropWith(tx, `${tx.organizationId}:${id}`)
  })
}

/** @throws call_not_found, call_not_live, not_recording */
export async function controlRecording(
  session: Session,
  sight: Sight,
  callId: string,
  wanted: 'paused' | 'in_progress',
  services: CallServices & RecordingCaches,
): Promise<Recording> {
  const { telephony } = services
  const call = await liveCall(session, sight, callId)
  const recording = (await session.read(selectRunningRecording, { callId })) ?? refuse('not_recording')
  if (recording.status === wanted) return toRecording(recording)
  const sid = call.sid ?? refuse('not_recording')
  if (wanted === 'paused') await telephony.pauseRecording(sid, recording.providerSid)
  else await telephony.resumeRecording(sid, recording.providerSid)
  return session.write(async (tx) => {
    const after = { ...recording, status: wanted }
    tx.later(holdCallOfRecording, { id: recording.id })
    if (await tx.read(updateRunning, { id: recording.id, status: wanted })) {
      const word = wanted === 'paused' ? 'paused' : 'resumed'
      await noteCallEvent(tx, callId, `recording-${word}`, tx.now(), { recordingId: recording.id })
      announce(tx, `recording.${word}`, after)
    }
    await cachedRecordings(services).dropWith(tx, `${tx.organizationId}:${recording.id}`)
    return toRecording(after)
  })
}
