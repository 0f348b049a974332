-- The audit chain in a form that anybody can compute again outside PostgreSQL, and signed checkpoints over it: who owns
-- the database can change a row, a hash and a function, but not a signature whose key is not here.

-- How an entry's hash was computed. What was written before this migration is of form 1 and stays as it is. The default
-- stays 1 too: a change that is under way while this runs still writes that form.
ALTER TABLE platform.audit_log ADD COLUMN form smallint NOT NULL DEFAULT 1;

-- A value within the hash: its length in four bytes (-1 for none), then its bytes, so that no two rows read the same.
CREATE FUNCTION platform.audit_field(value bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT coalesce(int4send(octet_length(value)) || value, int4send(-1)) $$;
CREATE FUNCTION platform.audit_field(value text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT platform.audit_field(convert_to(value, 'UTF8')) $$;
CREATE FUNCTION platform.audit_field(value jsonb) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT platform.audit_field('\x01'::bytea || convert_to(value::text, 'UTF8')) $$;

-- Form 2: the hash before, then every column, as COPY … (FORMAT binary) sends them.
CREATE FUNCTION platform.audit_hash(previous bytea, org bigint, seq bigint, at timestamptz, actor text, actor_kind text, address text,
                                    request_id text, action text, resource text, before jsonb, after jsonb) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(platform.audit_field(previous) || platform.audit_field(int2send(2::smallint)) || platform.audit_field(int8send(org))
    || platform.audit_field(int8send(seq)) || platform.audit_field(timestamptz_send(at)) || platform.audit_field(actor)
    || platform.audit_field(actor_kind) || platform.audit_field(address) || platform.audit_field(request_id) || platform.audit_field(action)
    || platform.audit_field(resource) || platform.audit_field(before) || platform.audit_field(after)) $$;

CREATE OR REPLACE FUNCTION platform.append(org bigint, actor text, actor_kind text, address text, request_id text, at timestamptz, entries jsonb)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  next_seq bigint; next_audit bigint; head bytea; entry jsonb;
BEGIN
  IF org IS DISTINCT FROM platform.tenant() THEN RAISE EXCEPTION 'append for another tenant'; END IF;
  SELECT f.seq, f.audit_seq, f.audit_head INTO next_seq, next_audit, head FROM platform.feeds f WHERE f.organization_id = org FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO platform.feeds (organization_id) VALUES (org);
    next_seq := 0; next_audit := 0; head := '\x';
  END IF;
  FOR entry IN SELECT value FROM jsonb_array_elements(entries) LOOP
    IF entry ? 'id' THEN
      next_seq := next_seq + 1;
      INSERT INTO platform.events (organization_id, seq, id, type, occurred_at, user_ids, data)
      VALUES (org, next_seq, (entry->>'id')::uuid, entry->>'type', at,
              ARRAY(SELECT jsonb_array_elements_text(coalesce(entry->'users', '[]'))::bigint), entry->'data');
    END IF;
    IF coalesce((entry->>'audit')::boolean, true) THEN
      next_audit := next_audit + 1;
      head := platform.audit_hash(head, org, next_audit, at, actor, actor_kind, address, request_id, entry->>'type', entry->>'resource',
                                  nullif(entry->'before', 'null'), nullif(entry->'after', 'null'));
      INSERT INTO platform.audit_log (organization_id, seq, at, actor, actor_kind, address, request_id, action, resource, before, after, hash, form)
      VALUES (org, next_audit, at, actor, actor_kind, address, request_id, entry->>'type', entry->>'resource',
              nullif(entry->'before', 'null'), nullif(entry->'after', 'null'), head, 2);
    END IF;
  END LOOP;
  UPDATE platform.feeds SET seq = next_seq, audit_seq = next_audit, audit_head = head WHERE organization_id = org;
  PERFORM pg_notify('patchbay_events', org || ':' || next_seq);
  RETURN next_seq;
END $$;

-- Where every organisation's chain stood, signed, each naming the one before it. `body` is what is signed, to the byte.
CREATE TABLE platform.audit_checkpoints (
  number bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  body text NOT NULL,
  signature text NOT NULL
);
GRANT SELECT, INSERT ON platform.audit_checkpoints TO patchbay_app;

-- Every chain there is and where it stands; one that has entries and no head is told too.
CREATE FUNCTION platform.audit_chains() RETURNS TABLE (organization_id bigint, seq bigint, hash bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH RECURSIVE logged AS (
    SELECT min(l.organization_id) AS id FROM platform.audit_log l
    UNION ALL
    SELECT (SELECT min(l.organization_id) FROM platform.audit_log l WHERE l.organization_id > logged.id) FROM logged WHERE logged.id IS NOT NULL
  )
  SELECT coalesce(f.organization_id, logged.id), coalesce(f.audit_seq, 0), coalesce(f.audit_head, '\x')
    FROM platform.feeds f FULL JOIN logged ON logged.id = f.organization_id
   WHERE f.audit_seq > 0 OR logged.id IS NOT NULL
   ORDER BY 1 $$;
ALTER FUNCTION platform.audit_chains OWNER TO patchbay_platform;
REVOKE ALL ON FUNCTION platform.audit_chains FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.audit_chains TO patchbay_app;
