-- What was counted, and what refers to a call, goes by its id and its organisation: neither changes.
CREATE FUNCTION calls.keep_name() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'a call keeps its id and its organisation';
END $$;
CREATE TRIGGER name BEFORE UPDATE OF organization_id, id ON calls.calls
  FOR EACH ROW WHEN (OLD.organization_id <> NEW.organization_id OR OLD.id <> NEW.id) EXECUTE FUNCTION calls.keep_name();
REVOKE ALL ON FUNCTION calls.keep_name FROM PUBLIC;
