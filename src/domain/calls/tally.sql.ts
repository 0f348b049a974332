import { statement } from '../../platform/db/index.ts'

const first = `'00000000-0000-0000-0000-000000000000'::uuid`
const last = `'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid`

/**
 * How many calls an organisation has, as `total`: those that were counted before, and those since. Each OFFSET keeps PostgreSQL from
 * moving what is inside: it would count once for each mention of `total`, and, by an expression instead of a column, not along the index.
 * Of ids after one that it does not know it expects a third of all, and reads the table; of those between two, a few.
 */
export const everyCall = `
  SELECT known.calls + (SELECT count(*) FROM calls.calls c WHERE c.organization_id = :organizationId AND c.id BETWEEN known.before AND ${last}) AS total
    FROM (SELECT coalesce(t.calls, 0) AS calls, coalesce(t.before, ${first}) AS before
            FROM (VALUES (1)) AS one LEFT JOIN calls.tallies t ON t.organization_id = :organizationId OFFSET 0) known OFFSET 0`

/** Waits for late calls that are being written, which wait for whoever has it. Taken by a statement of its own: the next sees them. */
export const lockTally = statement<object, never>(
  'calls_tally_lock',
  `SELECT pg_advisory_xact_lock(hashtextextended('calls.tallies ' || :organizationId::bigint, 0))`,
)
/** Counts on by `most` calls, up to those of an hour ago. By PostgreSQL's clock, as the trigger that looks out for late ones. */
export const countOn = statement<{ most: number }, { counted: number }>(
  'calls_tally',
  `WITH known AS (
     SELECT coalesce(t.before, ${first}) AS before FROM (VALUES (1)) AS one LEFT JOIN calls.tallies t ON t.organization_id = :organizationId
   ), hour AS (
     SELECT platform.uuid_floor(now() - interval '1 hour') AS before
   ), reached AS (
     SELECT coalesce((SELECT c.id FROM calls.calls c
                       WHERE c.organization_id = :organizationId AND c.id >= known.before AND c.id < hour.before
                       ORDER BY c.id OFFSET :most LIMIT 1), hour.before) AS before
       FROM known, hour
   ), found AS (
     SELECT reached.before, (SELECT count(*) FROM calls.calls c
                              WHERE c.organization_id = :organizationId AND c.id >= known.before AND c.id < reached.before) AS calls
       FROM known, reached WHERE reached.before > known.before
   ), kept AS (
     INSERT INTO calls.tallies AS t (organization_id, before, calls) SELECT :organizationId, before, calls FROM found
     ON CONFLICT (organization_id) DO UPDATE SET before = excluded.before, calls = t.calls + excluded.calls
   ) SELECT coalesce(max(calls), 0) AS counted FROM found`,
)
export const selectOrganizationsWithUncountedCalls = statement<object, { organizationId: number }>(
  'calls_uncounted_organizations',
  `SELECT o AS "organizationId" FROM calls.organizations_with_uncounted_calls() AS o`,
)
