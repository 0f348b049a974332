// The pieces of SQL from which lists and details of calls are built as JSON text.

const seconds = `'YYYY-MM-DD"T"HH24:MI:SS"Z"'`
/** An instant on the wire, whole seconds in UTC; null stays null. */
export const wireTime = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', ${seconds})`

/**
 * Whose things a viewer sees: everybody's, their own, and those of the people they supervise. An array, not a subquery,
 * so that the index on the person serves it.
 */
export const seen = (column: string): string => `(:all::boolean OR ${column} = ANY (ARRAY(
  SELECT :viewer::bigint UNION ALL
  SELECT s.user_id FROM people.supervision s WHERE s.organization_id = :organizationId AND s.supervisor_id = :viewer::bigint)))`

/** Members of recording `r` beside its call. Its address is built on `:baseUrl`. */
export const recordingMembers = `'id', r.id, 'duration', r.duration_s, 'size', r.size, 'format', r.format, 'status', r.status,
    'url', CASE WHEN r.status = 'available' THEN :baseUrl::text || '/v1/recordings/' || r.id || '/download' END`

/** The newest recording of call `c` that is still there, or null. */
const recordingOf = `(SELECT json_build_object(${recordingMembers})
  FROM recordings.recordings r
 WHERE r.organization_id = c.organization_id AND r.call_id = c.id AND r.status <> 'deleted'
 ORDER BY r.started_at DESC, r.id DESC LIMIT 1)`

/** What a call shows in lists and in detail, with what says its recording. */
const shown = (recording: string) =>
  ({
    id: 'c.id',
    direction: 'c.direction',
    from: 'c.from_number',
    to: 'c.to_number',
    startTime: wireTime('c.started_at'),
    answerTime: wireTime('c.answered_at'),
    endTime: wireTime('c.ended_at'),
    duration: 'c.duration_s',
    status: 'c.status',
    outcome: 'c.outcome',
    hangupCause: 'c.hangup_cause',
    onHold: 'c.on_hold',
    userId: 'c.user_id',
    agentId: 'c.agent_id',
    contactId: 'c.contact_id',
    campaignId: 'c.campaign_id',
    // Half of what json_build_object takes.
    cost: `('{"amountMicros":' || c.cost_micros || ',"currency":' || to_json(c.currency) || '}')::json`,
    recording,
  }) as const
const pairs = (recording: string) => Object.entries(shown(recording))

/** As members of an object, for one call. */
export const callMembers = pairs(recordingOf)
  .map(([name, value]) => `'${name}', ${value}`)
  .join(', ')
/** As columns, for many: PostgreSQL makes an object of a row in two thirds of the time that naming each member takes it. */
export const callColumns = (recording: string): string =>
  pairs(recording)
    .map(([name, value]) => `${value} AS "${name}"`)
    .join(', ')

/** What narrows a list or an export, by the parameter that says it. */
export const conditions = {
  from: 'c.started_at >= :from::timestamptz',
  to: 'c.started_at <= :to::timestamptz',
  userId: 'c.user_id = :userId::bigint',
  direction: 'c.direction = :direction::text',
  status: 'c.status = :status::text',
  agentId: 'c.agent_id = :agentId::uuid',
  campaignId: 'c.campaign_id = :campaignId::uuid',
  number: '(c.from_number = :number::text OR c.to_number = :number::text)',
} as const
