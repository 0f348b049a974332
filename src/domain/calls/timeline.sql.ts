import { statement } from '../../platform/db/index.ts'

export interface NewLeg {
  callId: string
  kind: string
  number: string | null
  userId: number | null
  agentId: string | null
  sid: string | null
  at: Date
  answeredAt: Date | null
}
/** Written while the call's row is locked, so that positions follow one another. A leg's provider name is taken once. */
export const insertLeg = statement<NewLeg, { position: number }>(
  'leg_insert',
  `INSERT INTO calls.legs (organization_id, call_id, position, kind, number, user_id, agent_id, provider_sid, started_at, answered_at)
   SELECT :organizationId, :callId, coalesce(max(l.position) + 1, 0), :kind, :number, :userId, :agentId, :sid, :at, :answeredAt
     FROM calls.legs l
    WHERE l.organization_id = :organizationId AND l.call_id = :callId
   HAVING :sid::text IS NULL OR count(*) FILTER (WHERE l.provider_sid = :sid) = 0
   RETURNING position`,
)
/** Legs that were answered: the named one, or, without a name, those that have none of their own and were there then. */
export const answerLegs = statement<{ callId: string; sid: string | null; at: Date }, never>(
  'leg_answer',
  `UPDATE calls.legs SET answered_at = least(answered_at, :at::timestamptz)
    WHERE organization_id = :organizationId AND call_id = :callId AND (answered_at IS NULL OR answered_at > :at)
      AND (provider_sid = :sid OR (:sid::text IS NULL AND provider_sid IS NULL AND (ended_at IS NULL OR ended_at >= :at)))`,
)
export const endLeg = statement<{ callId: string; sid: string; at: Date; hangupCause: string | null }, never>(
  'leg_end',
  `UPDATE calls.legs SET ended_at = least(ended_at, :at::timestamptz), hangup_cause = coalesce(hangup_cause, :hangupCause)
    WHERE organization_id = :organizationId AND call_id = :callId AND provider_sid = :sid`,
)
/** At a call's end every leg has ended; those that had ended with a message (at `messageAt`) were there until then. */
export const closeLegs = statement<{ callId: string; at: Date; messageAt: Date | null; hangupCause: string | null }, never>(
  'leg_close',
  `UPDATE calls.legs
      SET ended_at = CASE WHEN provider_sid IS NULL AND ended_at = :messageAt::timestamptz THEN :at ELSE coalesce(ended_at, :at) END,
          hangup_cause = coalesce(hangup_cause, :hangupCause)
    WHERE organization_id = :organizationId AND call_id = :callId
      AND (ended_at IS NULL OR hangup_cause IS NULL OR ended_at = :messageAt)`,
)

export const insertCallEvent = statement<{ callId: string; type: string; at: Date; data: object; once: boolean }, { position: number }>(
  'call_event_insert',
  `INSERT INTO calls.events (organization_id, call_id, position, type, at, data)
   SELECT :organizationId, :callId, coalesce(max(e.position) + 1, 0), :type, :at, :data::jsonb
     FROM calls.events e
    WHERE e.organization_id = :organizationId AND e.call_id = :callId
   HAVING count(*) FILTER (WHERE e.type = :type AND (:once::boolean OR (e.at = :at AND e.data = :data::jsonb))) = 0
   RETURNING position`,
)

export interface NewTurn {
  callId: string
  speaker: string
  text: string
  startMs: number
  endMs: number
  confidence: number | null
}
export const insertTurn = statement<NewTurn, { position: number }>(
  'call_turn_insert',
  `INSERT INTO calls.turns (organization_id, call_id, position, speaker, text, start_ms, end_ms, confidence)
   SELECT :organizationId, :callId, coalesce(max(t.position) + 1, 0), :speaker, :text, :startMs::integer, :endMs::integer, :confidence::real
     FROM calls.turns t
    WHERE t.organization_id = :organizationId AND t.call_id = :callId
   HAVING count(*) FILTER (WHERE t.speaker = :speaker AND t.text = :text AND t.start_ms = :startMs::integer) = 0
   RETURNING position`,
)
