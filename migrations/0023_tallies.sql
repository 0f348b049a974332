-- How many calls an organisation has is said with each first page of them. Counting took longer than the page with a few thousand, and
-- the longer the more there were: what is older than an hour is counted once, and the rest with each page.
CREATE TABLE calls.tallies (
  organization_id bigint NOT NULL PRIMARY KEY,
  -- Of calls with smaller ids. An id begins with the time at which its call began.
  before uuid NOT NULL,
  calls bigint NOT NULL
);
SELECT platform.guard('calls.tallies');
SELECT platform.reveal('calls.tallies');

-- A call that comes or goes where it was counted before. The lock is the one under which `before` moves: whoever moves it sees this
-- call, or this sees where it was moved to. What is younger than half an hour is not counted by anybody, and no change takes as long.
CREATE FUNCTION calls.tally_late() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  late calls.calls := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('calls.tallies ' || late.organization_id, 0));
  UPDATE calls.tallies t SET calls = t.calls + CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END
   WHERE t.organization_id = late.organization_id AND t.before > late.id;
  RETURN NULL;
END $$;
CREATE TRIGGER late AFTER INSERT ON calls.calls FOR EACH ROW
  WHEN (NEW.id < platform.uuid_floor(now() - interval '30 minutes')) EXECUTE FUNCTION calls.tally_late();
CREATE TRIGGER gone AFTER DELETE ON calls.calls FOR EACH ROW
  WHEN (OLD.id < platform.uuid_floor(now() - interval '30 minutes')) EXECUTE FUNCTION calls.tally_late();

-- The job that counts runs for everybody: it must know where there is something to count, and nothing more.
CREATE FUNCTION calls.organizations_with_uncounted_calls() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT o.organization_id FROM tenancy.organizations o LEFT JOIN calls.tallies t USING (organization_id)
   WHERE o.status <> 'deleted' AND EXISTS (
         SELECT FROM calls.calls c
          WHERE c.organization_id = o.organization_id AND c.id >= coalesce(t.before, '00000000-0000-0000-0000-000000000000')
            AND c.id < platform.uuid_floor(now() - interval '1 hour'))
   ORDER BY 1 $$;
ALTER FUNCTION calls.organizations_with_uncounted_calls OWNER TO patchbay_platform;
REVOKE ALL ON FUNCTION calls.tally_late, calls.organizations_with_uncounted_calls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calls.organizations_with_uncounted_calls TO patchbay_app;
