import { type Invariant, rowsOf } from '../exam.ts'

/** Every started minute counts; the newest two days' calls, and all of them at the end. */
const minutes = `
  SELECT c.id, c.status, c.direction, c.duration_s, coalesce(sum(u.quantity), 0) AS billed, c.cost_micros,
         (SELECT coalesce(sum(all_of_it.cost_micros), 0) FROM billing.usage all_of_it
           WHERE all_of_it.organization_id = c.organization_id AND all_of_it.call_id = c.id) AS cost
    FROM calls.calls c
    LEFT JOIN billing.usage u ON u.organization_id = c.organization_id AND u.call_id = c.id AND u.kind = 'voice.' || c.direction
   WHERE c.updated_at >= $1 AND c.status NOT IN ('queued', 'ringing', 'in_progress')
   GROUP BY c.organization_id, c.id
  HAVING coalesce(sum(u.quantity), 0) <> ceil(coalesce(c.duration_s, 0) / 60.0)
      OR c.cost_micros <> (SELECT coalesce(sum(o.cost_micros), 0) FROM billing.usage o WHERE o.organization_id = c.organization_id AND o.call_id = c.id)`

const negative = `
  SELECT organization_id, call_id, kind, sum(quantity) AS quantity, sum(cost_micros) AS cost FROM billing.usage
   WHERE at >= $1 OR call_id IN (SELECT id FROM calls.calls WHERE updated_at >= $1)
   GROUP BY organization_id, call_id, kind HAVING sum(quantity) < 0 OR sum(cost_micros) < 0`

const twice = `
  SELECT u.organization_id, u.kind, u.source, count(*) FROM billing.usage u
   WHERE u.at >= $1 GROUP BY u.organization_id, u.kind, u.source HAVING count(*) > 1`

export const ledger: Invariant = {
  promise: 'the ledger says of each call what the call says of itself, bills nothing twice and is never below nothing',
  every: 1,
  async check(exam, { last }) {
    const since = [last ? new Date(0) : exam.since]
    const found: unknown[] = []
    for (const sql of [minutes, negative, twice]) found.push(...(await rowsOf(exam, sql, since)))
    return found
  },
}
