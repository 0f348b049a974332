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

/** The newest recording of call `c` that is still there, or null. Its address is built on `:baseUrl`. */
export const recordingOf = `(SELECT json_build_object('id', r.id, 'duration', r.duration_s, 'size', r.size, 'format', r.format, 'status', r.status,
    'url', CASE WHEN r.status = 'available' THEN :baseUrl::text || '/v1/recordings/' || r.id || '/download' END)
  FROM recordings.recordings r
 WHERE r.organization_id = c.organization_id AND r.call_id = c.id AND r.status <> 'deleted'
 ORDER BY r.started_at DESC, r.id DESC LIMIT 1)`

/** Members of a call in lists and in detail. */
export const callMembers = `'id', c.id, 'direction', c.direction, 'from', c.from_number, 'to', c.to_number,
  'startTime', ${wireTime('c.started_at')}, 'answerTime', ${wireTime('c.answered_at')}, 'endTime', ${wireTime('c.ended_at')},
  'duration', c.duration_s, 'status', c.status, 'outcome', c.outcome, 'hangupCause', c.hangup_cause, 'onHold', c.on_hold,
  'userId', c.user_id, 'agentId', c.agent_id, 'contactId', c.contact_id, 'campaignId', c.campaign_id,
  'cost', json_build_object('amountMicros', c.cost_micros, 'currency', c.currency), 'recording', ${recordingOf}`

/** Which calls a list or an export is about. */
export const callFilter = `c.organization_id = :organizationId AND ${seen('c.user_id')}
  AND (:from::timestamptz IS NULL OR c.started_at >= :from) AND (:to::timestamptz IS NULL OR c.started_at <= :to)
  AND (:userId::bigint IS NULL OR c.user_id = :userId) AND (:direction::text IS NULL OR c.direction = :direction)
  AND (:status::text IS NULL OR c.status = :status) AND (:agentId::uuid IS NULL OR c.agent_id = :agentId)
  AND (:campaignId::uuid IS NULL OR c.campaign_id = :campaignId)
  AND (:number::text IS NULL OR c.from_number = :number OR c.to_number = :number)`
