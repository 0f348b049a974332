// Lists of calls. A statement is made for just the conditions that are asked for: PostgreSQL then plans it once, for the
// index that serves it, instead of anew for every request.
import { json, type Statement, statement } from '../../platform/db/index.ts'
import { everyCall } from './tally.sql.ts'
import { callObject, conditions, seen, wireTime } from './wire.sql.ts'

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
  /** As JSON has it, without the quotes. */
  baseUrl: string
  limit: number
  offset: number
  /** Where the page before ended; nulls for a page by offset. */
  afterKey: number | null
  afterId: string | null
  /** As the page before said, when it answered the same question; null to count. */
  total: number | null
  /** Goes into the cursor with the total. */
  question: string
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

/** What a caller's question narrows, and the letter by which a statement's name tells it: a name has room for 63. */
const narrowing = { from: 'f', to: 't', userId: 'u', direction: 'd', status: 's', agentId: 'a', campaignId: 'c', number: 'n' } as const

/** The conditions that `params` ask for, and how they are told in a statement's name. */
function asked(params: CallFilterParams): { readonly where: string; readonly name: string; readonly everything: boolean } {
  const names = (Object.keys(narrowing) as (keyof typeof narrowing)[]).filter((name) => params[name] !== null)
  const where = [
    'c.organization_id = :organizationId',
    ...(params.all ? [] : [seen('c.user_id')]),
    ...names.map((name) => conditions[name]),
  ]
  return {
    where: where.join(' AND '),
    name: [params.all ? 'all' : 'seen', names.map((name) => narrowing[name]).join('')].join('_'),
    everything: params.all && names.length === 0,
  }
}

const made = new Map<string, unknown>()
function once<S>(name: string, make: (name: string) => S): S {
  const known = made.get(name) as S | undefined
  if (known) return known
  const statement = make(name)
  made.set(name, statement)
  return statement
}

/** The page that `params` ask for, by `sort`. */
export function callPage(sort: CallSort, params: CallPageParams): Statement<CallPageParams, { json: string }> {
  if (params.limit >= mostRows) throw new Error(`a page of calls holds at most ${mostRows - 1}`)
  const { where, name, everything } = asked(params)
  const paging = pagingOf(params)
  return once(`calls_${sort.replace('-', 'by_latest_')}_${paging}_${name}`, (id) =>
    pageBy(id, sort, paging, where, everything ? everyCall : `SELECT count(*) AS total FROM calls.calls c WHERE ${where}`),
  )
}

/** `anew`: from a cursor whose total is not of this question. */
type Paging = 'first' | 'offset' | 'cursor' | 'anew'

function pagingOf({ afterId, total, offset }: CallPageParams): Paging {
  if (afterId !== null) return total === null ? 'anew' : 'cursor'
  return offset > 0 ? 'offset' : 'first'
}

/** A page's largest `limit`, and one to see whether there is more. */
const mostRows = 101

/**
 * The planner takes a limit that is a parameter for a tenth of the table, finds its plan for all pages dear, and plans each anew,
 * which takes longer than reading one: so it is told a number that no page exceeds, and a first page has no offset at all.
 */
function pageBy(id: string, sort: CallSort, paging: Paging, where: string, count: string): Statement<CallPageParams, { json: string }> {
  const descending = sort.startsWith('-')
  const { order, key, value } = keys[(descending ? sort.slice(1) : sort) as keyof typeof keys]
  const direction = descending ? 'DESC' : 'ASC'
  const ordered = `${order} ${direction}, c.id ${direction}`
  const after = paging === 'cursor' || paging === 'anew' ? `AND (${order}, c.id) ${descending ? '<' : '>'} (${value}, :afterId::uuid)` : ''
  const counted = paging === 'cursor' ? 'SELECT :total::bigint AS total' : count
  const cursor = cursorOf(`json_build_array('${sort}', p.last_key, p.last_id, t.total, :question::text)::text`)
  return statement(
    id,
    `SELECT concat('{"calls":[', p.calls, '],"total":', t.total, ',"limit":', :limit::bigint, ',"offset":', :offset::bigint,
                   ',"nextCursor":', CASE WHEN p.found > :limit::bigint THEN '"' || ${cursor} || '"' ELSE 'null' END, '}') AS json
       FROM (${counted}) t,
            (SELECT string_agg(c.call, ',' ORDER BY ${ordered}) FILTER (WHERE c.n <= :limit::bigint) AS calls,
                    count(*) AS found,
                    max(${key}) FILTER (WHERE c.n = :limit::bigint) AS last_key,
                    max(c.id::text) FILTER (WHERE c.n = :limit::bigint) AS last_id
               FROM (SELECT c.*, row_number() OVER (ORDER BY ${ordered}) AS n
                       FROM (SELECT c.id, c.started_at, c.duration_s, ${json.written(callObject())} AS call
                               FROM (SELECT c.* FROM calls.calls c
                                      WHERE ${where} ${after}
                                      ORDER BY ${ordered}
                                      LIMIT ${mostRows} ${paging === 'offset' ? 'OFFSET :offset::bigint' : ''}) c
                              ORDER BY ${ordered}) c
                      LIMIT :limit::bigint + 1) c) p`,
  )
}

/** Base64url, which PostgreSQL does not have: it breaks lines and fills up. */
const cursorOf = (text: string): string => `translate(encode(convert_to(${text}, 'UTF8'), 'base64'), E'+/=\\n', '-_')`

/** Carriers tell times to the second: within one, events are in the order in which they were told. */
export const selectCallDetail = statement<{ callId: string; all: boolean; viewer: number | null; baseUrl: string }, { json: string }>(
  'call_detail',
  `SELECT ${json.written(
    callObject({
      legs: json.bare(`SELECT coalesce(json_agg(json_build_object('kind', l.kind, 'number', l.number, 'userId', l.user_id, 'agentId', l.agent_id,
                       'startTime', ${wireTime('l.started_at')}, 'answerTime', ${wireTime('l.answered_at')},
                       'endTime', ${wireTime('l.ended_at')}, 'hangupCause', l.hangup_cause) ORDER BY l.position), '[]')
                  FROM calls.legs l WHERE l.organization_id = :organizationId AND l.call_id = :callId`),
      events: json.bare(`SELECT coalesce(json_agg(json_build_object('type', e.type, 'time', ${wireTime('e.at')}, 'data', e.data)
                           ORDER BY date_trunc('second', e.at), e.position), '[]')
                    FROM calls.events e WHERE e.organization_id = :organizationId AND e.call_id = :callId`),
      transcript:
        json.bare(`SELECT coalesce(json_agg(json_build_object('speaker', t.speaker, 'text', t.text, 'startMs', t.start_ms, 'endMs', t.end_ms,
                               'confidence', t.confidence) ORDER BY t.position), '[]')
                        FROM calls.turns t WHERE t.organization_id = :organizationId AND t.call_id = :callId`),
    }),
  )} AS json
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
export function callExport(params: CallFilterParams): Statement<CallFilterParams, ExportRow> {
  const { where, name } = asked(params)
  return once(`calls_export_${name}`, (id) =>
    statement(
      id,
      `SELECT c.id, c.direction, c.from_number AS "from", c.to_number AS "to", c.started_at AS "startTime", c.answered_at AS "answerTime",
              c.ended_at AS "endTime", c.duration_s AS duration, c.status, c.outcome, c.hangup_cause AS "hangupCause", c.user_id AS "userId",
              c.agent_id AS "agentId", c.contact_id AS "contactId", c.cost_micros AS "costMicros", c.currency
         FROM calls.calls c
        WHERE ${where}
        ORDER BY c.started_at, c.id`,
    ),
  )
}
