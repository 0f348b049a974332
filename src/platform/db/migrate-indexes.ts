// Indexes of tables that are in use, built without holding up whoever writes them. Such a migration has no statements: each
// line `-- CONCURRENTLY name ON schema.table (columns)` is an index, built on every partition by itself and then joined. It
// is no transaction: what was interrupted is finished by the next start.
import pg from 'pg'
import { type Patience, withPatience } from './migrate-patience.ts'

export interface Index {
  readonly name: string
  readonly schema: string
  readonly table: string
  /** What stands in parentheses, and behind them. */
  readonly columns: string
}

const line = /^-- CONCURRENTLY (\w+) ON (\w+)\.(\w+) (\(.+)$/gm

/** @throws when a migration wants indexes and something else: it could not be repeated */
export function indexesOf(file: string, sql: string): Index[] {
  const indexes = [...sql.matchAll(line)].map(([, name = '', schema = '', table = '', columns = '']) => ({ name, schema, table, columns }))
  const statements = sql.replace(/^--.*$/gm, '').trim()
  if (indexes.length > 0 && statements) throw new Error(`migration ${file} has indexes to build and statements: put them into two`)
  return indexes
}

export async function buildIndexes(client: pg.Client, indexes: readonly Index[], patience: Patience): Promise<void> {
  for (const index of indexes) {
    const { rows } = await client.query<{ partitioned: boolean }>(
      `SELECT relkind = 'p' AS partitioned FROM pg_class WHERE oid = $1::regclass`,
      [named(index.schema, index.table)],
    )
    if (rows[0]?.partitioned) await overPartitions(client, index, patience)
    else await build(client, index)
  }
}

const named = (schema: string, name: string): string => `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`

async function overPartitions(client: pg.Client, index: Index, patience: Patience): Promise<void> {
  const { name, schema, table, columns } = index
  const parent = named(schema, name)
  await briefly(client, patience, `CREATE INDEX IF NOT EXISTS ${pg.escapeIdentifier(name)} ON ONLY ${named(schema, table)} ${columns}`)
  const { rows } = await client.query<{ schema: string; table: string }>(
    `SELECT n.nspname AS schema, c.relname AS table FROM pg_inherits p JOIN pg_class c ON c.oid = p.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE p.inhparent = $1::regclass AND NOT EXISTS (
            SELECT FROM pg_inherits ip JOIN pg_index i ON i.indexrelid = ip.inhrelid WHERE ip.inhparent = $2::regclass AND i.indrelid = c.oid)
      ORDER BY 2`,
    [named(schema, table), parent],
  )
  for (const partition of rows) {
    const own = `${partition.table}_${name}`
    await build(client, { ...partition, name: own, columns })
    await briefly(client, patience, `ALTER INDEX ${parent} ATTACH PARTITION ${named(partition.schema, own)}`)
  }
}

/** What was left half built is built anew. This waits for others' transactions and makes nobody wait, so it may take its time. */
async function build(client: pg.Client, { name, schema, table, columns }: Index): Promise<void> {
  const { rows } = await client.query<{ valid: boolean }>('SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass($1)', [
    named(schema, name),
  ])
  if (rows[0]?.valid) return
  if (rows[0]) await client.query(`DROP INDEX CONCURRENTLY ${named(schema, name)}`)
  await client.query(`CREATE INDEX CONCURRENTLY ${pg.escapeIdentifier(name)} ON ${named(schema, table)} ${columns}`)
}

const briefly = (client: pg.Client, patience: Patience, statement: string): Promise<void> =>
  withPatience(patience, async () => {
    try {
      await client.query(`BEGIN; SET LOCAL lock_timeout = ${patience.lockTimeoutMs}; ${statement}; COMMIT`)
    } catch (error) {
      await client.query('ROLLBACK')
      throw error
    }
  })
