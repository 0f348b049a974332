// An organisation with enough of everything for PostgreSQL to care how it reads it, spread over months, and a neighbour
// with as much.
import type pg from 'pg'

const id = (at: string, n: string) =>
  `(left(platform.uuid_floor(${at})::text, 14) || '7000-8000-' || lpad(to_hex(organization_id * 1000000 + ${n}), 12, '0'))::uuid`
const both = 'unnest(ARRAY[100, 200]) AS organization_id'

export async function fillLists(owner: pg.Client): Promise<void> {
  await owner.query(`
    INSERT INTO calls.calls (organization_id, id, direction, from_number, to_number, status, user_id, provider, started_at, ended_at, duration_s, updated_at)
    SELECT organization_id, ${id('at', 'n')}, 'inbound', '+4477009' || n, '+15005550006', 'completed', 12345 + n % 50, 'twilio', at, at, n % 900, at
      FROM generate_series(1, 6000) AS n, ${both}, LATERAL (SELECT now() - n * interval '20 minutes' AS at) AS t;
    INSERT INTO recordings.recordings (organization_id, id, call_id, user_id, provider, provider_sid, status, started_at, created_at)
    SELECT organization_id, ${id('at', 'n')}, ${id('at', 'n')}, 12345 + n % 50, 'twilio', 'RE' || n, 'available', at, at
      FROM generate_series(1, 3000) AS n, ${both}, LATERAL (SELECT now() - n * interval '20 minutes' AS at) AS t;
    INSERT INTO voicemail.messages (organization_id, id, user_id, from_number, provider_sid, duration_s, created_at)
    SELECT organization_id, ${id('at', 'n')}, 12345 + n % 50, '+4477009' || n, 'RE' || n, 9, at
      FROM generate_series(1, 3000) AS n, ${both}, LATERAL (SELECT now() - n * interval '40 minutes' AS at) AS t;
    INSERT INTO people.users (organization_id, username, email, first_name, last_name, created_at, updated_at)
    SELECT organization_id, 'u' || n, 'u' || n || '@' || organization_id || '.example', 'F' || n % 40, md5(n::text), now(), now()
      FROM generate_series(1, 3000) AS n, ${both};
    INSERT INTO contacts.contacts (organization_id, full_name, mobile, created_at, updated_at)
    SELECT organization_id, 'Ada ' || n, '+4477008' || lpad(n::text, 5, '0'), now(), now() FROM generate_series(1, 3000) AS n, ${both};
    INSERT INTO booking.appointments (organization_id, contact_id, resource_id, starts_at, ends_at, busy, source, created_at, updated_at)
    SELECT organization_id, (SELECT min(c.id) FROM contacts.contacts c WHERE c.organization_id = o.organization_id),
           (SELECT min(r.id) FROM booking.resources r WHERE r.organization_id = o.organization_id), at, at + interval '20 minutes',
           tstzrange(at, at + interval '20 minutes'), 'api', now(), now()
      FROM generate_series(1, 2000) AS n, unnest(ARRAY[100, 200]) AS o(organization_id), LATERAL (SELECT now() + n * interval '30 minutes' AS at) AS t;
    ANALYZE`)
}
