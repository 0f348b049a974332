import { statement } from '../../platform/db/index.ts'

export type RecordingStatus = 'in_progress' | 'paused' | 'available' | 'failed' | 'deleted'

export interface RecordingRow {
  id: string
  callId: string
  userId: number | null
  blobId: string | null
  provider: string
  providerSid: string
  status: RecordingStatus
  durationS: number | null
  size: number | null
  channels: number | null
  format: string
  legalHold: boolean
  startedAt: Date
  createdAt: Date
  /** Of its file, once it has one. */
  key: string | null
  sha256: string | null
  mimeType: string | null
}

const columns = `r.id, r.call_id AS "callId", r.user_id AS "userId", r.blob_id AS "blobId", r.provider, r.provider_sid AS "providerSid", r.status,
  r.duration_s AS "durationS", r.size, r.channels, r.format, r.legal_hold AS "legalHold", r.started_at AS "startedAt",
  r.created_at AS "createdAt", b.key, b.sha256, b.mime_type AS "mimeType"`
const source = `recordings.recordings r
  LEFT JOIN blobs.blobs b ON b.organization_id = r.organization_id AND b.id = r.blob_id`

export const selectRecording = statement<{ id: string }, RecordingRow>(
  'recording_select',
  `SELECT ${columns} FROM ${source} WHERE r.organization_id = :organizationId AND r.id = :id AND r.status <> 'deleted'`,
)
/**
 * Holds the call of a recording, before the recording itself: a change of a recording takes its call too (what is prewritten of it goes), and
 * whoever erases a person takes calls first. Two who took them in different orders would wait for each other.
 */
export const holdCallOfRecording = statement<{ id: string }, never>(
  'recording_hold_call',
  `SELECT FROM calls.calls c
    WHERE c.organization_id = :organizationId
      AND c.id = (SELECT r.call_id FROM recordings.recordings r WHERE r.organization_id = :organizationId AND r.id = :id)
      FOR UPDATE`,
)
export const lockRecording = statement<{ id: string }, RecordingRow>(
  'recording_lock',
  `SELECT ${columns} FROM ${source} WHERE r.organization_id = :organizationId AND r.id = :id AND r.status <> 'deleted' FOR UPDATE OF r`,
)
export const selectRecordingBySid = statement<{ provider: string; sid: string }, RecordingRow>(
  'recording_by_sid',
  `SELECT ${columns} FROM ${source} WHERE r.organization_id = :organizationId AND r.provider = :provider AND r.provider_sid = :sid`,
)
/** The recording that is running on a call. */
export const selectRunningRecording = statement<{ callId: string }, RecordingRow>(
  'recording_running',
  `SELECT ${columns} FROM ${source}
    WHERE r.organization_id = :organizationId AND r.call_id = :callId AND r.status IN ('in_progress', 'paused')
    ORDER BY r.started_at DESC LIMIT 1`,
)

export interface NewRecording {
  id: string
  callId: string
  provider: string
  sid: string
  channels: number | null
  startedAt: Date
  now: Date
}
/** Belongs to the person of its call. Nothing comes back when it was known. */
export const insertRecording = statement<NewRecording, { id: string; userId: number | null }>(
  'recording_insert',
  `INSERT INTO recordings.recordings (organization_id, id, call_id, user_id, provider, provider_sid, status, channels, started_at, created_at)
   SELECT :organizationId, :id, c.id, c.user_id, :provider, :sid, 'in_progress', :channels::smallint, :startedAt, :now
     FROM calls.calls c WHERE c.organization_id = :organizationId AND c.id = :callId
   ON CONFLICT (organization_id, provider, provider_sid) DO NOTHING
   RETURNING id, user_id AS "userId"`,
)
/** Between running and paused; what has ended stays as it is. */
export const updateRunning = statement<{ id: string; status: 'in_progress' | 'paused' }, { id: string }>(
  'recording_running_update',
  `UPDATE recordings.recordings SET status = :status
    WHERE organization_id = :organizationId AND id = :id AND status IN ('in_progress', 'paused') AND status <> :status RETURNING id`,
)
export const updateFailed = statement<{ id: string }, { id: string }>(
  'recording_failed',
  `UPDATE recordings.recordings SET status = 'failed'
    WHERE organization_id = :organizationId AND id = :id AND status IN ('in_progress', 'paused') RETURNING id`,
)
export interface Availability {
  id: string
  blobId: string
  durationS: number
  size: number
  channels: number
  format: string
}
/** Once: a recording that is there, or was deleted, takes no second file. */
export const updateAvailable = statement<Availability, { id: string }>(
  'recording_available',
  `UPDATE recordings.recordings
      SET status = 'available', blob_id = :blobId, duration_s = :durationS, size = :size, channels = :channels, format = :format
    WHERE organization_id = :organizationId AND id = :id AND status IN ('in_progress', 'paused', 'failed')
   RETURNING id`,
)
export const updateDeleted = statement<{ id: string }, never>(
  'recording_deleted',
  `UPDATE recordings.recordings SET status = 'deleted', blob_id = NULL WHERE organization_id = :organizationId AND id = :id`,
)
export const updateLegalHold = statement<{ id: string; legalHold: boolean }, never>(
  'recording_legal_hold',
  `UPDATE recordings.recordings SET legal_hold = :legalHold WHERE organization_id = :organizationId AND id = :id`,
)
