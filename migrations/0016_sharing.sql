-- What any number of processes share beside the tenants' rows: who keeps cached values, which of those in a shared tier
-- no longer count, and what the circuit breakers of all have seen.

-- Who must have forgotten a cached value before a change of it is answered. A process that did not say so in time is
-- marked: its memory counts for nothing any more, and soon nobody waits for it.
CREATE TABLE platform.cache_peers (
  id text PRIMARY KEY,
  since timestamptz NOT NULL DEFAULT now(),
  evicted_at timestamptz
);

-- Values are kept in Redis and Memcached under these numbers: raising one leaves behind all that was kept under it.
CREATE TABLE platform.cache_epochs (
  scope text PRIMARY KEY,
  epoch bigint NOT NULL
);

-- Each process adds what it has seen since it last did.
CREATE TABLE platform.breakers (
  name text PRIMARY KEY,
  total bigint NOT NULL,
  succeeded bigint NOT NULL,
  failed bigint NOT NULL,
  opened bigint NOT NULL,
  streak bigint NOT NULL,
  last_failure timestamptz,
  last_success timestamptz,
  state text NOT NULL CHECK (state IN ('closed', 'half_open', 'open')),
  forced boolean NOT NULL,
  since timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON platform.cache_peers, platform.cache_epochs, platform.breakers TO patchbay_app;
