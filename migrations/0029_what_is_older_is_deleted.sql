-- What an organisation wants kept for so many days and no longer is deleted by a job (docs/decisions/0049).

-- A call that is deleted takes its history along, which otherwise is only ever added to.
GRANT DELETE ON calls.events TO patchbay_app;

-- The job runs for everybody: it must know who wants something deleted, and nothing more. Who is suspended wants it still.
CREATE FUNCTION tenancy.organizations_with_retention() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT o.organization_id FROM tenancy.organizations o
   WHERE o.status <> 'deleted'
     AND coalesce(o.settings #>> '{retention,callDays}', o.settings #>> '{retention,voicemailDays}', o.settings #>> '{retention,transcriptDays}') IS NOT NULL
   ORDER BY 1 $$;
ALTER FUNCTION tenancy.organizations_with_retention OWNER TO patchbay_platform;

-- Up to where in an organisation's feed the events of a family (`call`, `voicemail`) are empty, so that none is looked at twice.
CREATE TABLE platform.emptied_events (
  organization_id bigint NOT NULL,
  family text NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (organization_id, family)
);
SELECT platform.guard('platform.emptied_events', 'SELECT, INSERT, UPDATE');

-- The feed keeps its sequence: of the next `most` events after `after`, up to the first that is not older, those of the family keep their
-- type, time and the members named, and nothing else. `passed` were looked at, up to `reached`, which is null when there were none. Where
-- a clock was ahead, what comes after that waits as long: nothing is emptied too early.
CREATE FUNCTION platform.empty_events(org bigint, family text, kept text[], after bigint, older_than timestamptz, most int)
RETURNS TABLE (reached bigint, passed int, emptied int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF org IS DISTINCT FROM platform.tenant() THEN RAISE EXCEPTION 'emptying for another tenant'; END IF;
  SELECT max(e.seq), count(*) INTO reached, passed
    FROM (SELECT n.seq, min(n.seq) FILTER (WHERE n.occurred_at >= older_than) OVER () AS younger
            FROM (SELECT v.seq, v.occurred_at FROM platform.events v
                   WHERE v.organization_id = org AND v.seq > after ORDER BY v.seq LIMIT most) n) e
   WHERE e.seq < e.younger OR e.younger IS NULL;
  UPDATE platform.events v
     SET data = coalesce((SELECT jsonb_object_agg(m.key, m.value) FROM jsonb_each(v.data) m WHERE m.key = ANY (kept)), '{}')
   WHERE v.organization_id = org AND v.seq > after AND v.seq <= reached AND starts_with(v.type, family || '.');
  GET DIAGNOSTICS emptied = ROW_COUNT;
  RETURN NEXT;
END $$;
ALTER FUNCTION platform.empty_events OWNER TO patchbay_platform;

REVOKE ALL ON FUNCTION tenancy.organizations_with_retention, platform.empty_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy.organizations_with_retention, platform.empty_events TO patchbay_app;
