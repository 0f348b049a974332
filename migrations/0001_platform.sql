-- The machine room: tenancy guard, event feed, audit chain, idempotent answers, credentials, breakers.

CREATE SCHEMA platform;
GRANT USAGE ON SCHEMA platform TO patchbay_app, patchbay_platform;
GRANT CREATE ON SCHEMA platform TO patchbay_platform;

-- The tenant of the running transaction; null when none was set (a setting that ended with its transaction reads '').
CREATE FUNCTION platform.tenant() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.organization_id', true), '')::bigint $$;

-- Puts a tenant table under guard: policies forced, the run-time role bound by them, nothing else granted.
CREATE FUNCTION platform.guard(target regclass, rights text DEFAULT 'SELECT, INSERT, UPDATE, DELETE') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format('CREATE POLICY tenant ON %s TO patchbay_app USING (organization_id = (SELECT platform.tenant()))', target);
  EXECUTE format('GRANT %s ON %s TO patchbay_app', rights, target);
END $$;

-- Lets the functions that look across tenants read a table. Each is listed in the isolation test.
CREATE FUNCTION platform.reveal(target regclass, rights text DEFAULT 'SELECT') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE POLICY platform ON %s TO patchbay_platform USING (true) WITH CHECK (true)', target);
  EXECUTE format('GRANT %s ON %s TO patchbay_platform', rights, target);
END $$;

-- UUIDv7 carries its time in front, so a month of rows is a range of ids: a look-up by id reads one partition.
CREATE FUNCTION platform.uuid_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-0000-0000-000000000000')::uuid
    FROM (SELECT lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') AS h) AS hex $$;

-- Monthly partitions of a table partitioned by UUIDv7, from two months ago to three months ahead; older rows go to the default one.
CREATE FUNCTION platform.ensure_partitions(target regclass, months_ahead int DEFAULT 3) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  schema_name text; table_name text; month timestamptz; part text;
BEGIN
  SELECT n.nspname, c.relname INTO schema_name, table_name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target;
  FOR step IN -2..months_ahead LOOP
    month := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + make_interval(months => step);
    part := format('%s_%s', table_name, to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'));
    IF to_regclass(format('%I.%I', schema_name, part)) IS NULL THEN
      EXECUTE format('CREATE TABLE %I.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', schema_name, part, target,
                     platform.uuid_floor(month), platform.uuid_floor(month + interval '1 month'));
    END IF;
  END LOOP;
  IF to_regclass(format('%I.%I', schema_name, table_name || '_rest')) IS NULL THEN
    EXECUTE format('CREATE TABLE %I.%I PARTITION OF %s DEFAULT', schema_name, table_name || '_rest', target);
  END IF;
END $$;

-- One row an organisation: where its event feed and its audit chain stand. Locked last in every change, so that
-- sequences follow the order of commits and have no holes.
CREATE TABLE platform.feeds (
  organization_id bigint PRIMARY KEY,
  seq bigint NOT NULL DEFAULT 0,
  audit_seq bigint NOT NULL DEFAULT 0,
  audit_head bytea NOT NULL DEFAULT '\x'
);
SELECT platform.guard('platform.feeds', 'SELECT');
SELECT platform.reveal('platform.feeds', 'SELECT, INSERT, UPDATE');

CREATE TABLE platform.events (
  organization_id bigint NOT NULL,
  seq bigint NOT NULL,
  id uuid NOT NULL,
  type text NOT NULL,
  occurred_at timestamptz NOT NULL,
  user_ids bigint[] NOT NULL DEFAULT '{}',
  data jsonb NOT NULL,
  PRIMARY KEY (organization_id, seq)
);
SELECT platform.guard('platform.events', 'SELECT');
SELECT platform.reveal('platform.events', 'SELECT, INSERT');

CREATE TABLE platform.audit_log (
  organization_id bigint NOT NULL,
  seq bigint NOT NULL,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  actor_kind text NOT NULL,
  address text,
  request_id text,
  action text NOT NULL,
  resource text,
  before jsonb,
  after jsonb,
  hash bytea NOT NULL,
  PRIMARY KEY (organization_id, seq)
);
SELECT platform.guard('platform.audit_log', 'SELECT');
SELECT platform.reveal('platform.audit_log', 'SELECT, INSERT');
-- Audit is read by resource and by time (T14).
CREATE INDEX audit_log_resource ON platform.audit_log (organization_id, resource, seq);
CREATE INDEX audit_log_at ON platform.audit_log (organization_id, at);

-- What an entry's hash covers, in a form that can be computed again from the stored row.
CREATE FUNCTION platform.audit_digest(previous bytea, org bigint, seq bigint, at timestamptz, actor text, actor_kind text, address text,
                                      request_id text, action text, resource text, before jsonb, after jsonb) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(previous || convert_to(jsonb_build_array(org, seq, (extract(epoch FROM at) * 1000000)::bigint, actor, actor_kind, address,
                                                         request_id, action, resource, before, after)::text, 'UTF8')) $$;

-- Appends a change's events and audit entries: the last statement of every transaction that changes something.
CREATE FUNCTION platform.append(org bigint, actor text, actor_kind text, address text, request_id text, at timestamptz, entries jsonb)
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
      head := platform.audit_digest(head, org, next_audit, at, actor, actor_kind, address, request_id, entry->>'type', entry->>'resource',
                                    nullif(entry->'before', 'null'), nullif(entry->'after', 'null'));
      INSERT INTO platform.audit_log (organization_id, seq, at, actor, actor_kind, address, request_id, action, resource, before, after, hash)
      VALUES (org, next_audit, at, actor, actor_kind, address, request_id, entry->>'type', entry->>'resource',
              nullif(entry->'before', 'null'), nullif(entry->'after', 'null'), head);
    END IF;
  END LOOP;
  UPDATE platform.feeds SET seq = next_seq, audit_seq = next_audit, audit_head = head WHERE organization_id = org;
  PERFORM pg_notify('patchbay_events', org || ':' || next_seq);
  RETURN next_seq;
END $$;
ALTER FUNCTION platform.append OWNER TO patchbay_platform;
REVOKE ALL ON FUNCTION platform.append FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.append TO patchbay_app;

-- P7: the first answer to a key, kept for a day.
CREATE TABLE platform.idempotent_answers (
  organization_id bigint NOT NULL,
  credential text NOT NULL,
  route text NOT NULL,
  key text NOT NULL,
  fingerprint bytea NOT NULL,
  status smallint NOT NULL,
  headers jsonb NOT NULL,
  body text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, credential, route, key)
);
SELECT platform.guard('platform.idempotent_answers');
CREATE INDEX idempotent_answers_age ON platform.idempotent_answers (organization_id, created_at);

CREATE TABLE platform.api_keys (
  organization_id bigint NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  hash bytea NOT NULL,
  hint text NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  PRIMARY KEY (organization_id, id)
);
SELECT platform.guard('platform.api_keys');
SELECT platform.reveal('platform.api_keys');
-- The look-up of every request that carries a key.
CREATE INDEX api_keys_hash ON platform.api_keys (hash);

CREATE TABLE platform.oauth_clients (
  organization_id bigint NOT NULL,
  id text NOT NULL,
  name text NOT NULL,
  secret_hash bytea NOT NULL,
  roles text[] NOT NULL,
  created_at timestamptz NOT NULL,
  revoked_at timestamptz,
  PRIMARY KEY (organization_id, id)
);
SELECT platform.guard('platform.oauth_clients');
SELECT platform.reveal('platform.oauth_clients');
CREATE INDEX oauth_clients_id ON platform.oauth_clients (id);

-- Refresh tokens rotate: one that was used and comes back ends its whole family (RFC 9700).
CREATE TABLE platform.refresh_tokens (
  organization_id bigint NOT NULL,
  hash bytea NOT NULL,
  family uuid NOT NULL,
  subject text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  revoked_at timestamptz,
  PRIMARY KEY (organization_id, hash)
);
SELECT platform.guard('platform.refresh_tokens');
SELECT platform.reveal('platform.refresh_tokens');
CREATE INDEX refresh_tokens_hash ON platform.refresh_tokens (hash);
CREATE INDEX refresh_tokens_family ON platform.refresh_tokens (organization_id, family);
CREATE INDEX refresh_tokens_subject ON platform.refresh_tokens (organization_id, subject);

-- Tokens of a subject that were issued before this moment are no longer good.
CREATE TABLE platform.revocations (
  organization_id bigint NOT NULL,
  subject text NOT NULL,
  before timestamptz NOT NULL,
  PRIMARY KEY (organization_id, subject)
);
SELECT platform.guard('platform.revocations', 'SELECT, INSERT, UPDATE');
SELECT platform.reveal('platform.revocations');

-- The built-in issuer's keys: the private half sealed (P11). Not a tenant's.
CREATE TABLE platform.signing_keys (
  kid text PRIMARY KEY,
  public_jwk jsonb NOT NULL,
  private_sealed text NOT NULL,
  created_at timestamptz NOT NULL,
  retired_at timestamptz
);
GRANT SELECT, INSERT, UPDATE ON platform.signing_keys TO patchbay_app;

-- Small facts about this installation (the demo's being seeded, the issuer's name).
CREATE TABLE platform.facts (
  name text PRIMARY KEY,
  value jsonb NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON platform.facts TO patchbay_app;

-- Functions that look across tenants: the credential or the number says whose it is, nobody else can.
CREATE FUNCTION platform.find_api_key(key_hash bytea) RETURNS TABLE (organization_id bigint, id uuid, name text, scopes text[], expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT k.organization_id, k.id, k.name, k.scopes, k.expires_at FROM platform.api_keys k WHERE k.hash = key_hash AND k.revoked_at IS NULL $$;

CREATE FUNCTION platform.find_oauth_client(client_id text) RETURNS TABLE (organization_id bigint, id text, name text, secret_hash bytea, roles text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT c.organization_id, c.id, c.name, c.secret_hash, c.roles FROM platform.oauth_clients c WHERE c.id = client_id AND c.revoked_at IS NULL $$;

CREATE FUNCTION platform.find_refresh_token(token_hash bytea)
RETURNS TABLE (organization_id bigint, family uuid, subject text, expires_at timestamptz, used_at timestamptz, revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT r.organization_id, r.family, r.subject, r.expires_at, r.used_at, r.revoked_at FROM platform.refresh_tokens r WHERE r.hash = token_hash $$;

CREATE FUNCTION platform.recent_revocations(since timestamptz) RETURNS TABLE (organization_id bigint, subject text, before timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT r.organization_id, r.subject, r.before FROM platform.revocations r WHERE r.before >= since $$;

ALTER FUNCTION platform.find_api_key OWNER TO patchbay_platform;
ALTER FUNCTION platform.find_oauth_client OWNER TO patchbay_platform;
ALTER FUNCTION platform.find_refresh_token OWNER TO patchbay_platform;
ALTER FUNCTION platform.recent_revocations OWNER TO patchbay_platform;

-- Jobs are added in the transaction of the change that causes them; the queue's own tables stay its owner's.
CREATE FUNCTION platform.enqueue(task text, payload json, run_at timestamptz, job_key text, max_attempts int, priority int, queue text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT graphile_worker.add_job(task, payload, queue_name => queue, run_at => run_at, max_attempts => max_attempts, job_key => job_key,
                                 priority => priority, job_key_mode => 'preserve_run_at') $$;
REVOKE ALL ON FUNCTION platform.enqueue FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.enqueue TO patchbay_app;
