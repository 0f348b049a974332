-- What erasing a person needs (P12): their number may stand in what is otherwise only ever added to.

-- A call's events stay as they are, but for what they say of somebody who is to be forgotten.
GRANT UPDATE (data) ON calls.events TO patchbay_app;

-- The feed keeps its sequence and its facts; the words given are put out of it, where a whole value is one of them.
GRANT UPDATE (data) ON platform.events TO patchbay_platform;
CREATE FUNCTION platform.redact_events(org bigint, words text[]) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  word text; part int; changed int := 0;
BEGIN
  IF org IS DISTINCT FROM platform.tenant() THEN RAISE EXCEPTION 'redaction for another tenant'; END IF;
  FOREACH word IN ARRAY words LOOP
    UPDATE platform.events SET data = replace(data::text, to_jsonb(word)::text, '"anonymous"')::jsonb
     WHERE organization_id = org AND strpos(data::text, to_jsonb(word)::text) > 0;
    GET DIAGNOSTICS part = ROW_COUNT;
    changed := changed + part;
  END LOOP;
  RETURN changed;
END $$;
ALTER FUNCTION platform.redact_events OWNER TO patchbay_platform;
REVOKE ALL ON FUNCTION platform.redact_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.redact_events TO patchbay_app;
