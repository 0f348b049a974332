-- A tally is right whatever happens, and a late call costs what it is, not what came before it.

-- As before, in one expression: PostgreSQL computes that where it is used, and calls no function.
CREATE OR REPLACE FUNCTION platform.uuid_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at AT TIME ZONE 'UTC') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

DROP TRIGGER late ON calls.calls;
DROP TRIGGER gone ON calls.calls;

-- Told once for each statement: once for each row made as many versions of the tally's row, each found behind all before it, and a hundred
-- thousand calls that were imported at once took two minutes more than their rows did.
--
-- The lock is the one under which `before` moves: whoever moves it sees these calls, or this sees where it was moved to. It is taken by a
-- statement of its own, so that the next one sees what was done under it; a transaction whose statements all see the same would not. Late
-- is what is older than half an hour (no change takes as long, and nothing younger than an hour is counted), and what is before
-- `before`, which a clock that was ahead may have moved beyond that. Several organisations are taken in one order.
CREATE OR REPLACE FUNCTION calls.tally_late() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('calls.tallies ' || late.organization_id, 0))
     FROM (SELECT DISTINCT c.organization_id FROM changed c LEFT JOIN calls.tallies t USING (organization_id)
            WHERE c.id < greatest(platform.uuid_floor(now() - interval '30 minutes'), t.before) ORDER BY 1) late;
  IF FOUND THEN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      RAISE EXCEPTION 'calls that began more than half an hour ago are written and removed in READ COMMITTED'
        USING DETAIL = 'A transaction of another level does not see how far calls were counted while it went on.';
    END IF;
    PERFORM FROM calls.tallies t WHERE t.organization_id IN (SELECT c.organization_id FROM changed c) ORDER BY t.organization_id FOR UPDATE;
    UPDATE calls.tallies t SET calls = t.calls + CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END * known.calls
      FROM (SELECT c.organization_id, count(*) AS calls FROM changed c JOIN calls.tallies t USING (organization_id)
             WHERE c.id < t.before GROUP BY 1) known
     WHERE t.organization_id = known.organization_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER late AFTER INSERT ON calls.calls REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION calls.tally_late();
CREATE TRIGGER gone AFTER DELETE ON calls.calls REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION calls.tally_late();
