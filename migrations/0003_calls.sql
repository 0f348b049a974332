-- P2: one call, whoever made it; its legs, events, words, recordings, voicemail, files and what it cost.

CREATE SCHEMA calls; CREATE SCHEMA recordings; CREATE SCHEMA voicemail; CREATE SCHEMA blobs; CREATE SCHEMA billing; CREATE SCHEMA conversation;
GRANT USAGE ON SCHEMA calls, recordings, voicemail, blobs, billing, conversation TO patchbay_app, patchbay_platform;
GRANT CREATE ON SCHEMA calls TO patchbay_platform;

CREATE TABLE calls.calls (
  organization_id bigint NOT NULL,
  id uuid NOT NULL,
  direction text NOT NULL CHECK (direction IN ('inbound', 'outbound', 'internal')),
  from_number text NOT NULL,
  to_number text NOT NULL,
  status text NOT NULL CHECK (status IN ('queued', 'ringing', 'in_progress', 'completed', 'failed', 'no_answer', 'busy', 'cancelled', 'voicemail')),
  outcome text,
  user_id bigint,
  contact_id bigint,
  agent_id uuid,
  campaign_id uuid,
  number_id uuid,
  provider text NOT NULL,
  started_at timestamptz NOT NULL,
  answered_at timestamptz,
  ended_at timestamptz,
  -- What the provider said it lasted; without that, duration_s follows from the times.
  reported_duration_s integer,
  duration_s integer,
  hangup_cause text,
  cost_micros bigint NOT NULL DEFAULT 0,
  currency text NOT NULL DEFAULT 'USD',
  on_hold boolean NOT NULL DEFAULT false,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
) PARTITION BY RANGE (id);
SELECT platform.guard('calls.calls');
SELECT platform.reveal('calls.calls');
-- Lists by time, by person, by number; the live ones for reconciliation.
CREATE INDEX calls_time ON calls.calls (organization_id, started_at DESC, id DESC);
CREATE INDEX calls_user ON calls.calls (organization_id, user_id, started_at DESC, id DESC);
CREATE INDEX calls_from ON calls.calls (organization_id, from_number, started_at DESC);
CREATE INDEX calls_to ON calls.calls (organization_id, to_number, started_at DESC);
CREATE INDEX calls_live ON calls.calls (organization_id, updated_at) WHERE status IN ('queued', 'ringing', 'in_progress');
CREATE INDEX calls_agent ON calls.calls (organization_id, agent_id, started_at DESC) WHERE agent_id IS NOT NULL;
CREATE INDEX calls_contact ON calls.calls (organization_id, contact_id) WHERE contact_id IS NOT NULL;
SELECT platform.ensure_partitions('calls.calls');

-- A provider's name for a call: what makes a repeated webhook find its call instead of making a second.
CREATE TABLE calls.provider_calls (
  organization_id bigint NOT NULL,
  provider text NOT NULL,
  sid text NOT NULL,
  call_id uuid NOT NULL,
  -- The one that stands for the whole call at its provider; the others are names of its legs.
  primary_call boolean NOT NULL DEFAULT true,
  PRIMARY KEY (organization_id, provider, sid)
);
SELECT platform.guard('calls.provider_calls');
SELECT platform.reveal('calls.provider_calls');
CREATE INDEX provider_calls_sid ON calls.provider_calls (provider, sid);
CREATE INDEX provider_calls_call ON calls.provider_calls (organization_id, call_id);

CREATE FUNCTION calls.find_provider_call(wanted_provider text, wanted_sid text) RETURNS TABLE (organization_id bigint, call_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT p.organization_id, p.call_id FROM calls.provider_calls p WHERE p.provider = wanted_provider AND p.sid = wanted_sid LIMIT 1 $$;
ALTER FUNCTION calls.find_provider_call OWNER TO patchbay_platform;

-- Reconciliation runs for everybody: it must know where there is something to ask about, and nothing more.
CREATE FUNCTION calls.organizations_with_live_calls(silent_since timestamptz) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT DISTINCT c.organization_id FROM calls.calls c
   WHERE c.status IN ('queued', 'ringing', 'in_progress') AND c.updated_at < silent_since ORDER BY 1 $$;
ALTER FUNCTION calls.organizations_with_live_calls OWNER TO patchbay_platform;

CREATE TABLE calls.legs (
  organization_id bigint NOT NULL,
  call_id uuid NOT NULL,
  position smallint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('caller', 'agent', 'user', 'number', 'voicemail')),
  number text,
  user_id bigint,
  agent_id uuid,
  provider_sid text,
  started_at timestamptz NOT NULL,
  answered_at timestamptz,
  ended_at timestamptz,
  hangup_cause text,
  PRIMARY KEY (organization_id, call_id, position)
) PARTITION BY RANGE (call_id);
SELECT platform.guard('calls.legs');
SELECT platform.ensure_partitions('calls.legs');

CREATE TABLE calls.events (
  organization_id bigint NOT NULL,
  call_id uuid NOT NULL,
  position integer NOT NULL,
  type text NOT NULL,
  at timestamptz NOT NULL,
  data jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (organization_id, call_id, position)
) PARTITION BY RANGE (call_id);
SELECT platform.guard('calls.events', 'SELECT, INSERT');
SELECT platform.ensure_partitions('calls.events');

-- What was said: times are milliseconds from the answer.
CREATE TABLE calls.turns (
  organization_id bigint NOT NULL,
  call_id uuid NOT NULL,
  position integer NOT NULL,
  speaker text NOT NULL CHECK (speaker IN ('caller', 'agent', 'user')),
  text text NOT NULL,
  start_ms integer NOT NULL,
  end_ms integer NOT NULL,
  confidence real,
  PRIMARY KEY (organization_id, call_id, position)
) PARTITION BY RANGE (call_id);
SELECT platform.guard('calls.turns');
SELECT platform.ensure_partitions('calls.turns');

-- The dialogue of a call: where it stands, and each answer given, so that a repeated post gets the same one.
CREATE TABLE conversation.dialogues (
  organization_id bigint NOT NULL,
  call_id uuid NOT NULL,
  state jsonb NOT NULL,
  turn integer NOT NULL,
  outcome text,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, call_id)
);
SELECT platform.guard('conversation.dialogues');
CREATE TABLE conversation.answers (
  organization_id bigint NOT NULL,
  call_id uuid NOT NULL,
  turn integer NOT NULL,
  fingerprint bytea NOT NULL,
  instructions jsonb NOT NULL,
  engine text NOT NULL,
  understood boolean NOT NULL,
  used_fallback boolean NOT NULL DEFAULT false,
  confidence real,
  answered_at timestamptz NOT NULL,
  took_ms real,
  PRIMARY KEY (organization_id, call_id, turn)
);
SELECT platform.guard('conversation.answers');

CREATE TABLE blobs.blobs (
  organization_id bigint NOT NULL,
  id uuid NOT NULL,
  filename text NOT NULL,
  type text NOT NULL CHECK (type IN ('recording', 'voicemail', 'asset')),
  size bigint NOT NULL,
  mime_type text NOT NULL,
  sha256 text NOT NULL,
  key text NOT NULL,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
);
SELECT platform.guard('blobs.blobs');
CREATE INDEX blobs_type ON blobs.blobs (organization_id, type);
-- What is kept, by type: one row an organisation, so that two uploads at once cannot both take the last of the quota.
CREATE TABLE blobs.usage (
  organization_id bigint PRIMARY KEY,
  recording_bytes bigint NOT NULL DEFAULT 0,
  recording_files bigint NOT NULL DEFAULT 0,
  voicemail_bytes bigint NOT NULL DEFAULT 0,
  voicemail_files bigint NOT NULL DEFAULT 0,
  asset_bytes bigint NOT NULL DEFAULT 0,
  asset_files bigint NOT NULL DEFAULT 0
);
SELECT platform.guard('blobs.usage', 'SELECT, INSERT, UPDATE');

CREATE TABLE recordings.recordings (
  organization_id bigint NOT NULL,
  id uuid NOT NULL,
  call_id uuid NOT NULL,
  user_id bigint,
  blob_id uuid,
  provider text NOT NULL,
  provider_sid text NOT NULL,
  status text NOT NULL CHECK (status IN ('in_progress', 'paused', 'available', 'failed', 'deleted')),
  duration_s integer,
  size bigint,
  channels smallint,
  format text NOT NULL DEFAULT 'wav',
  legal_hold boolean NOT NULL DEFAULT false,
  started_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
);
SELECT platform.guard('recordings.recordings');
CREATE UNIQUE INDEX recordings_provider ON recordings.recordings (organization_id, provider, provider_sid);
CREATE INDEX recordings_time ON recordings.recordings (organization_id, started_at DESC, id DESC);
CREATE INDEX recordings_call ON recordings.recordings (organization_id, call_id);
CREATE INDEX recordings_user ON recordings.recordings (organization_id, user_id, started_at DESC);
CREATE INDEX recordings_blob ON recordings.recordings (organization_id, blob_id);

CREATE TABLE voicemail.messages (
  organization_id bigint NOT NULL,
  id uuid NOT NULL,
  user_id bigint,
  call_id uuid,
  blob_id uuid,
  provider_sid text,
  from_number text NOT NULL,
  duration_s integer NOT NULL,
  status text NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'read')),
  transcription text,
  created_at timestamptz NOT NULL,
  read_at timestamptz,
  PRIMARY KEY (organization_id, id)
);
SELECT platform.guard('voicemail.messages');
CREATE UNIQUE INDEX messages_provider ON voicemail.messages (organization_id, provider_sid);
CREATE INDEX messages_time ON voicemail.messages (organization_id, created_at DESC, id DESC);
CREATE INDEX messages_user ON voicemail.messages (organization_id, user_id, created_at DESC);
CREATE INDEX messages_call ON voicemail.messages (organization_id, call_id);
CREATE INDEX messages_blob ON voicemail.messages (organization_id, blob_id);

-- What was used and what it cost, in micro-units (P13). `source` names the thing that was used, once.
CREATE TABLE billing.usage (
  organization_id bigint NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  quantity numeric NOT NULL,
  unit text NOT NULL,
  cost_micros bigint NOT NULL,
  currency text NOT NULL,
  call_id uuid,
  source text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
) PARTITION BY RANGE (id);
SELECT platform.guard('billing.usage', 'SELECT, INSERT');
CREATE INDEX usage_call ON billing.usage (organization_id, call_id);
CREATE INDEX usage_kind ON billing.usage (organization_id, kind, at);
SELECT platform.ensure_partitions('billing.usage');
-- Makes a usage entry unique across partitions: a job that runs twice bills once.
CREATE TABLE billing.usage_sources (
  organization_id bigint NOT NULL,
  kind text NOT NULL,
  source text NOT NULL,
  usage_id uuid NOT NULL,
  PRIMARY KEY (organization_id, kind, source)
);
SELECT platform.guard('billing.usage_sources', 'SELECT, INSERT');

CREATE TABLE billing.rates (
  organization_id bigint NOT NULL REFERENCES tenancy.organizations,
  kind text NOT NULL,
  unit text NOT NULL,
  micros_per_unit bigint NOT NULL,
  currency text NOT NULL DEFAULT 'USD',
  PRIMARY KEY (organization_id, kind)
);
SELECT platform.guard('billing.rates');
