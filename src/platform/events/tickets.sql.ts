import { statement } from '../db/index.ts'

/** What has expired is refused before it comes here, so that its row need not stay. */
export const insertUse = statement<{ id: string; expires: Date; now: Date }, { id: string }>(
  'tickets_use',
  `WITH gone AS (
     DELETE FROM platform.used_tickets
      WHERE organization_id = :organizationId AND expires_at < :now::timestamptz - interval '1 hour')
   INSERT INTO platform.used_tickets (organization_id, id, expires_at) VALUES (:organizationId, :id::uuid, :expires)
   ON CONFLICT (organization_id, id) DO NOTHING
   RETURNING id`,
)
