// What the catalogue says of the tenants' tables, and what they hold.
import type pg from 'pg'

/** Tables that belong to the installation and not to a tenant. Whoever adds one says here why. */
export const shared: Readonly<Record<string, string>> = {
  'platform.audit_checkpoints': 'where all chains stood, signed together',
  'platform.signing_keys': 'the built-in issuer is everybody’s',
  'platform.facts': 'facts about the installation',
  'platform.workers': 'which processes are alive',
  'platform.cache_peers': 'which processes keep cached values',
  'platform.cache_epochs': 'numbers under which a shared tier keeps values; a scope names a family and an organisation',
  'platform.breakers': 'what the circuit breakers of all have seen of outside services',
  'platform.login_failures': 'who fails to sign in may be nobody; the name is a digest',
  'public.patchbay_migrations': 'which migrations have run',
}

/** Schema-qualified, partitions left out: they are reached through their parents. */
export async function listTables(db: pg.Client): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'graphile_worker') ORDER BY 1`,
  )
  return rows.map(({ name }) => name)
}

export const listTenantTables = async (db: pg.Client): Promise<string[]> => (await listTables(db)).filter((name) => !(name in shared))

/** Every row of a tenant, as one digest a table: two pictures differ where anything was written. */
export async function pictureOf(db: pg.Client, tables: readonly string[], organizationId: number | null): Promise<Record<string, string>> {
  const one = (table: string) =>
    `SELECT '${table}' AS name, count(*) || ' rows ' || coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), '') AS digest
       FROM ${table} t WHERE $1::bigint IS NULL OR t.organization_id = $1`
  const text = tables.map(one).join(' UNION ALL ')
  const { rows } = await db.query<{ name: string; digest: string }>({ name: `picture of ${tables.length}`, text, values: [organizationId] })
  return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]))
}
