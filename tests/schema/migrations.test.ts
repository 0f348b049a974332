// Every migration, one after the other, over a database that the ones before it have filled, while others read and write
// it: nothing is lost, nobody waits longer than a lock's short timeout, and a second time there is nothing to do.
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { migrate, migrationsFolder } from '../../src/platform/db/index.ts'
import { createDatabase, type TestDatabase, templateReady } from '../support/postgres.ts'
import { countRows, fillEmptyTables, tablesInOrder } from './rows.ts'

const all = readdirSync(migrationsFolder)
  .filter((name) => name.endsWith('.sql'))
  .sort()
let folder: string
let home: TestDatabase
let db: pg.Client

async function open(template?: string): Promise<void> {
  home = await createDatabase(template)
  db = new pg.Client({ connectionString: home.url })
  await db.connect()
}
const migrated = () => templateReady(async (url) => void (await migrate({ url })))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'patchbay-migrations-'))
})
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true })
  await db.end()
  await home.drop()
})

/** Somebody who reads and writes every table all the time, and says what went wrong, or that they had to wait for a lock for long. */
async function traffic(url: string, during: () => Promise<void>): Promise<{ rounds: number; failures: string[] }> {
  const client = new pg.Client({ connectionString: url, options: '-c lock_timeout=4s' })
  await client.connect()
  const failures: string[] = []
  let [rounds, busy] = [0, true]
  const work = (async () => {
    for (; busy; rounds++) {
      for (const table of await tablesInOrder(client)) {
        if (!busy) break
        await client
          .query(`BEGIN; SELECT * FROM ${table} LIMIT 1; UPDATE ${table} SET ${await columnOf(client, table)}; COMMIT`)
          .catch(async (error: Error) => {
            failures.push(`${table}: ${error.message}`)
            await client.query('ROLLBACK')
          })
      }
    }
  })()
  try {
    await during()
  } finally {
    busy = false
    await work
    await client.end()
  }
  return { rounds, failures }
}

/** A column set to what it is: a write that changes nothing. */
async function columnOf(client: pg.Client, table: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum LIMIT 1`,
    [table],
  )
  return `"${rows[0]?.name}" = "${rows[0]?.name}"`
}

describe('every migration', () => {
  test('is applied over data, under traffic, and a second time does nothing', async () => {
    await open()
    const place = (name: string) => cpSync(join(migrationsFolder, name), join(folder, name))
    const [first, ...rest] = all
    place(first ?? '')
    await migrate({ url: home.url, folder })
    let rows = await fillEmptyTables(db)
    for (const name of rest) {
      place(name)
      const { failures } = await traffic(home.url, async () => expect(await migrate({ url: home.url, folder })).toEqual([name]))
      expect(failures, name).toEqual([])
      expect(await countRows(db, Object.keys(rows)), name).toEqual(rows)
      rows = await fillEmptyTables(db)
    }
    expect(Object.keys(rows).length).toBeGreaterThan(35)
    expect(Object.entries(rows).filter(([, count]) => count === 0)).toEqual([])
    expect(await migrate({ url: home.url, folder })).toEqual([])
    expect(await countRows(db, Object.keys(rows))).toEqual(rows)
  })
})

describe('a migration that waits for somebody', () => {
  test('lets the others pass meanwhile, and is done when they are', async () => {
    await open(await migrated())
    cpSync(migrationsFolder, folder, { recursive: true })
    writeFileSync(join(folder, '9999_colour.sql'), 'ALTER TABLE contacts.contacts ADD COLUMN colour text;')
    await db.query('BEGIN; LOCK TABLE contacts.contacts IN ACCESS SHARE MODE') // a long report
    const done = migrate({ url: home.url, folder, patience: { lockTimeoutMs: 60, attempts: 1000, pauseMs: 20 } })
    const other = new pg.Client({ connectionString: home.url, options: '-c lock_timeout=4s' })
    await other.connect()
    const waits = async () =>
      (
        await other.query(
          `SELECT FROM pg_locks WHERE relation = 'contacts.contacts'::regclass AND mode = 'AccessExclusiveLock' AND NOT granted`,
        )
      ).rowCount
    // Seen waiting five times over, with somebody passing each time.
    for (let seen = 0; seen < 5; seen++) {
      await expect.poll(waits, { interval: 5, timeout: 10_000 }).toBe(1)
      await other.query('SELECT FROM contacts.contacts')
    }
    await db.query('COMMIT')
    expect(await done).toEqual(['9999_colour.sql'])
    await other.end()
  })
})

describe('a migration that is interrupted', () => {
  test('leaves the state from before, and the next start applies it', async () => {
    await open(await migrated())
    cpSync(migrationsFolder, folder, { recursive: true })
    writeFileSync(join(folder, '9999_long.sql'), 'CREATE TABLE platform.half (n int); SELECT pg_sleep(60);')
    const cut = migrate({ url: home.url, folder }).then(
      () => 'applied',
      (error: Error) => error.message,
    )
    const sleeping = `FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`
    await expect.poll(async () => (await db.query(`SELECT ${sleeping}`)).rowCount, { interval: 10, timeout: 10_000 }).toBe(1)
    await db.query(`SELECT pg_terminate_backend(pid) ${sleeping}`)
    expect(await cut).toContain('9999_long.sql failed')
    expect((await db.query(`SELECT to_regclass('platform.half') AS half`)).rows).toEqual([{ half: null }])
    writeFileSync(join(folder, '9999_long.sql'), 'CREATE TABLE platform.half (n int);')
    expect(await migrate({ url: home.url, folder })).toEqual(['9999_long.sql'])
  })

  test('between two indexes is finished by the next start, and what was half built is built anew', async () => {
    await open(await migrated())
    cpSync(migrationsFolder, folder, { recursive: true })
    writeFileSync(
      join(folder, '9999_indexes.sql'),
      `-- CONCURRENTLY contacts_name ON contacts.contacts (organization_id, full_name)\n-- CONCURRENTLY calls_cause ON calls.calls (organization_id, hangup_cause)\n`,
    )
    // What a build that was killed leaves: an index that is there and not valid, and a partition whose index was never joined.
    await db.query(`CREATE INDEX contacts_name ON contacts.contacts (organization_id, full_name);
      UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'contacts.contacts_name'::regclass;
      CREATE INDEX calls_cause ON ONLY calls.calls (organization_id, hangup_cause);
      CREATE INDEX calls_rest_calls_cause ON calls.calls_rest (organization_id, hangup_cause)`)
    await migrate({ url: home.url, folder })
    const { rows } = await db.query(
      `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid AND indrelid::regclass::text LIKE '%calls%' OR NOT indisvalid AND indrelid = 'contacts.contacts'::regclass`,
    )
    expect(rows).toEqual([])
    const { rows: partitions } = await db.query(
      `SELECT (SELECT count(*) FROM pg_inherits WHERE inhparent = 'calls.calls'::regclass)::int AS tables, (SELECT count(*) FROM pg_inherits WHERE inhparent = 'calls.calls_cause'::regclass)::int AS indexes`,
    )
    expect(partitions[0]?.indexes).toBe(partitions[0]?.tables)
    expect(await migrate({ url: home.url, folder })).toEqual([])
  })

  test('that wants indexes and something else is refused: it could not be repeated', async () => {
    await open(await migrated())
    cpSync(migrationsFolder, folder, { recursive: true })
    writeFileSync(
      join(folder, '9999_both.sql'),
      '-- CONCURRENTLY contacts_name ON contacts.contacts (organization_id, full_name)\nSELECT 1;',
    )
    await expect(migrate({ url: home.url, folder })).rejects.toThrow('put them into two')
  })
})

test('a database that a newer Patchbay has migrated is refused in words, and left as it is', async () => {
  await open(await migrated())
  cpSync(migrationsFolder, folder, { recursive: true })
  await db.query(`INSERT INTO public.patchbay_migrations (name, sha256) VALUES ('9998_later.sql', 'x')`)
  writeFileSync(join(folder, '9999_own.sql'), 'CREATE TABLE platform.own (n int);')
  await expect(migrate({ url: home.url, folder })).rejects.toThrow('does not know (9998_later.sql): a newer one has migrated it')
  expect((await db.query(`SELECT to_regclass('platform.own') AS own`)).rows).toEqual([{ own: null }])
})
