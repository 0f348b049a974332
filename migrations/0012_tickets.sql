-- A ticket for the event stream opens one stream, in whichever process. What is used is remembered until it has expired.
CREATE TABLE platform.used_tickets (
  organization_id bigint NOT NULL,
  id uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, id)
);
SELECT platform.guard('platform.used_tickets', 'SELECT, INSERT, DELETE');
-- Each use clears away what has expired.
CREATE INDEX used_tickets_age ON platform.used_tickets (organization_id, expires_at);
