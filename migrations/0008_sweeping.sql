-- What credentials leave behind is swept for all organisations at once: nothing of it is shown to anybody.

GRANT DELETE ON platform.refresh_tokens, platform.revocations TO patchbay_platform;

CREATE FUNCTION platform.sweep_credentials(tokens_before timestamptz, revocations_before timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  DELETE FROM platform.refresh_tokens t WHERE t.expires_at < tokens_before;
  DELETE FROM platform.revocations r WHERE r.before < revocations_before $$;
ALTER FUNCTION platform.sweep_credentials OWNER TO patchbay_platform;
REVOKE ALL ON FUNCTION platform.sweep_credentials FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.sweep_credentials TO patchbay_app;
