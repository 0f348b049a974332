import { statement } from '../../platform/db/index.ts'

export type FileType = 'recording' | 'voicemail' | 'asset'

export interface FileRow {
  id: string
  filename: string
  type: FileType
  size: number
  mimeType: string
  sha256: string
  key: string
  metadata: Record<string, unknown>
  createdBy: string
  createdAt: Date
}
const columns = `id, filename, type, size, mime_type AS "mimeType", sha256, key, metadata, created_by AS "createdBy", created_at AS "createdAt"`

/** What calls leave behind is for those who see everything; what somebody uploaded, for them; assets, for everybody. */
export const selectFileSeen = statement<{ id: string; all: boolean; subject: string }, FileRow & { inUse: boolean }>(
  'blob_select_seen',
  `SELECT ${columns},
          EXISTS (SELECT FROM recordings.recordings r WHERE r.organization_id = :organizationId AND r.blob_id = b.id)
          OR EXISTS (SELECT FROM voicemail.messages m WHERE m.organization_id = :organizationId AND m.blob_id = b.id) AS "inUse"
     FROM blobs.blobs b
    WHERE organization_id = :organizationId AND id = :id AND (:all::boolean OR type = 'asset' OR created_by = :subject)`,
)
export const insertFile = statement<FileRow, { id: string }>(
  'blob_insert',
  `INSERT INTO blobs.blobs (organization_id, id, filename, type, size, mime_type, sha256, key, metadata, created_by, created_at)
   VALUES (:organizationId, :id, :filename, :type, :size, :mimeType, :sha256, :key, :metadata::jsonb, :createdBy, :createdAt)
   ON CONFLICT DO NOTHING
   RETURNING id`,
)
export const deleteFile = statement<{ id: string }, { key: string; type: FileType; size: number; filename: string }>(
  'blob_delete',
  `DELETE FROM blobs.blobs WHERE organization_id = :organizationId AND id = :id RETURNING key, type, size, filename`,
)
export const deleteFiles = statement<{ ids: readonly string[] }, { key: string; type: FileType; size: number }>(
  'blob_delete_many',
  `DELETE FROM blobs.blobs WHERE organization_id = :organizationId AND id = ANY(:ids::uuid[]) RETURNING key, type, size`,
)
export const selectKeyInUse = statement<{ key: string }, { id: string }>(
  'blob_key_in_use',
  `SELECT id FROM blobs.blobs WHERE organization_id = :organizationId AND key = :key LIMIT 1`,
)

export interface UsageRow {
  recordingBytes: number
  recordingFiles: number
  voicemailBytes: number
  voicemailFiles: number
  assetBytes: number
  assetFiles: number
  quota: number | null
}
const usageColumns = `recording_bytes AS "recordingBytes", recording_files AS "recordingFiles", voicemail_bytes AS "voicemailBytes",
  voicemail_files AS "voicemailFiles", asset_bytes AS "assetBytes", asset_files AS "assetFiles"`
const quota = `(SELECT (o.settings->>'storageQuotaBytes')::bigint FROM tenancy.organizations o WHERE o.organization_id = :organizationId) AS quota`

/** Adds to (or takes from) what is kept. Its row stays locked until the change is committed. */
export const addUsage = statement<{ type: FileType; bytes: number; files: number }, UsageRow>(
  'blob_usage_add',
  `INSERT INTO blobs.usage AS u (organization_id, recording_bytes, recording_files, voicemail_bytes, voicemail_files, asset_bytes, asset_files)
   SELECT :organizationId, r * :bytes::bigint, r * :files::bigint, v * :bytes::bigint, v * :files::bigint, a * :bytes::bigint, a * :files::bigint
     FROM (SELECT (:type::text = 'recording')::int AS r, (:type::text = 'voicemail')::int AS v, (:type::text = 'asset')::int AS a) AS which
   ON CONFLICT (organization_id) DO UPDATE
      SET recording_bytes = u.recording_bytes + excluded.recording_bytes, recording_files = u.recording_files + excluded.recording_files,
          voicemail_bytes = u.voicemail_bytes + excluded.voicemail_bytes, voicemail_files = u.voicemail_files + excluded.voicemail_files,
          asset_bytes = u.asset_bytes + excluded.asset_bytes, asset_files = u.asset_files + excluded.asset_files
   RETURNING ${usageColumns}, ${quota}`,
)
export const selectUsage = statement<object, UsageRow>(
  'blob_usage_select',
  `SELECT ${usageColumns}, ${quota} FROM blobs.usage WHERE organization_id = :organizationId
   UNION ALL
   SELECT 0, 0, 0, 0, 0, 0, ${quota} WHERE NOT EXISTS (SELECT FROM blobs.usage WHERE organization_id = :organizationId)`,
)
