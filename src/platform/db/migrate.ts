// Brings a database's schema up to date: forward only, one migration a transaction, one process at a time, and never in
// the way of requests for longer than a lock's short timeout. A migration that was applied and has since been edited is
// refused, and so is a database that a newer Patchbay has migrated: the past is not rewritten, the future not guessed.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Logger, runMigrations } from 'graphile-worker'
import pg from 'pg'
import { buildIndexes, indexesOf } from './migrate-indexes.ts'
import { type Patience, withPatience } from './migrate-patience.ts'

export const migrationsFolder = fileURLToPath(new URL('../../../migrations/', import.meta.url))

/** One process migrates at a time; the others wait here. Any constant does, as long as nobody else uses it. */
const migrationLock = 7_263_401

export interface MigrateOptions {
  readonly url: string
  readonly folder?: string
  readonly onProgress?: (name: string) => void
  readonly patience?: Patience
}

/**
 * Half a second, shorter than PostgreSQL's search for deadlocks: where a migration and a request wait for each other, the
 * migration gives up. In all, a minute of trying.
 */
const usualPatience: Patience = { lockTimeoutMs: 500, attempts: 60, pauseMs: 500 }

/** @returns the names of the migrations that were applied now. */
export async function migrate({
  url,
  folder = migrationsFolder,
  onProgress = () => {},
  patience = usualPatience,
}: MigrateOptions): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'patchbay migrate' })
  client.on('error', () => {}) // a lost connection fails the statement that runs, or the next one: nobody else need hear of it
  await client.connect()
  try {
    await lock(client)
    await client.query(roles)
    await client.query('SET ROLE patchbay_owner')
    await client.query(ledger)
    await migrateJobs(url)
    return await applyAll(client, folder, onProgress, patience)
  } finally {
    await client.end()
  }
}

/** The names of the migrations that a database has. */
export async function appliedMigrations(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, options: '-c role=patchbay_owner' })
  try {
    await client.connect()
    const { rows } = await client.query<{ name: string }>('SELECT name FROM patchbay_migrations')
    return rows.map(({ name }) => name)
  } finally {
    await client.end()
  }
}

/** Asked for again and again: who waits in a statement has a snapshot, and an index built concurrently waits for that. */
async function lock(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [migrationLock])
    if (rows[0]?.mine) return
    await setTimeout(50)
  }
}

async function applyAll(client: pg.Client, folder: string, onProgress: (name: string) => void, patience: Patience): Promise<string[]> {
  const { rows } = await client.query<{ name: string; sha256: string }>('SELECT name, sha256 FROM patchbay_migrations')
  const known = new Map(rows.map((row) => [row.name, row.sha256]))
  const applied: string[] = []
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort()
  refuseNewer(
    rows.map(({ name }) => name),
    files,
  )
  for (const name of files) {
    const sql = await readFile(join(folder, name), 'utf8')
    const sha256 = createHash('sha256').update(sql).digest('hex')
    const before = known.get(name)
    if (before && before !== sha256) throw new Error(`migration ${name} was applied in another form; write a new one instead of editing it`)
    if (before) continue
    onProgress(name)
    await applyOne(client, { name, sql, sha256 }, patience)
    applied.push(name)
  }
  return applied
}

function refuseNewer(applied: readonly string[], files: readonly string[]): void {
  const unknown = applied.filter((name) => !files.includes(name)).sort()
  if (unknown.length === 0) return
  throw new Error(
    `the database has ${unknown.length === 1 ? 'a migration' : 'migrations'} that this version of Patchbay does not know (${unknown.join(', ')}): ` +
      'a newer one has migrated it. Start that version, or put back a backup from before.',
  )
}

interface Migration {
  readonly name: string
  readonly sql: string
  readonly sha256: string
}

async function applyOne(client: pg.Client, migration: Migration, patience: Patience): Promise<void> {
  const indexes = indexesOf(migration.name, migration.sql)
  try {
    if (indexes.length === 0) return await withPatience(patience, () => inTransaction(client, migration, patience))
    await buildIndexes(client, indexes, patience)
    await client.query(record, [migration.name, migration.sha256])
  } catch (error) {
    throw new Error(`migration ${migration.name} failed: ${(error as Error).message}`, { cause: error })
  }
}

const record = 'INSERT INTO patchbay_migrations (name, sha256) VALUES ($1, $2)'

async function inTransaction(client: pg.Client, { name, sql, sha256 }: Migration, { lockTimeoutMs }: Patience): Promise<void> {
  try {
    await client.query(`BEGIN; SET LOCAL lock_timeout = ${lockTimeoutMs};\n${sql}`)
    await client.query(record, [name, sha256])
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}) // a connection that was lost has rolled back already
    throw error
  }
}

/** The job queue keeps its own schema, owned by the same role. */
async function migrateJobs(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, options: '-c role=patchbay_owner', max: 1 })
  pool.on('error', () => {}) // a connection lost while idle shows itself at its next use
  pool.on('connect', (client) => client.on('error', () => {}))
  try {
    await runMigrations({ pgPool: pool, logger: silentJobLogger })
  } finally {
    await pool.end()
  }
}
const silentJobLogger = new Logger(() => () => {})

const ledger = `
  CREATE TABLE IF NOT EXISTS patchbay_migrations (
    name text PRIMARY KEY,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`

// Three roles without a login. Whoever connects must be a member of them (a superuser is, an ordinary login is
// granted them here): the owner migrates, the app serves, the platform owns the few functions that see all tenants.
const roles = `
  DO $$
  DECLARE role text;
  BEGIN
    FOREACH role IN ARRAY ARRAY['patchbay_owner', 'patchbay_app', 'patchbay_platform'] LOOP
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
        BEGIN
          EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database of this server was first
        END;
      END IF;
      IF NOT pg_has_role(current_user, role, 'MEMBER') THEN EXECUTE format('GRANT %I TO CURRENT_USER', role); END IF;
    END LOOP;
    IF NOT pg_has_role('patchbay_owner', 'patchbay_platform', 'MEMBER') THEN GRANT patchbay_platform TO patchbay_owner; END IF;
    EXECUTE format('GRANT CREATE, CONNECT ON DATABASE %I TO patchbay_owner', current_database());
    GRANT CREATE, USAGE ON SCHEMA public TO patchbay_owner;
    GRANT USAGE ON SCHEMA public TO patchbay_app;
  END $$`
