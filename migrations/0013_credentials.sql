-- Credentials, harder: keys that are revoked at once, failures counted over any minute, names that many organisations know.

-- A key that became known signs nothing that is believed any more; a retired one still vouches for what it signed.
ALTER TABLE platform.signing_keys ADD COLUMN revoked_at timestamptz;

-- When the last failures were, so that ten of them in any sixty seconds lock; `since` is the latest, for the sweep.
ALTER TABLE platform.login_failures ADD COLUMN recent timestamptz[] NOT NULL DEFAULT '{}';

-- A suspended organisation's people are nobody. Those who signed in last come first: where more organisations know a
-- name than are tried, name@domain of the organisation finds the one. Three look-ups, so that each has its index.
CREATE OR REPLACE FUNCTION people.find_login(login text)
RETURNS TABLE (organization_id bigint, id bigint, roles text[], permissions text[], password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT u.organization_id, u.id, u.roles, u.permissions, u.password_hash
    FROM people.users u JOIN tenancy.organizations o USING (organization_id)
   WHERE (u.organization_id, u.id) IN (
           SELECT n.organization_id, n.id FROM people.users n WHERE lower(n.username) = lower(login)
           UNION ALL
           SELECT e.organization_id, e.id FROM people.users e WHERE lower(e.email) = lower(login)
           UNION ALL
           SELECT d.organization_id, d.id FROM tenancy.organizations t JOIN people.users d USING (organization_id)
            WHERE lower(t.domain) = lower(regexp_replace(login, '^.*@', '')) AND NOT d.name_released
              AND lower(d.username) = lower(regexp_replace(login, '@[^@]*$', '')) AND position('@' IN login) > 0)
     AND u.status = 'active' AND u.password_hash IS NOT NULL AND o.status = 'active'
   ORDER BY u.last_login_at DESC NULLS LAST, u.organization_id LIMIT 20 $$;
