import { statement } from '../../platform/db/index.ts'

export const insertFeed = statement<{ id: string; hash: Buffer; at: Date }, never>(
  'booking_feed_insert',
  `INSERT INTO booking.feeds (organization_id, id, hash, created_at) VALUES (:organizationId, :id, :hash, :at)`,
)

export const revokeFeedRow = statement<{ id: string; at: Date }, { id: string }>(
  'booking_feed_revoke',
  `UPDATE booking.feeds SET revoked_at = :at WHERE organization_id = :organizationId AND id = :id AND revoked_at IS NULL RETURNING id`,
)

export const findFeed = statement<{ hash: Buffer }, { organizationId: number; id: string }>(
  'booking_feed_find',
  `SELECT organization_id AS "organizationId", id FROM booking.find_feed(:hash)`,
)
