import { statement } from '../../platform/db/index.ts'

export const selectServer = statement<object, { version: number; now: Date }>(
  'doctor_server',
  `SELECT current_setting('server_version_num')::int AS version, clock_timestamp() AS now`,
)
/** The role that serves requests must be bound by row-level security. */
export const selectRole = statement<object, { name: string; unbound: boolean; owns: number }>(
  'doctor_role',
  `SELECT r.rolname AS name, r.rolsuper OR r.rolbypassrls AS unbound,
          (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid) AS owns
     FROM pg_roles r WHERE r.rolname = current_user`,
)
/** Tables of organisations whose rows are not kept apart. */
export const selectUnguarded = statement<object, { name: string }>(
  'doctor_unguarded',
  `SELECT format('%s.%s', n.nspname, c.relname) AS name
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attname = 'organization_id' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
    ORDER BY 1`,
)
