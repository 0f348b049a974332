-- Which workers are alive. A worker that was killed leaves its jobs locked for hours; whoever sees that it has stopped
-- reporting frees them.
CREATE TABLE platform.workers (
  id text PRIMARY KEY,
  seen_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.workers TO patchbay_app;

CREATE FUNCTION platform.free_dead_workers(silent_for interval) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE dead text[];
BEGIN
  SELECT array_agg(DISTINCT j.locked_by) INTO dead FROM graphile_worker._private_jobs j
    LEFT JOIN platform.workers w ON w.id = j.locked_by
   WHERE j.locked_by IS NOT NULL AND j.locked_at < now() - silent_for AND (w.id IS NULL OR w.seen_at < now() - silent_for);
  DELETE FROM platform.workers WHERE seen_at < now() - interval '1 day';
  IF dead IS NULL THEN RETURN 0; END IF;
  PERFORM graphile_worker.force_unlock_workers(dead);
  RETURN cardinality(dead);
END $$;
REVOKE ALL ON FUNCTION platform.free_dead_workers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.free_dead_workers TO patchbay_app;
