import { statement } from '../db/index.ts'

export interface EventRow {
  seq: number
  id: string
  type: string
  occurredAt: Date
  userIds: number[]
  /** JSON text. */
  data: string
}
/** Where the feed ended when this was read; the rest is null where there is no event. */
export type PageRow = { end: number } & (EventRow | { [Name in keyof EventRow]: null })

/** One row with the end alone when there is nothing between. */
export const selectEventsBetween = statement<{ after: number; until: number }, PageRow>(
  'events_between',
  `SELECT f.seq AS "end", e.seq, e.id, e.type, e.occurred_at AS "occurredAt", to_json(e.user_ids) AS "userIds", e.data::text AS data
     FROM platform.feeds f
     LEFT JOIN platform.events e ON e.organization_id = f.organization_id AND e.seq > :after::bigint AND e.seq <= :until::bigint
    WHERE f.organization_id = :organizationId
    ORDER BY e.seq`,
)
export const selectFeedBounds = statement<object, { first: number | null; end: number }>(
  'events_bounds',
  `SELECT (SELECT min(seq) FROM platform.events WHERE organization_id = :organizationId) AS first,
          coalesce((SELECT seq FROM platform.feeds WHERE organization_id = :organizationId), 0)::bigint AS "end"`,
)
