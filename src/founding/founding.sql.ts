import { statement } from '../platform/db/index.ts'

export const insertAgent = statement<{ id: string; name: string; language: string; at: Date }, never>(
  'founding_agent',
  `INSERT INTO agents.agents (organization_id, id, name, language, created_at, updated_at)
   VALUES (:organizationId, :id, :name, :language, :at, :at)`,
)
export const insertNumber = statement<
  { id: string; e164: string; label: string; provider: string; sid: string | null; route: object; at: Date },
  never
>(
  'founding_number',
  `INSERT INTO numbers.numbers (organization_id, id, e164, label, provider, provider_sid, route, created_at)
   VALUES (:organizationId, :id, :e164, :label, :provider, :sid, :route, :at)`,
)
/** Of the demo's calls that really rang: what there is to listen to by now. */
export const countKept = statement<object, { recordings: number; messages: number }>(
  'founding_kept',
  `SELECT (SELECT count(*) FROM recordings.recordings WHERE organization_id = :organizationId AND status = 'available') AS recordings,
          (SELECT count(*) FROM voicemail.messages WHERE organization_id = :organizationId AND blob_id IS NOT NULL) AS messages`,
)

export const selectOwnNumbers = statement<object, { e164: string }>(
  'founding_own_numbers',
  `SELECT e164 FROM numbers.numbers WHERE organization_id = :organizationId AND status = 'active' ORDER BY created_at, id`,
)

export const selectAdmin = statement<{ username: string }, { id: number; email: string }>(
  'founding_admin',
  `SELECT id, email FROM people.users WHERE organization_id = :organizationId AND username = :username AND status = 'active'`,
)
