// What row-level security rests on, read from PostgreSQL's own catalogue after every migration: a table that is added
// without its guard fails here. What may look across tenants is a list, and is pinned.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { listTables, shared } from './tables.ts'

let house: TestHouse
let db: pg.Client
let app: pg.Client
let tenantTables: string[]
beforeAll(async () => {
  house = await openTestHouse()
  db = new pg.Client({ connectionString: house.databaseUrl })
  app = new pg.Client({ connectionString: house.databaseUrl, options: '-c role=patchbay_app' })
  await Promise.all([db.connect(), app.connect()])
  tenantTables = (await listTables(db)).filter((name) => !(name in shared))
})
afterAll(async () => {
  await app?.end()
  await db?.end()
  await house?.close()
})

const column = async (sql: string, values: unknown[] = []): Promise<string[]> =>
  (await db.query({ text: sql, values, rowMode: 'array' })).rows.map(([value]) => String(value))
/** Names the tables, partitions included, of which a condition on pg_class does not hold. */
const offenders = (condition: string) =>
  column(
    `SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT coalesce((${condition}), false)
        AND (c.oid = ANY($1::regclass[]) OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid AND i.inhparent = ANY($1::regclass[])))
      ORDER BY 1`,
    [tenantTables],
  )
/** Partitions have neither rights nor policies of their own: only their parents let anybody at them. */
const parents = 'c.relispartition OR '

describe('every tenant table', () => {
  test('is known: there are such tables, and those that are not one say why', async () => {
    expect(tenantTables.length).toBeGreaterThan(30)
    expect((await listTables(db)).filter((name) => name in shared)).toEqual(Object.keys(shared).sort())
  })

  test('has organization_id, not null, first in its primary key', async () => {
    expect(
      await offenders(`SELECT a.attname = 'organization_id' AND a.attnotnull AND a.atttypid = 'bigint'::regtype FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indrelid = c.oid AND i.indisprimary`),
    ).toEqual([])
  })

  test('has row-level security, forced upon its owner too', async () => {
    expect(await offenders(`${parents}c.relrowsecurity AND c.relforcerowsecurity`)).toEqual([])
  })

  test('has the tenant’s policy for the run-time role, and no policy but that and the one of the functions across tenants', async () => {
    expect(
      await offenders(`${parents}(SELECT count(*) = 1 AND bool_and(p.polcmd = '*' AND p.polpermissive AND p.polroles = ARRAY['patchbay_app'::regrole::oid]
        AND pg_get_expr(p.polqual, p.polrelid) = '(organization_id = ( SELECT platform.tenant() AS tenant))')
        FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant')`),
    ).toEqual([])
    expect(
      await offenders(`(SELECT bool_and(p.polname = 'tenant' OR (p.polname = 'platform' AND p.polroles = ARRAY['patchbay_platform'::regrole::oid]))
        FROM pg_policy p WHERE p.polrelid = c.oid) IS NOT FALSE`),
    ).toEqual([])
  })

  test('is not owned by a role that serves requests', async () => {
    expect(await offenders(`pg_get_userbyid(c.relowner) = 'patchbay_owner'`)).toEqual([])
  })

  test('lets the run-time role at its rows alone: no TRUNCATE, no TRIGGER, no REFERENCES, and at no partition directly', async () => {
    const rights = (names: string) => `has_table_privilege('patchbay_app', c.oid, '${names}')`
    expect(await offenders(`NOT ${rights('TRUNCATE, TRIGGER, REFERENCES')}`)).toEqual([])
    expect(await offenders(`NOT c.relispartition OR NOT ${rights('SELECT, INSERT, UPDATE, DELETE')}`)).toEqual([])
    expect(await offenders(`c.relispartition OR ${rights('SELECT')}`)).toEqual([])
  })

  test('has an index for each of its foreign keys, so that removing what they point at is no scan of everybody’s rows', async () => {
    const missing = await column(
      `SELECT con.conrelid::regclass || ' (' || con.conname || ')' FROM pg_constraint con
        WHERE con.contype = 'f' AND con.conrelid = ANY($1::regclass[]) AND NOT EXISTS (
          SELECT FROM pg_index i WHERE i.indrelid = con.conrelid AND i.indpred IS NULL
             AND (SELECT array_agg(k ORDER BY k) FROM unnest((i.indkey::int2[])[0:cardinality(con.conkey) - 1]) k)
               = (SELECT array_agg(k ORDER BY k) FROM unnest(con.conkey) k)) ORDER BY 1`,
      [tenantTables],
    )
    expect(missing).toEqual([])
  })

  test('has organization_id first in its indexes, except where a credential or a number has to find its tenant', async () => {
    const others = await column(
      `SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE i.indrelid = ANY($1::regclass[]) AND i.indkey[0] IS DISTINCT FROM
              (SELECT attnum FROM pg_attribute WHERE attrelid = i.indrelid AND attname = 'organization_id') ORDER BY 1`,
      [tenantTables],
    )
    expect(others).toEqual([
      'booking.feeds_hash',
      'calls.provider_calls_sid',
      'numbers.numbers_lookup',
      'people.users_login_email',
      'people.users_login_username',
      'platform.api_keys_hash',
      'platform.oauth_clients_id',
      'platform.refresh_tokens_hash',
      'tenancy.organizations_domain',
    ])
  })
})

describe('what looks across tenants', () => {
  test('is these functions, each bound to a search path of its own', async () => {
    const functions = await column(
      `SELECT p.oid::regprocedure || ' of ' || pg_get_userbyid(p.proowner) || ' with ' || array_to_string(p.proconfig, ',')
         FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'graphile_worker') ORDER BY 1`,
    )
    const bound = 'with search_path=pg_catalog'
    expect(functions).toEqual(
      [
        `booking.find_feed(bytea) of patchbay_platform ${bound}`,
        `calls.find_provider_call(text,text) of patchbay_platform ${bound}`,
        `calls.organizations_with_live_calls(timestamp with time zone) of patchbay_platform ${bound}`,
        `calls.organizations_with_uncounted_calls() of patchbay_platform ${bound}`,
        `calls.organizations_with_unwritten_calls(integer,timestamp with time zone) of patchbay_platform ${bound}`,
        `numbers.find_number(text) of patchbay_platform ${bound}`,
        `people.find_login(text) of patchbay_platform ${bound}`,
        `platform.append(bigint,text,text,text,text,timestamp with time zone,jsonb) of patchbay_platform ${bound}`,
        `platform.audit_chains() of patchbay_platform ${bound}`,
        `platform.enqueue(text,json,timestamp with time zone,text,integer,integer,text) of patchbay_owner ${bound}`,
        `platform.extend_partitions() of patchbay_owner ${bound}`,
        `platform.forget_answers(timestamp with time zone) of patchbay_platform ${bound}`,
        `platform.find_api_key(bytea) of patchbay_platform ${bound}`,
        `platform.find_oauth_client(text) of patchbay_platform ${bound}`,
        `platform.find_refresh_token(bytea) of patchbay_platform ${bound}`,
        `platform.enter_worker(text,text[]) of patchbay_owner ${bound}`,
        `platform.finish_job(bigint,text) of patchbay_owner ${bound}`,
        `platform.judge_workers(interval,interval) of patchbay_owner ${bound}`,
        `platform.leave_worker(text) of patchbay_owner ${bound}`,
        `platform.report_worker(text,jsonb,bigint[],interval) of patchbay_owner ${bound}`,
        `platform.tick_job(text,timestamp with time zone,integer,integer) of patchbay_owner ${bound}`,
        `platform.turn_jobs(text,bigint[],jsonb,bigint[],integer[],integer) of patchbay_owner ${bound},enable_seqscan=off,enable_hashjoin=off,enable_mergejoin=off`,
        `platform.unknown_tasks(integer[]) of patchbay_owner ${bound}`,
        `platform.redact_events(bigint,text[]) of patchbay_platform ${bound}`,
        `platform.empty_events(bigint,text,text[],bigint,timestamp with time zone,integer) of patchbay_platform ${bound}`,
        `platform.recent_revocations(timestamp with time zone) of patchbay_platform ${bound}`,
        `platform.sweep_credentials(timestamp with time zone,timestamp with time zone) of patchbay_platform ${bound}`,
        `tenancy.create_organization(bigint,text,text,jsonb,timestamp with time zone) of patchbay_platform ${bound}`,
        `tenancy.list_organization_ids() of patchbay_platform ${bound}`,
        `tenancy.organizations_with_retention() of patchbay_platform ${bound}`,
      ].sort(),
    )
  })

  test('is revealed these tables and no others', async () => {
    const revealed = await column(
      `SELECT DISTINCT c.oid::regclass::text FROM pg_class c
        WHERE c.oid = ANY($1::regclass[]) AND (has_table_privilege('patchbay_platform', c.oid, 'SELECT, INSERT, UPDATE, DELETE')
           OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'platform')) ORDER BY 1`,
      [tenantTables],
    )
    expect(revealed).toEqual([
      'booking.feeds',
      'calls.calls',
      'calls.provider_calls',
      'calls.tallies',
      'numbers.numbers',
      'people.users',
      'platform.api_keys',
      'platform.audit_log',
      'platform.events',
      'platform.feeds',
      'platform.idempotent_answers',
      'platform.oauth_clients',
      'platform.refresh_tokens',
      'platform.revocations',
      'tenancy.organizations',
    ])
  })

  test('cannot be asked by just anybody: none of the functions is open to every role', async () => {
    const open = await column(
      `SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'graphile_worker') AND has_function_privilege('public', p.oid, 'EXECUTE') ORDER BY 1`,
    )
    expect(open).toEqual([])
  })
})

describe('the roles', () => {
  test('that serve requests bypass nothing, create nothing, and are members of nothing', async () => {
    const { rows } = await db.query(
      `SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles
        WHERE rolname IN ('patchbay_app', 'patchbay_platform') ORDER BY 1`,
    )
    const none = { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false, rolreplication: false }
    expect(rows).toEqual([
      { rolname: 'patchbay_app', ...none },
      { rolname: 'patchbay_platform', ...none },
    ])
    expect(
      await column(`SELECT roleid::regrole FROM pg_auth_members WHERE member IN ('patchbay_app'::regrole, 'patchbay_platform'::regrole)`),
    ).toEqual([])
    expect(
      await column(
        `SELECT nspname FROM pg_namespace WHERE has_schema_privilege('patchbay_app', oid, 'CREATE') AND nspname NOT LIKE 'pg\\_temp%'`,
      ),
    ).toEqual([])
  })
})

describe('as the run-time role', () => {
  test('without a tenant every table is empty', async () => {
    const seen: string[] = []
    for (const table of tenantTables) {
      const { rows } = await app.query(`SELECT count(*)::int AS count FROM ${table}`)
      if (rows[0]?.count !== 0) seen.push(table)
    }
    expect(seen).toEqual([])
    // The tables are not simply empty: the founding of two organisations wrote into these.
    expect((await db.query('SELECT FROM tenancy.organizations')).rowCount).toBe(2)
  })

  test.each([
    ['no tenant', null],
    ['another tenant', '200'],
  ])('with %s no table takes a row of organisation 100, and none can be moved there', async (_, tenant) => {
    const taken: string[] = []
    for (const table of tenantTables) {
      await app.query('BEGIN')
      if (tenant) await app.query("SELECT set_config('app.organization_id', $1, true)", [tenant])
      const outcome = await app.query(await insertInto(table, 100)).then(
        () => 'taken',
        (error: { code?: string }) => error.code,
      )
      await app.query('ROLLBACK')
      // 42501: a breach of row-level security, or no right to insert at all.
      if (outcome !== '42501') taken.push(`${table}: ${outcome}`)
    }
    expect(taken).toEqual([])
  })

  test('a setting that is no number is an error and opens nothing', async () => {
    for (const setting of ['100 OR true', '*', '100;200']) {
      await app.query('BEGIN')
      await app.query("SELECT set_config('app.organization_id', $1, true)", [setting])
      await expect(app.query('SELECT * FROM people.users')).rejects.toMatchObject({ code: '22P02' })
      await app.query('ROLLBACK')
    }
  })

  test('the tenant ends with its transaction', async () => {
    await app.query('BEGIN')
    await app.query("SELECT set_config('app.organization_id', '100', true)")
    expect((await app.query('SELECT FROM people.users')).rowCount).toBeGreaterThan(0)
    await app.query('COMMIT')
    expect((await app.query('SELECT FROM people.users')).rowCount).toBe(0)
  })

  test('nobody appends to another tenant’s feed or audit log, and nobody writes them past the function', async () => {
    await app.query('BEGIN')
    await app.query("SELECT set_config('app.organization_id', '200', true)")
    await expect(
      app.query(`SELECT platform.append(100, 'user:1', 'user', null, null, now(), '[{"type": "made.up", "data": {}}]')`),
    ).rejects.toThrow('append for another tenant')
    await app.query('ROLLBACK')
    for (const table of ['platform.events', 'platform.audit_log', 'platform.feeds'])
      for (const statement of [`DELETE FROM ${table}`, `UPDATE ${table} SET seq = 0`])
        await expect(app.query(statement)).rejects.toMatchObject({ code: '42501' })
  })
})

/** The row's other columns hold something of their type, so that nothing but the policy can be in the way. */
async function insertInto(table: string, organizationId: number): Promise<string> {
  const { rows } = await db.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull`,
    [table],
  )
  const values = rows.map(({ name, type }) => (name === 'organization_id' ? String(organizationId) : (samples[type] ?? "''")))
  return `INSERT INTO ${table} (${rows.map(({ name }) => name).join(', ')}) VALUES (${values.join(', ')})`
}
const samples: Readonly<Record<string, string>> = {
  bigint: '1',
  integer: '1',
  smallint: '1',
  numeric: '1',
  real: '1',
  boolean: 'true',
  uuid: 'gen_random_uuid()',
  jsonb: "'{}'",
  bytea: "'\\x00'",
  'timestamp with time zone': 'now()',
  date: 'current_date',
  tstzrange: "'empty'",
  'text[]': "'{}'",
  'bigint[]': "'{}'",
}
