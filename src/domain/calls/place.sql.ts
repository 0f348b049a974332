import { statement } from '../../platform/db/index.ts'

export const selectOwnNumber = statement<{ e164: string }, { id: string }>(
  'call_own_number',
  `SELECT id FROM numbers.numbers WHERE organization_id = :organizationId AND e164 = :e164 AND status = 'active'`,
)
export const selectCaller = statement<{ userId: number; all: boolean; viewer: number | null }, { id: number; mobile: string | null }>(
  'call_caller',
  `SELECT u.id, u.mobile
     FROM people.users u
    WHERE u.organization_id = :organizationId AND u.id = :userId AND u.status = 'active'
      AND (:all::boolean OR u.id = :viewer::bigint OR u.id IN (
        SELECT s.user_id FROM people.supervision s WHERE s.organization_id = :organizationId AND s.supervisor_id = :viewer::bigint))`,
)
export const selectCallingAgent = statement<{ agentId: string }, { id: string }>(
  'call_agent',
  `SELECT id FROM agents.agents WHERE organization_id = :organizationId AND id = :agentId AND status = 'active'`,
)
export const selectContactOf = statement<{ number: string }, { id: number }>(
  'call_contact',
  `SELECT id FROM contacts.contacts WHERE organization_id = :organizationId AND mobile = :number`,
)
/** Where a placed call rings first. */
export const selectFirstLeg = statement<{ callId: string }, { number: string }>(
  'call_first_leg',
  `SELECT number FROM calls.legs
    WHERE organization_id = :organizationId AND call_id = :callId AND number IS NOT NULL ORDER BY position LIMIT 1`,
)
