import { statement } from '../db/index.ts'

export interface SigningKeyRow {
  kid: string
  publicJwk: Record<string, unknown>
  privateSealed: string
  createdAt: Date
  retiredAt: Date | null
  revokedAt: Date | null
}
export const selectSigningKeys = statement<object, SigningKeyRow>(
  'signing_keys_select',
  `SELECT kid, public_jwk AS "publicJwk", private_sealed AS "privateSealed", created_at AS "createdAt", retired_at AS "retiredAt",
          revoked_at AS "revokedAt"
     FROM platform.signing_keys
    ORDER BY created_at DESC`,
)
export const insertSigningKey = statement<{ kid: string; publicJwk: object; privateSealed: string; at: Date }, never>(
  'signing_keys_insert',
  `INSERT INTO platform.signing_keys (kid, public_jwk, private_sealed, created_at) VALUES (:kid, :publicJwk, :privateSealed, :at)`,
)
export const retireSigningKeys = statement<{ at: Date }, never>(
  'signing_keys_retire',
  `UPDATE platform.signing_keys SET retired_at = :at WHERE retired_at IS NULL`,
)
export const revokeSigningKeys = statement<{ at: Date; kid: string }, never>(
  'signing_keys_revoke',
  `UPDATE platform.signing_keys SET revoked_at = :at WHERE revoked_at IS NULL AND kid <> :kid`,
)
export const resealSigningKey = statement<{ kid: string; privateSealed: string }, never>(
  'signing_keys_reseal',
  `UPDATE platform.signing_keys SET private_sealed = :privateSealed WHERE kid = :kid`,
)
export const lockSigningKeys = statement<object, never>('signing_keys_lock', `SELECT pg_advisory_xact_lock(7263402)`)

/** The first process to ask settles it for all. */
export const settleFact = statement<{ name: string; value: string }, { value: unknown }>(
  'facts_settle',
  `WITH mine AS (
     INSERT INTO platform.facts (name, value) VALUES (:name, :value::jsonb) ON CONFLICT (name) DO NOTHING RETURNING value
   )
   SELECT value FROM mine UNION ALL SELECT value FROM platform.facts WHERE name = :name LIMIT 1`,
)

export interface ApiKeyRow {
  organizationId: number
  id: string
  name: string
  scopes: string[]
  expiresAt: Date | null
}
export const findApiKey = statement<{ hash: Buffer }, ApiKeyRow>(
  'api_keys_find',
  `SELECT organization_id AS "organizationId", id, name, scopes, expires_at AS "expiresAt" FROM platform.find_api_key(:hash)`,
)
export const insertApiKey = statement<
  { id: string; name: string; hash: Buffer; hint: string; scopes: readonly string[]; at: Date; expiresAt: Date | null },
  never
>(
  'api_keys_insert',
  `INSERT INTO platform.api_keys (organization_id, id, name, hash, hint, scopes, created_at, expires_at)
   VALUES (:organizationId, :id, :name, :hash, :hint, :scopes, :at, :expiresAt)`,
)
export const revokeApiKeyRow = statement<{ id: string; at: Date }, { hash: Buffer; name: string }>(
  'api_keys_revoke',
  `UPDATE platform.api_keys SET revoked_at = coalesce(revoked_at, :at)
    WHERE organization_id = :organizationId AND id = :id
    RETURNING hash, name`,
)

export interface OauthClientRow {
  organizationId: number
  id: string
  name: string
  secretHash: Buffer
  roles: string[]
}
export const findOauthClient = statement<{ id: string }, OauthClientRow>(
  'oauth_clients_find',
  `SELECT organization_id AS "organizationId", id, name, secret_hash AS "secretHash", roles FROM platform.find_oauth_client(:id)`,
)
export const insertOauthClient = statement<{ id: string; name: string; secretHash: Buffer; roles: readonly string[]; at: Date }, never>(
  'oauth_clients_insert',
  `INSERT INTO platform.oauth_clients (organization_id, id, name, secret_hash, roles, created_at)
   VALUES (:organizationId, :id, :name, :secretHash, :roles, :at)`,
)
export const updateOauthSecret = statement<{ id: string; secretHash: Buffer }, { name: string }>(
  'oauth_clients_update_secret',
  `UPDATE platform.oauth_clients SET secret_hash = :secretHash
    WHERE organization_id = :organizationId AND id = :id AND revoked_at IS NULL
    RETURNING name`,
)
export const revokeOauthClient = statement<{ id: string; at: Date }, { name: string }>(
  'oauth_clients_revoke',
  `UPDATE platform.oauth_clients SET revoked_at = :at
    WHERE organization_id = :organizationId AND id = :id AND revoked_at IS NULL
    RETURNING name`,
)

export interface RefreshTokenRow {
  organizationId: number
  family: string
  subject: string
  expiresAt: Date
  usedAt: Date | null
  revokedAt: Date | null
}
export const findRefreshToken = statement<{ hash: Buffer }, RefreshTokenRow>(
  'refresh_tokens_find',
  `SELECT organization_id AS "organizationId", family, subject, expires_at AS "expiresAt", used_at AS "usedAt", revoked_at AS "revokedAt"
     FROM platform.find_refresh_token(:hash)`,
)
export const insertRefreshToken = statement<{ hash: Buffer; family: string; subject: string; at: Date; expiresAt: Date }, never>(
  'refresh_tokens_insert',
  `INSERT INTO platform.refresh_tokens (organization_id, hash, family, subject, created_at, expires_at)
   VALUES (:organizationId, :hash, :family, :subject, :at, :expiresAt)`,
)
/** Only one of two simultaneous exchanges gets the row. */
export const useRefreshToken = statement<{ hash: Buffer; at: Date }, { family: string }>(
  'refresh_tokens_use',
  `UPDATE platform.refresh_tokens SET used_at = :at
    WHERE organization_id = :organizationId AND hash = :hash AND used_at IS NULL AND revoked_at IS NULL
    RETURNING family`,
)
export const revokeRefreshFamily = statement<{ family: string; at: Date }, never>(
  'refresh_tokens_revoke_family',
  `UPDATE platform.refresh_tokens SET revoked_at = :at WHERE organization_id = :organizationId AND family = :family AND revoked_at IS NULL`,
)
export const revokeRefreshSubject = statement<{ subject: string; at: Date }, never>(
  'refresh_tokens_revoke_subject',
  `UPDATE platform.refresh_tokens SET revoked_at = :at WHERE organization_id = :organizationId AND subject = :subject AND revoked_at IS NULL`,
)

export interface SignInRow {
  family: string
  usedAt: Date
  expiresAt: Date
}
/** `only` and `but` name a family, or are null. */
export const selectSignIns = statement<{ subject: string; at: Date; only: string | null; but: string | null; most: number }, SignInRow>(
  'refresh_tokens_sign_ins',
  `SELECT family, max(created_at) AS "usedAt", max(expires_at) AS "expiresAt"
     FROM platform.refresh_tokens
    WHERE organization_id = :organizationId AND subject = :subject AND used_at IS NULL AND revoked_at IS NULL AND expires_at > :at
      AND (:only::uuid IS NULL OR family = :only) AND (:but::uuid IS NULL OR family <> :but)
    GROUP BY family
    ORDER BY max(created_at) DESC, family
    LIMIT :most::int`,
)

export interface RevocationRow {
  organizationId: number
  subject: string
  before: Date
}
export const recentRevocations = statement<{ since: Date }, RevocationRow>(
  'revocations_recent',
  `SELECT organization_id AS "organizationId", subject, before FROM platform.recent_revocations(:since)`,
)
export const upsertRevocation = statement<{ subject: string; before: Date }, never>(
  'revocations_upsert',
  `INSERT INTO platform.revocations (organization_id, subject, before) VALUES (:organizationId, :subject, :before)
   ON CONFLICT (organization_id, subject) DO UPDATE SET before = greatest(platform.revocations.before, excluded.before)`,
)
