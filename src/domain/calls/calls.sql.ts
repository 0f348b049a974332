import { statement } from '../../platform/db/index.ts'
import type { CallStatus, Direction } from './call.ts'

/** A call as its own code sees it. */
export interface CallRow {
  callId: string
  direction: Direction
  from: string
  to: string
  status: CallStatus
  outcome: string | null
  userId: number | null
  contactId: number | null
  agentId: string | null
  numberId: string | null
  provider: string
  sid: string | null
  startedAt: Date
  answeredAt: Date | null
  endedAt: Date | null
  endedByMessage: boolean
  reportedDurationS: number | null
  durationS: number | null
  hangupCause: string | null
  onHold: boolean
  /** Everybody who is or was on it. */
  userIds: number[]
}

/** Of call `:callId`: said by its parameter everywhere, so that PostgreSQL plans for one month's partition and not for all. */
const columns = `c.id AS "callId", c.direction, c.from_number AS "from", c.to_number AS "to", c.status, c.outcome, c.user_id AS "userId",
  c.contact_id AS "contactId", c.agent_id AS "agentId", c.number_id AS "numberId", c.provider, c.started_at AS "startedAt",
  c.answered_at AS "answeredAt", c.ended_at AS "endedAt", c.ended_by_message AS "endedByMessage", c.reported_duration_s AS "reportedDurationS",
  c.duration_s AS "durationS", c.hangup_cause AS "hangupCause", c.on_hold AS "onHold",
  (SELECT p.sid FROM calls.provider_calls p
    WHERE p.organization_id = :organizationId AND p.call_id = :callId ORDER BY p.primary_call DESC, p.sid LIMIT 1) AS sid,
  (SELECT coalesce(json_agg(DISTINCT member), '[]')
     FROM (SELECT c.user_id AS member UNION ALL
           SELECT l.user_id FROM calls.legs l WHERE l.organization_id = :organizationId AND l.call_id = :callId) AS members
    WHERE member IS NOT NULL) AS "userIds"`

export const selectCall = statement<{ callId: string }, CallRow>(
  'call_select',
  `SELECT ${columns} FROM calls.calls c WHERE c.organization_id = :organizationId AND c.id = :callId`,
)
export const lockCall = statement<{ callId: string }, CallRow>(
  'call_lock',
  `SELECT ${columns} FROM calls.calls c WHERE c.organization_id = :organizationId AND c.id = :callId FOR UPDATE OF c`,
)

export interface NewCall {
  callId: string
  direction: Direction
  from: string
  to: string
  status: CallStatus
  userId: number | null
  contactId: number | null
  agentId: string | null
  numberId: string | null
  provider: string
  startedAt: Date
  answeredAt: Date | null
  now: Date
}
export const insertCall = statement<NewCall, never>(
  'call_insert',
  `INSERT INTO calls.calls (organization_id, id, direction, from_number, to_number, status, user_id, contact_id, agent_id, number_id, provider,
                            started_at, answered_at, updated_at)
   VALUES (:organizationId, :callId, :direction, :from, :to, :status, :userId, :contactId, :agentId, :numberId, :provider,
           :startedAt, :answeredAt, :now)`,
)

/** Waits for whoever is claiming the same name; nothing comes back when it was taken. */
export const claimProviderCall = statement<{ provider: string; sid: string; callId: string; primary: boolean }, { callId: string }>(
  'call_provider_claim',
  `INSERT INTO calls.provider_calls (organization_id, provider, sid, call_id, primary_call)
   VALUES (:organizationId, :provider, :sid, :callId, :primary)
   ON CONFLICT DO NOTHING
   RETURNING call_id AS "callId"`,
)
export const selectProviderCall = statement<{ provider: string; sid: string }, { callId: string }>(
  'call_provider_select',
  `SELECT call_id AS "callId" FROM calls.provider_calls WHERE organization_id = :organizationId AND provider = :provider AND sid = :sid`,
)
/** For webhooks that know nothing but the provider's name for a call. */
export const findProviderCallAnywhere = statement<{ provider: string; sid: string }, { organizationId: number; callId: string }>(
  'call_provider_find',
  `SELECT organization_id AS "organizationId", call_id AS "callId" FROM calls.find_provider_call(:provider, :sid)`,
)

export interface ProgressParams {
  callId: string
  status: CallStatus
  answeredAt: Date | null
  endedAt: Date | null
  endedByMessage: boolean
  reportedDurationS: number | null
  durationS: number | null
  hangupCause: string | null
  onHold: boolean
  now: Date
}
export const updateProgress = statement<ProgressParams, never>(
  'call_progress',
  `UPDATE calls.calls
      SET status = :status, answered_at = :answeredAt, ended_at = :endedAt, ended_by_message = :endedByMessage,
          reported_duration_s = :reportedDurationS, duration_s = :durationS, hangup_cause = :hangupCause, on_hold = :onHold, updated_at = :now
    WHERE organization_id = :organizationId AND id = :callId`,
)
export const touchCall = statement<{ callId: string; now: Date }, never>(
  'call_touch',
  `UPDATE calls.calls SET updated_at = :now WHERE organization_id = :organizationId AND id = :callId`,
)
export const holdCallRow = statement<{ callId: string }, never>(
  'call_hold_row',
  `SELECT FROM calls.calls WHERE organization_id = :organizationId AND id = :callId FOR UPDATE`,
)
/** What the ledger says of it; read while the call is held. */
export const settleCost = statement<{ callId: string }, never>(
  'call_cost',
  `UPDATE calls.calls c SET cost_micros = u.cost, currency = coalesce(u.currency, c.currency)
     FROM (SELECT coalesce(sum(cost_micros), 0)::bigint AS cost, min(currency) AS currency FROM billing.usage
            WHERE organization_id = :organizationId AND call_id = :callId) AS u
    WHERE c.organization_id = :organizationId AND c.id = :callId`,
)
export const updateHold = statement<{ callId: string; onHold: boolean; now: Date }, never>(
  'call_hold',
  `UPDATE calls.calls SET on_hold = :onHold, updated_at = :now WHERE organization_id = :organizationId AND id = :callId`,
)
export const updateOutcome = statement<{ callId: string; outcome: string; now: Date }, never>(
  'call_outcome',
  `UPDATE calls.calls SET outcome = :outcome, updated_at = :now WHERE organization_id = :organizationId AND id = :callId`,
)
export const updateParties = statement<
  { callId: string; userId: number | null; contactId: number | null; agentId: string | null; now: Date },
  never
>(
  'call_parties',
  `UPDATE calls.calls
      SET user_id = coalesce(:userId::bigint, user_id), contact_id = coalesce(:contactId::bigint, contact_id),
          agent_id = coalesce(:agentId::uuid, agent_id), updated_at = :now
    WHERE organization_id = :organizationId AND id = :callId`,
)

/**
 * Calls at a provider of which nothing has been heard since: those that are not over, and those that left a message and whose
 * length has not been told. What the provider has never named comes with a null sid.
 */
export const selectSilentCalls = statement<
  { provider: string; silentSince: Date },
  { callId: string; sid: string | null; status: CallStatus; endedAt: Date | null; durationS: number | null }
>(
  'call_silent',
  `SELECT c.id AS "callId", c.status, c.ended_at AS "endedAt", c.duration_s AS "durationS",
          (SELECT p.sid FROM calls.provider_calls p
            WHERE p.organization_id = c.organization_id AND p.call_id = c.id ORDER BY p.primary_call DESC, p.sid LIMIT 1) AS sid
     FROM calls.calls c
    WHERE c.organization_id = :organizationId AND c.provider = :provider AND c.updated_at < :silentSince
      AND (c.status IN ('queued', 'ringing', 'in_progress') OR (c.status = 'voicemail' AND c.reported_duration_s IS NULL))
    ORDER BY c.updated_at
    LIMIT 500`,
)
/** Nothing while somebody has heard of it since, or given it a name. */
export const lockSilentCall = statement<{ callId: string; silentSince: Date; sid: string | null }, { callId: string }>(
  'call_silent_lock',
  `SELECT c.id AS "callId" FROM calls.calls c
    WHERE c.organization_id = :organizationId AND c.id = :callId AND c.updated_at < :silentSince
      AND (:sid::text IS NOT NULL
           OR NOT EXISTS (SELECT FROM calls.provider_calls p WHERE p.organization_id = c.organization_id AND p.call_id = c.id))
      FOR UPDATE OF c`,
)
export const selectOrganizationsWithSilentCalls = statement<{ silentSince: Date }, { organizationId: number }>(
  'call_silent_organizations',
  `SELECT o AS "organizationId" FROM calls.organizations_with_live_calls(:silentSince) AS o`,
)
