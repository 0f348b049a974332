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
export const selectEventsAfter = statement<{ after: number; limit: number }, EventRow>(
  'events_after',
  `SELECT seq, id, type, occurred_at AS "occurredAt", to_json(user_ids) AS "userIds", data::text AS data
     FROM platform.events
    WHERE organization_id = :organizationId AND seq > :after::bigint
    ORDER BY seq
    LIMIT :limit::bigint`,
)
export const selectFeedEnd = statement<object, { seq: number }>(
  'events_end',
  `SELECT coalesce((SELECT seq FROM platform.feeds WHERE organization_id = :organizationId), 0)::bigint AS seq`,
)
