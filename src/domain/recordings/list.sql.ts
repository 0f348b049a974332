import { statement } from '../../platform/db/index.ts'
import { seen, wireTime } from '../calls/index.ts'

export interface RecordingPageParams {
  all: boolean
  viewer: number | null
  from: Date | null
  to: Date | null
  userId: number | null
  callId: string | null
  limit: number
  offset: number
  baseUrl: string
}
const filter = `r.organization_id = :organizationId AND r.status <> 'deleted' AND ${seen('r.user_id')}
  AND (:from::timestamptz IS NULL OR r.started_at >= :from) AND (:to::timestamptz IS NULL OR r.started_at <= :to)
  AND (:userId::bigint IS NULL OR r.user_id = :userId) AND (:callId::uuid IS NULL OR r.call_id = :callId)`

export const selectRecordingPage = statement<RecordingPageParams, { json: string }>(
  'recordings_page',
  `SELECT json_build_object(
     'recordings', (SELECT coalesce(json_agg(json_build_object('id', r.id, 'callId', r.call_id, 'userId', r.user_id, 'duration', r.duration_s,
         'size', r.size, 'format', r.format, 'channels', r.channels, 'status', r.status, 'legalHold', r.legal_hold,
         'url', CASE WHEN r.status = 'available' THEN :baseUrl::text || '/v1/recordings/' || r.id || '/download' END,
         'startTime', ${wireTime('r.started_at')}, 'createdAt', ${wireTime('r.created_at')}) ORDER BY r.started_at DESC, r.id DESC), '[]')
       FROM (SELECT * FROM recordings.recordings r WHERE ${filter}
              ORDER BY r.started_at DESC, r.id DESC LIMIT :limit::bigint OFFSET :offset::bigint) r),
     'total', (SELECT count(*) FROM recordings.recordings r WHERE ${filter}),
     'limit', :limit::bigint, 'offset', :offset::bigint)::text AS json`,
)
