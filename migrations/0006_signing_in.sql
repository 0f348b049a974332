-- Guessing is slowed down: ten failures in a minute lock a client or a user for a minute, in every process.

-- Not a tenant's: whoever fails may be nobody. The name is a digest, so that no typed user name is kept.
CREATE TABLE platform.login_failures (
  name bytea PRIMARY KEY,
  failures int NOT NULL,
  since timestamptz NOT NULL,
  locked_until timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.login_failures TO patchbay_app;
-- What is over is swept by age.
CREATE INDEX login_failures_age ON platform.login_failures (since);

-- The sweep of users whose name may be given to somebody else.
CREATE INDEX users_leaving ON people.users (organization_id, deactivated_at) WHERE status = 'inactive' AND NOT name_released;
