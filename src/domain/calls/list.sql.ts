import { type Statement, statement } from '../../platform/db/index.ts'
import { callFilter, callMembers, seen, wireTime } from './wire.sql.ts'

export interface CallFilterParams {
  all: boolean
  viewer: number | null
  from: Date | null
  to: Date | null
  userId: number | null
  direction: string | null
  status: string | null
  agentId: string | null
  campaignId: string | null
  number: string | null
}

export interface CallPageParams extends CallFilterParams {
  baseUrl: string
  limit: number
  offset: number
  /** Where the page before ended; nulls for a page by offset. */
  afterKey: number | null
  afterId: string | null
  /** What the first page counted: later pages do not count again. */
  total: number | null
}

export interface CallPageRow {
  calls: string
  total: number
  lastKey: number | null
  lastId: string | null
  more: boolean
}

export type CallSort = 'startTime' | '-startTime' | 'duration' | '-duration'

/** Microseconds since 1970 for times, seconds for durations: what a cursor can carry exactly. */
const keys = {
  startTime: {
    order: 'c.started_at',
    key: '(extract(epoch FROM c.started_at) * 1000000)::bigint',
    value: `to_timestamp(0) + :afterKey::bigint * interval '1 microsecond'`,
  },
  duration: { order: 'coalesce(c.duration_s, -1)', key: 'coalesce(c.duration_s, -1)::bigint', value: ':afterKey::bigint' },
} as const

function pageBy(sort: CallSort): Statement<CallPageParams, CallPageRow> {
  const descending = sort.startsWith('-')
  const name = descending ? sort.slice(1) : sort
  const { order, key, value } = keys[name as keyof typeof keys]
  const [direction, reverse] = descending ? ['DESC', 'ASC'] : ['ASC', 'DESC']
  return statement(
    `calls_page_${name.toLowerCase()}_${direction.toLowerCase()}`,
    `WITH page AS (
       SELECT c.*, ${key} AS page_key
         FROM calls.calls c
        WHERE ${callFilter}
          AND (:afterId::uuid IS NULL OR (${order}, c.id) ${descending ? '<' : '>'} (${value}, :afterId::uuid))
        ORDER BY ${order} ${direction}, c.id ${direction}
        LIMIT :limit::bigint + 1 OFFSET :offset::bigint
     ), shown AS (SELECT c.* FROM page c ORDER BY ${order} ${direction}, c.id ${direction} LIMIT :limit::bigint)
     SELECT (SELECT coalesce(json_agg(json_build_object(${callMembers}) ORDER BY ${order} ${direction}, c.id ${direction}), '[]') FROM shown c)::text AS calls,
            coalesce(:total::bigint, (SELECT count(*) FROM calls.calls c WHERE ${callFilter})) AS total,
            (SELECT c.page_key FROM shown c ORDER BY ${order} ${reverse}, c.id ${reverse} LIMIT 1) AS "lastKey",
            (SELECT c.id FROM shown c ORDER BY ${order} ${reverse}, c.id ${reverse} LIMIT 1) AS "lastId",
            (SELECT count(*) FROM page) > :limit::bigint AS more`,
  )
}

export const callPages: Readonly<Record<CallSort, Statement<CallPageParams, CallPageRow>>> = {
  startTime: pageBy('startTime'),
  '-startTime': pageBy('-startTime'),
  duration: pageBy('duration'),
  '-duration': pageBy('-duration'),
}

/** Carriers tell times to the second: within one, events are in the order in which they were told. */
export const selectCallDetail = statement<{ callId: string; all: boolean; viewer: number | null; baseUrl: string }, { json: string }>(
  'call_detail',
  `SELECT json_build_object(${callMembers},
            'legs', (SELECT coalesce(json_agg(json_build_object('kind', l.kind, 'number', l.number, 'userId', l.user_id, 'agentId', l.agent_id,
                       'startTime', ${wireTime('l.started_at')}, 'answerTime', ${wireTime('l.answered_at')},
                       'endTime', ${wireTime('l.ended_at')}, 'hangupCause', l.hangup_cause) ORDER BY l.position), '[]')
                       FROM calls.legs l WHERE l.organization_id = c.organization_id AND l.call_id = c.id),
            'events', (SELECT coalesce(json_agg(json_build_object('type', e.type, 'time', ${wireTime('e.at')}, 'data', e.data)
                                ORDER BY date_trunc('second', e.at), e.position), '[]')
                         FROM calls.events e WHERE e.organization_id = c.organization_id AND e.call_id = c.id),
            'transcript', (SELECT coalesce(json_agg(json_build_object('speaker', t.speaker, 'text', t.text, 'startMs', t.start_ms, 'endMs', t.end_ms,
                             'confidence', t.confidence) ORDER BY t.position), '[]')
                             FROM calls.turns t WHERE t.organization_id = c.organization_id AND t.call_id = c.id))::text AS json
     FROM calls.calls c
    WHERE c.organization_id = :organizationId AND c.id = :callId AND ${seen('c.user_id')}`,
)

/** Whether a viewer sees a call, without reading it out. */
export const selectCallSeen = statement<{ callId: string; all: boolean; viewer: number | null }, { callId: string }>(
  'call_seen',
  `SELECT c.id AS "callId" FROM calls.calls c WHERE c.organization_id = :organizationId AND c.id = :callId AND ${seen('c.user_id')}`,
)

export interface ExportRow {
  id: string
  direction: string
  from: string
  to: string
  startTime: Date
  answerTime: Date | null
  endTime: Date | null
  duration: number | null
  status: string
  outcome: string | null
  hangupCause: string | null
  userId: number | null
  agentId: string | null
  contactId: number | null
  costMicros: number
  currency: string
}
export const exportCalls = statement<CallFilterParams, ExportRow>(
  'calls_export',
  `SELECT c.id, c.direction, c.from_number AS "from", c.to_number AS "to", c.started_at AS "startTime", c.answered_at AS "answerTime",
          c.ended_at AS "endTime", c.duration_s AS duration, c.status, c.outcome, c.hangup_cause AS "hangupCause", c.user_id AS "userId",
          c.agent_id AS "agentId", c.contact_id AS "contactId", c.cost_micros AS "costMicros", c.currency
     FROM calls.calls c
    WHERE ${callFilter}
    ORDER BY c.started_at, c.id`,
)
