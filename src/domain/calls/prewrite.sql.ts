import { statement } from '../../platform/db/index.ts'
import { prewriting } from './wire.sql.ts'

const { text, writer } = prewriting

/** What one change holds, for some ten milliseconds; a callback for one of these calls waits as long. */
export const atOnce = 200

/** By `prewritten_by`, which sorts nothing here and keeps to its index: a table read from its start has the written ones first. */
const unwritten = (which: string): string => `
  SELECT c.id FROM calls.calls c
   WHERE c.organization_id = :organizationId AND ${which}
     AND c.status NOT IN ('queued', 'ringing', 'in_progress') AND c.updated_at < :quietSince
   ORDER BY c.prewritten_by LIMIT ${atOnce} FOR UPDATE SKIP LOCKED`
/**
 * Calls that are over, quiet since, and without a text that this version would write. Somebody's who is at one is left for later:
 * nobody waits here, and so nobody waits for each other.
 */
export const lockUnwritten = statement<{ quietSince: Date }, { id: string }>(
  'calls_unwritten_lock',
  `WITH never AS (${unwritten('c.prewritten_by IS NULL')}),
        older AS (${unwritten(`c.prewritten_by < ${writer}`)}),
        newer AS (${unwritten(`c.prewritten_by > ${writer}`)})
   SELECT id FROM never UNION ALL SELECT id FROM older UNION ALL SELECT id FROM newer LIMIT ${atOnce}`,
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
