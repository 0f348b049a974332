-- Late calls and calls that go are told to the tally once for each statement. Once for each row made as many versions of the tally's
-- row, each later one found behind all before it: a hundred thousand calls that are imported at once took two minutes more than their
-- rows did. For a single call it is cheaper as well.
-- As before, in one expression: PostgreSQL computes that where it is used, and calls no function.
CREATE OR REPLACE FUNCTION platform.uuid_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at AT TIME ZONE 'UTC') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

DROP TRIGGER late ON calls.calls;
DROP TRIGGER gone ON calls.calls;

-- The lock is the one under which `before` moves: whoever moves it sees these calls, or this sees where it was moved to. It is taken by a
-- statement of its own, so that the next one sees what was done under it. What is younger than half an hour is not counted by anybody,
-- and no change takes as long.
CREATE OR REPLACE FUNCTION calls.tally_late() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('calls.tallies ' || late.organization_id, 0))
     FROM (SELECT DISTINCT c.organization_id FROM changed c WHERE c.id < platform.uuid_floor(now() - interval '30 minutes') ORDER BY 1) late;
  IF FOUND THEN
    UPDATE calls.tallies t SET calls = t.calls + CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END * known.calls
      FROM (SELECT c.organization_id, count(*) AS calls FROM changed c JOIN calls.tallies t USING (organization_id)
             WHERE c.id < t.before GROUP BY 1) known
     WHERE t.organization_id = known.organization_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER late AFTER INSERT ON calls.calls REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION calls.tally_late();
CREATE TRIGGER gone AFTER DELETE ON calls.calls REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION calls.tally_late();
