-- Whose calls are to be written or counted is asked every few minutes, of everybody. Where nothing was left to do, the calls were read
-- from end to end; each is a look into an index now. As values and not as EXISTS, whose order PostgreSQL forgets, and the index with it.
CREATE OR REPLACE FUNCTION calls.organizations_with_unwritten_calls(writer integer, quiet_since timestamptz) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT o.organization_id FROM tenancy.organizations o
   WHERE o.status <> 'deleted'
     AND ((SELECT min(c.prewritten_by) FROM calls.calls c WHERE c.organization_id = o.organization_id) < writer
       OR (SELECT max(c.prewritten_by) FROM calls.calls c WHERE c.organization_id = o.organization_id) > writer
       OR (SELECT true FROM calls.calls c
            WHERE c.organization_id = o.organization_id AND c.prewritten_by IS NULL
              AND c.status NOT IN ('queued', 'ringing', 'in_progress') AND c.updated_at < quiet_since
            ORDER BY c.prewritten_by LIMIT 1))
   ORDER BY 1 $$;

CREATE OR REPLACE FUNCTION calls.organizations_with_uncounted_calls() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT o.organization_id FROM tenancy.organizations o LEFT JOIN calls.tallies t USING (organization_id)
   WHERE o.status <> 'deleted'
     AND (SELECT c.id FROM calls.calls c
           WHERE c.organization_id = o.organization_id AND c.id >= coalesce(t.before, '00000000-0000-0000-0000-000000000000')
           ORDER BY c.id LIMIT 1) < platform.uuid_floor(now() - interval '1 hour')
   ORDER BY 1 $$;
