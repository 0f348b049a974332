-- A call that is over is shown far more often than it changes: what lists show of it is kept as the JSON text that they are made of.
-- `prewritten_by` names the SQL that wrote it, so that a version which shows calls otherwise does not believe it.
ALTER TABLE calls.calls ADD COLUMN prewritten text, ADD COLUMN prewritten_by integer;

-- Whoever changes a call takes its text away, knowing of it or not; only who writes it anew under another name does not.
CREATE FUNCTION calls.forget_prewritten() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  NEW.prewritten := NULL;
  NEW.prewritten_by := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER prewritten BEFORE UPDATE ON calls.calls
  FOR EACH ROW WHEN (OLD.prewritten_by = NEW.prewritten_by) EXECUTE FUNCTION calls.forget_prewritten();

-- Its recording is in the text as well. The row is taken even when it has none yet: somebody may be writing one who cannot see
-- this change, and then comes before it.
CREATE FUNCTION calls.forget_prewritten_of_recording() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  UPDATE calls.calls c SET prewritten = NULL, prewritten_by = NULL
   WHERE c.organization_id = coalesce(NEW.organization_id, OLD.organization_id) AND c.id IN (NEW.call_id, OLD.call_id);
  RETURN NULL;
END $$;
CREATE TRIGGER prewritten AFTER INSERT OR UPDATE OR DELETE ON recordings.recordings
  FOR EACH ROW EXECUTE FUNCTION calls.forget_prewritten_of_recording();

-- The job that writes them runs for everybody: it must know where there is something to write, and nothing more.
CREATE FUNCTION calls.organizations_with_unwritten_calls(writer integer, quiet_since timestamptz) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT o.organization_id FROM tenancy.organizations o
   WHERE o.status <> 'deleted' AND EXISTS (
         SELECT FROM calls.calls c
          WHERE c.organization_id = o.organization_id AND c.updated_at < quiet_since AND c.status NOT IN ('queued', 'ringing', 'in_progress')
            AND (c.prewritten_by IS NULL OR c.prewritten_by < writer OR c.prewritten_by > writer))
   ORDER BY 1 $$;
ALTER FUNCTION calls.organizations_with_unwritten_calls OWNER TO patchbay_platform;
REVOKE ALL ON FUNCTION calls.forget_prewritten, calls.forget_prewritten_of_recording, calls.organizations_with_unwritten_calls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calls.organizations_with_unwritten_calls TO patchbay_app;
