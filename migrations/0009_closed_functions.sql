-- PostgreSQL lets every role call a new function. Those that look across tenants are for the run-time role alone, so
-- that another login on the same server (a report, a backup) finds nothing through them even when it may use the schema.
REVOKE ALL ON FUNCTION platform.find_api_key, platform.find_oauth_client, platform.find_refresh_token, platform.recent_revocations,
  tenancy.create_organization, tenancy.list_organization_ids, people.find_login, numbers.find_number, calls.find_provider_call,
  calls.organizations_with_live_calls, booking.find_feed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.find_api_key, platform.find_oauth_client, platform.find_refresh_token, platform.recent_revocations,
  tenancy.create_organization, tenancy.list_organization_ids, people.find_login, numbers.find_number, calls.find_provider_call,
  calls.organizations_with_live_calls, booking.find_feed TO patchbay_app;
