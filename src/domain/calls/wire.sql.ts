// The pieces of SQL from which lists and details of calls are built as JSON text.
import { createHash } from 'node:crypto'
import { json } from '../../platform/db/index.ts'

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

/** The newest recording of call `c` that is still there, or null. `base` is SQL of the text that its address begins with, as JSON has it. */
const recording = (base: string): string => `SELECT ${json.written(
  json.object({
    id: json.quoted('r.id'),
    duration: json.bareOrNull('r.duration_s'),
    size: json.bareOrNull('r.size'),
    format: json.escaped('r.format'),
    status: json.quoted('r.status'),
    url: json.quotedOrNull(`CASE WHEN r.status = 'available' THEN ${base} || '/v1/recordings/' || r.id || '/download' END`),
  }),
)}
  FROM recordings.recordings r
 WHERE r.organization_id = c.organization_id AND r.call_id = c.id AND r.status <> 'deleted'
 ORDER BY r.started_at DESC, r.id DESC LIMIT 1`

/** What lists show of call `c`. Of its own row and of its recordings alone: a change of anything else would not take away what is prewritten. */
const members = (base: string): string =>
  json.written(
    json.members({
      id: json.quoted('c.id'),
      direction: json.quoted('c.direction'),
      from: json.escaped('c.from_number'),
      to: json.escaped('c.to_number'),
      startTime: json.quoted(wireTime('c.started_at')),
      answerTime: json.quotedOrNull(wireTime('c.answered_at')),
      endTime: json.quotedOrNull(wireTime('c.ended_at')),
      duration: json.bareOrNull('c.duration_s'),
      status: json.quoted('c.status'),
      outcome: json.escapedOrNull('c.outcome'),
      hangupCause: json.escapedOrNull('c.hangup_cause'),
      onHold: json.bare('c.on_hold::text'),
      userId: json.bareOrNull('c.user_id'),
      agentId: json.quotedOrNull('c.agent_id'),
      contactId: json.bareOrNull('c.contact_id'),
      campaignId: json.quotedOrNull('c.campaign_id'),
      cost: json.object({ amountMicros: json.bare('c.cost_micros'), currency: json.escaped('c.currency') }),
      recording: json.bareOrNull(recording(base)),
    }),
  )

/** Where a kept text has the house's address, which may be another tomorrow: a sign that JSON never holds. */
const sign = String.fromCharCode(1)
const placeholder = `chr(${sign.charCodeAt(0)})`
const kept = members(placeholder)
/** SQL of the text to keep, and the name by which it knows again what it wrote itself. */
export const prewriting = { text: kept, writer: createHash('sha256').update(kept).digest().readInt32BE(), placeholder: sign } as const

/** Call `c`, in lists and in detail, which has `more`. The house's address is `:baseUrl`, escaped as JSON has it. */
export const callObject = (more: Readonly<Record<string, json.Text>> = {}): json.Text =>
  json.objectOf(
    json.bare(`CASE WHEN c.prewritten_by = ${prewriting.writer} THEN replace(c.prewritten, ${placeholder}, :baseUrl::text)
                    ELSE ${members(':baseUrl::text')} END`),
    ...(Object.keys(more).length > 0 ? [json.members(more)] : []),
  )

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
