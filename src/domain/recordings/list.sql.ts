import { type Statement, statement } from '../../platform/db/index.ts'
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
/** What a caller's question narrows, and the letter by which a statement's name tells it. */
const narrowing = {
  from: ['f', 'r.started_at >= :from::timestamptz'],
  to: ['t', 'r.started_at <= :to::timestamptz'],
  userId: ['u', 'r.user_id = :userId::bigint'],
  callId: ['c', 'r.call_id = :callId::uuid'],
} as const

const made = new Map<string, Statement<RecordingPageParams, { json: string }>>()

/**
 * A statement for each question: a condition that may be none ("null or equal") would have PostgreSQL guess that hardly a
 * row is left, and sort them all instead of reading the newest along the index.
 */
export function recordingPage(params: RecordingPageParams): Statement<RecordingPageParams, { json: string }> {
  const asked = (Object.keys(narrowing) as (keyof typeof narrowing)[]).filter((name) => params[name] !== null)
  const name = `recordings_page_${params.all ? 'all' : 'seen'}_${asked.map((one) => narrowing[one][0]).join('')}`
  const known = made.get(name) ?? pageOf(name, [...(params.all ? [] : [seen('r.user_id')]), ...asked.map((one) => narrowing[one][1])])
  made.set(name, known)
  return known
}

function pageOf(name: string, conditions: readonly string[]): Statement<RecordingPageParams, { json: string }> {
  const filter = ["r.organization_id = :organizationId AND r.status <> 'deleted'", ...conditions].join(' AND ')
  return statement(
    name,
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
}
