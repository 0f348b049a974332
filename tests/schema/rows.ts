// Rows for any table, made of what the catalogue says of it: its columns' types, its checks and its foreign keys. The n-th
// row of a table refers to the n-th of every other, so that one number is enough to be consistent.
import type pg from 'pg'

interface Column {
  readonly name: string
  readonly type: string
  /** `CHECK (… = ANY (ARRAY['a'::text, …]))` names what may stand there. */
  readonly check: string | null
}

const organizationId = 100

/** Where types are not enough: what checks over several columns demand. */
const special: Readonly<Record<string, Readonly<Record<string, (n: number) => string>>>> = {
  'booking.appointments': {
    starts_at: (n) => `timestamptz '2026-11-24 09:00Z' + ${n} * interval '1 day'`,
    ends_at: (n) => `timestamptz '2026-11-24 09:30Z' + ${n} * interval '1 day'`,
    busy: (n) =>
      `tstzrange(timestamptz '2026-11-24 09:00Z' + ${n} * interval '1 day', timestamptz '2026-11-24 09:30Z' + ${n} * interval '1 day')`,
  },
}

/** Tables after those that they refer to. */
export async function tablesInOrder(db: pg.Client): Promise<string[]> {
  const { rows } = await db.query<{ name: string; needs: string[] }>(
    `SELECT n.nspname || '.' || c.relname AS name,
            ARRAY(SELECT DISTINCT rn.nspname || '.' || r.relname FROM pg_constraint k JOIN pg_class r ON r.oid = k.confrelid
                    JOIN pg_namespace rn ON rn.oid = r.relnamespace WHERE k.conrelid = c.oid AND k.contype = 'f' AND r.oid <> c.oid) AS needs
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'patchbay_migrations'
        AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'graphile_worker') ORDER BY 1`,
  )
  const ordered: string[] = []
  for (let left = rows; left.length > 0; ) {
    const ready = left.filter(({ needs }) => needs.every((need) => ordered.includes(need)))
    if (ready.length === 0) throw new Error(`tables that need each other: ${left.map(({ name }) => name).join(', ')}`)
    ordered.push(...ready.map(({ name }) => name))
    left = left.filter((one) => !ready.includes(one))
  }
  return ordered
}

/** Puts rows into every table that has none. @returns how many rows each table has now */
export async function fillEmptyTables(db: pg.Client, rows = 3): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const table of await tablesInOrder(db)) {
    if ((await countOf(db, table)) === 0) for (let n = 1; n <= rows; n++) await insertRow(db, table, n)
    counts[table] = await countOf(db, table)
  }
  return counts
}

export async function countRows(db: pg.Client, tables: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const table of tables) counts[table] = await countOf(db, table)
  return counts
}

async function countOf(db: pg.Client, table: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`)
  return rows[0]?.count ?? 0
}

async function insertRow(db: pg.Client, table: string, n: number): Promise<void> {
  const { rows } = await db.query<Column>(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
            (SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum] LIMIT 1) AS check
       FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''`,
    [table],
  )
  // One row is one organisation's where it may have no more than one.
  const { rows: key } = await db.query<{ alone: boolean }>(
    `SELECT array_length(i.indkey::int2[], 1) = 1 AS alone FROM pg_index i WHERE i.indrelid = $1::regclass AND i.indisprimary`,
    [table],
  )
  const alone = key[0]?.alone === true
  const values = rows.map((column) => special[table]?.[column.name]?.(n) ?? fitting(column, n, alone))
  await db.query(`INSERT INTO ${table} (${rows.map(({ name }) => `"${name}"`).join(', ')}) VALUES (${values.join(', ')})`)
}

function fitting({ name, type, check }: Column, n: number, alone: boolean): string {
  if (name === 'organization_id') return String(alone ? organizationId + n - 1 : organizationId)
  const [, word] = /ARRAY\['([^']+)'::text/.exec(check ?? '') ?? []
  if (word) return `'${word}'`
  const make = samples[type]
  if (!make) throw new Error(`no sample of type ${type}: say here what a value of it looks like`)
  return make(n)
}

const samples: Readonly<Record<string, (n: number) => string>> = {
  bigint: String,
  integer: String,
  smallint: String,
  numeric: String,
  real: String,
  boolean: () => 'false',
  text: (n) => `'text ${n}'`,
  'text[]': (n) => `ARRAY['text ${n}']`,
  'bigint[]': (n) => `ARRAY[${n}]::bigint[]`,
  uuid: (n) => `'01990000-0000-7000-8000-00000000000${n}'`,
  jsonb: (n) => `'{"n": ${n}}'`,
  json: (n) => `'{"n": ${n}}'`,
  bytea: (n) => `'\\x0${n}'`,
  date: (n) => `date '2026-11-24' + ${n}`,
  interval: (n) => `interval '${n} minutes'`,
  'timestamp with time zone': (n) => `timestamptz '2026-11-24 09:00Z' + ${n} * interval '1 minute'`,
}
