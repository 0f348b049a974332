import { statement } from '../../platform/db/index.ts'
import { seen, wireTime } from '../calls/index.ts'

export interface MessageRow {
  id: string
  userId: number | null
  callId: string | null
  blobId: string | null
  providerSid: string | null
  from: string
  durationS: number
  status: 'new' | 'read'
  key: string | null
  mimeType: string | null
}
const columns = `m.id, m.user_id AS "userId", m.call_id AS "callId", m.blob_id AS "blobId", m.provider_sid AS "providerSid", m.from_number AS "from",
  m.duration_s AS "durationS", m.status, b.key, b.mime_type AS "mimeType"`
const source = `voicemail.messages m
  LEFT JOIN blobs.blobs b ON b.organization_id = m.organization_id AND b.id = m.blob_id`

const wire = `'id', m.id, 'userId', m.user_id, 'callId', m.call_id, 'from', m.from_number, 'duration', m.duration_s, 'status', m.status,
  'transcription', m.transcription, 'createdAt', ${wireTime('m.created_at')}, 'readAt', ${wireTime('m.read_at')},
  'url', CASE WHEN m.blob_id IS NOT NULL THEN :baseUrl::text || '/v1/voicemail/' || m.id || '/download' END`

interface Viewer {
  all: boolean
  viewer: number | null
}

export const selectMessage = statement<{ id: string } & Viewer, MessageRow>(
  'voicemail_select',
  `SELECT ${columns} FROM ${source} WHERE m.organization_id = :organizationId AND m.id = :id AND ${seen('m.user_id')}`,
)
export const lockMessage = statement<{ id: string } & Viewer, MessageRow>(
  'voicemail_lock',
  `SELECT ${columns} FROM ${source} WHERE m.organization_id = :organizationId AND m.id = :id AND ${seen('m.user_id')} FOR UPDATE OF m`,
)
export const selectMessageJson = statement<{ id: string; baseUrl: string } & Viewer, { json: string }>(
  'voicemail_json',
  `SELECT json_build_object(${wire})::text AS json
     FROM voicemail.messages m WHERE m.organization_id = :organizationId AND m.id = :id AND ${seen('m.user_id')}`,
)

export interface MessagePageParams extends Viewer {
  userId: number | null
  status: string | null
  limit: number
  offset: number
  baseUrl: string
}
const filter = `m.organization_id = :organizationId AND ${seen('m.user_id')}
  AND (:userId::bigint IS NULL OR m.user_id = :userId) AND (:status::text IS NULL OR m.status = :status)`
export const selectMessagePage = statement<MessagePageParams, { json: string }>(
  'voicemail_page',
  `SELECT json_build_object(
     'voicemails', (SELECT coalesce(json_agg(json_build_object(${wire}) ORDER BY m.created_at DESC, m.id DESC), '[]')
       FROM (SELECT * FROM voicemail.messages m WHERE ${filter}
              ORDER BY m.created_at DESC, m.id DESC LIMIT :limit::bigint OFFSET :offset::bigint) m),
     'total', (SELECT count(*) FROM voicemail.messages m WHERE ${filter}),
     'limit', :limit::bigint, 'offset', :offset::bigint)::text AS json`,
)

export interface NewMessage {
  id: string
  userId: number | null
  callId: string
  sid: string
  from: string
  durationS: number
  at: Date
}
/** Once for each provider's recording. */
export const insertMessage = statement<NewMessage, { id: string }>(
  'voicemail_insert',
  `INSERT INTO voicemail.messages (organization_id, id, user_id, call_id, provider_sid, from_number, duration_s, created_at)
   VALUES (:organizationId, :id, :userId, :callId, :sid, :from, :durationS, :at)
   ON CONFLICT (organization_id, provider_sid) DO NOTHING
   RETURNING id`,
)
export const updateAudio = statement<{ id: string; blobId: string }, { id: string }>(
  'voicemail_audio',
  `UPDATE voicemail.messages SET blob_id = :blobId WHERE organization_id = :organizationId AND id = :id AND blob_id IS NULL RETURNING id`,
)
export const updateTranscription = statement<{ id: string; transcription: string }, never>(
  'voicemail_transcription',
  `UPDATE voicemail.messages SET transcription = :transcription WHERE organization_id = :organizationId AND id = :id`,
)
export const updateStatus = statement<{ id: string; status: 'new' | 'read'; readAt: Date | null }, never>(
  'voicemail_status',
  `UPDATE voicemail.messages SET status = :status, read_at = :readAt WHERE organization_id = :organizationId AND id = :id`,
)
export const deleteMessage = statement<{ id: string }, never>(
  'voicemail_delete',
  `DELETE FROM voicemail.messages WHERE organization_id = :organizationId AND id = :id`,
)
