import { statement } from '../../platform/db/index.ts'
import { prewriting } from './wire.sql.ts'

const { text, writer } = prewriting

/**
 * Calls that are over, quiet since, and without a text that this version would write. Somebody's who is at one is left for later:
 * nobody waits here, and so nobody waits for each other.
 */
export const lockUnwritten = statement<{ quietSince: Date; most: number }, { id: string }>(
  'calls_unwritten_lock',
  `SELECT c.id FROM calls.calls c
    WHERE c.organization_id = :organizationId AND c.status NOT IN ('queued', 'ringing', 'in_progress') AND c.updated_at < :quietSince
      AND (c.prewritten_by IS NULL OR c.prewritten_by < ${writer} OR c.prewritten_by > ${writer})
    LIMIT :most
      FOR UPDATE SKIP LOCKED`,
)
/** Of calls that are held: whose recording changes meanwhile waits, and takes the text away again. */
export const writeTexts = statement<{ ids: readonly string[] }, never>(
  'calls_prewrite',
  `UPDATE calls.calls c SET prewritten = ${text}, prewritten_by = ${writer}
    WHERE c.organization_id = :organizationId AND c.id = ANY(:ids::uuid[])`,
)
export const selectOrganizationsWithUnwrittenCalls = statement<{ quietSince: Date }, { organizationId: number }>(
  'calls_unwritten_organizations',
  `SELECT o AS "organizationId" FROM calls.organizations_with_unwritten_calls(${writer}, :quietSince) AS o`,
)
