-- What made a tally wrong for good, and now does not:
-- a clock that was ahead when calls were counted, and was put back: later calls are told by the tally itself, not by the time alone;
-- a transaction that does not see how far calls were counted while it went on: it is refused;
-- a call that is given another name;
-- and statements for several organisations, which waited for each other: they take their tallies in one order.
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

CREATE FUNCTION calls.keep_name() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'a call keeps its id and its organisation';
END $$;
CREATE TRIGGER name BEFORE UPDATE OF organization_id, id ON calls.calls
  FOR EACH ROW WHEN (OLD.organization_id <> NEW.organization_id OR OLD.id <> NEW.id) EXECUTE FUNCTION calls.keep_name();
REVOKE ALL ON FUNCTION calls.keep_name FROM PUBLIC;
