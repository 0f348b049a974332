// No migration says what would stop requests, except where it is written here why it does not.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { migrationsFolder } from '../../src/platform/db/index.ts'
import { dangersIn, statementsOf } from './statements.ts'

/** `file: what: statement`, its first 70 characters, and why it is harmless there. */
const exceptions: Readonly<Record<string, string>> = {
  '0006_signing_in.sql: an index built under a lock: CREATE INDEX users_leaving ON people.users (organization_id, deactivat':
    'before the first release: no installation has more than a demo’s users when it comes to this',
  '0011_jobs.sql: an index built under a lock: CREATE INDEX patchbay_jobs_held ON graphile_worker._private_jobs (lock':
    'a queue holds what is waiting, not what ever was: it is short, and jobs wait without harm',
}

const files = readdirSync(migrationsFolder).filter((name) => name.endsWith('.sql'))

test('every migration lets requests go on, or says why it need not', () => {
  const found = files.flatMap((name) =>
    dangersIn(readFileSync(join(migrationsFolder, name), 'utf8')).map((danger) => ({ ...danger, key: `${name}: ${danger.found}` })),
  )
  expect(found.filter(({ key }) => !(key in exceptions))).toEqual([])
  expect(Object.keys(exceptions).filter((key) => !found.some((one) => one.key === key))).toEqual([])
  expect(files.length).toBeGreaterThan(10)
})

test.each([
  ['CREATE INDEX a ON calls.calls (id)', 'an index built under a lock'],
  ['CREATE UNIQUE INDEX IF NOT EXISTS a ON ONLY calls.calls (id)', 'an index built under a lock'],
  ['ALTER TABLE calls.calls ALTER COLUMN id TYPE text', 'a column of another type'],
  ['ALTER TABLE calls.calls ALTER id SET DATA TYPE text', 'a column of another type'],
  ['ALTER TABLE calls.calls ALTER COLUMN user_id SET NOT NULL', 'a column that must not be null'],
  ['ALTER TABLE calls.calls ADD COLUMN colour text NOT NULL', 'a column without a value'],
  ['ALTER TABLE calls.calls ADD COLUMN colour uuid DEFAULT gen_random_uuid()', 'a default that differs from row to row'],
  ['ALTER TABLE calls.calls ADD CONSTRAINT a CHECK (id IS NOT NULL)', 'a constraint that reads every row'],
  ['ALTER TABLE calls.calls ADD FOREIGN KEY (user_id) REFERENCES people.users', 'a constraint that reads every row'],
  ['ALTER TABLE calls.calls DROP COLUMN status', 'something that running processes may still use'],
  ['ALTER TABLE calls.calls DROP status', 'something that running processes may still use'],
  ['ALTER TABLE calls.calls RENAME COLUMN status TO state', 'something that running processes may still use'],
  ['DROP TABLE IF EXISTS calls.calls', 'a table that running processes may still use'],
  ['TRUNCATE calls.calls', 'a table that running processes may still use'],
  ["UPDATE calls.calls SET status = 'failed'", 'a change of every row'],
  ['DELETE FROM calls.calls', 'a change of every row'],
  ['VACUUM FULL calls.calls', 'a rewrite'],
  ['REINDEX TABLE calls.calls', 'a rewrite'],
  ['LOCK TABLE calls.calls', 'a lock'],
])('%s is found', (sql, name) => {
  expect(dangersIn(`SELECT 1; -- a comment; with a semicolon\n${sql};`).map(({ found }) => found.split(':')[0])).toEqual([name])
  // On a table of its own it is none.
  expect(dangersIn(`CREATE TABLE calls.calls (id uuid); ${sql};`).filter(() => !/LOCK/.test(sql))).toEqual([])
})

test.each([
  'ALTER TABLE calls.calls ADD COLUMN colour text',
  "ALTER TABLE calls.calls ADD COLUMN colour text NOT NULL DEFAULT 'red'",
  'ALTER TABLE calls.calls ADD CONSTRAINT a CHECK (id IS NOT NULL) NOT VALID',
  'ALTER TABLE calls.calls VALIDATE CONSTRAINT a',
  'CREATE FUNCTION a() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM calls.calls; UPDATE calls.calls SET id = id; END $$',
  "SELECT 'x; DROP TABLE calls.calls;'",
])('%s is let through', (sql) => {
  expect(dangersIn(`${sql};`)).toEqual([])
})

test('statements end at their semicolons alone', () => {
  expect(statementsOf(`a 'b;''c' "d;"; -- e;\n f $$ g; h $$ i /* j; */; k $x$ ; $$ ; $x$`)).toEqual([
    "a 'b;''c' \"d;\"",
    'f $$ g; h $$ i',
    'k $x$ ; $$ ; $x$',
  ])
})
