import { statement } from '../db/index.ts'

/** Held until the transaction ends; another request with the key learns at once that it is in use. */
export const lockKey = statement<{ name: string }, { locked: boolean }>(
  'idempotency_lock',
  `SELECT pg_try_advisory_xact_lock(hashtextextended(:organizationId::text || ':' || :name::text, 7)) AS locked`,
)

export interface StoredAnswer {
  fingerprint: Buffer
  status: number
  headers: Record<string, string>
  body: string | null
}
export const selectAnswer = statement<{ credential: string; route: string; key: string; since: Date }, StoredAnswer>(
  'idempotency_select',
  `SELECT fingerprint, status, headers, body
     FROM platform.idempotent_answers
    WHERE organization_id = :organizationId AND credential = :credential AND route = :route AND key = :key AND created_at > :since`,
)

export const insertAnswer = statement<StoredAnswer & { credential: string; route: string; key: string; at: Date }, never>(
  'idempotency_insert',
  `INSERT INTO platform.idempotent_answers (organization_id, credential, route, key, fingerprint, status, headers, body, created_at)
   VALUES (:organizationId, :credential, :route, :key, :fingerprint, :status, :headers, :body, :at)
   ON CONFLICT (organization_id, credential, route, key) DO UPDATE
      SET fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers, body = excluded.body,
          created_at = excluded.created_at`,
)
