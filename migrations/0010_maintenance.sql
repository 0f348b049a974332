-- What keeps the house in order by itself: next months' partitions, and idempotent answers that nobody may ask for again.
SELECT platform.reveal('platform.idempotent_answers', 'SELECT, DELETE');

CREATE FUNCTION platform.forget_answers(older_than timestamptz) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH gone AS (DELETE FROM platform.idempotent_answers WHERE created_at < older_than RETURNING 1) SELECT count(*) FROM gone $$;
ALTER FUNCTION platform.forget_answers OWNER TO patchbay_platform;

-- Only an owner may add a partition; the server asks for it daily without being one.
CREATE FUNCTION platform.extend_partitions() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE target regclass;
BEGIN
  FOR target IN SELECT p.partrelid::regclass FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
                 JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('calls', 'billing') LOOP
    PERFORM platform.ensure_partitions(target);
  END LOOP;
END $$;

REVOKE ALL ON FUNCTION platform.forget_answers, platform.extend_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.forget_answers, platform.extend_partitions TO patchbay_app;
