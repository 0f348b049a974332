// An audit log to be tampered with: two organisations, entries of the first form and of the second, three checkpoints,
// and some entries since. Each test gets a copy of the database and of what lies outside it.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createDatabase, type TestDatabase, templateReady } from '../../../tests/support/postgres.ts'
import { systemPrincipal } from '../auth/index.ts'
import { openFileStore } from '../blobs/index.ts'
import { type Database, migrate, openDatabase } from '../db/index.ts'
import { openVault } from '../secrets/index.ts'
import { openSession, type Session } from '../session/index.ts'
import { type Audit, openAudit } from './index.ts'

export const secretKey = 'the-key-that-the-database-does-not-have'
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

export interface AuditedDatabase {
  readonly database: Database
  /** As a superuser: the database's owner and more. */
  readonly owner: pg.Client
  readonly audit: Audit
  readonly folder: string
  /** The same log with another key, or none of the copies. */
  reopen(options: { key?: string; previous?: string[]; folder?: string }): Audit
  session(organizationId: number): Session
  close(): Promise<void>
}

export async function openAudited(template: string, blobs?: string): Promise<AuditedDatabase> {
  const home: TestDatabase = await createDatabase(template)
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-audit-'))
  if (blobs) cpSync(blobs, folder, { recursive: true })
  const database = openDatabase({ url: home.url, lanes: 1, writers: 2, onError: () => {} })
  const owner = new pg.Client({ connectionString: home.url })
  await owner.connect()
  const clock = { now: () => new Date('2026-11-24T09:00:00Z') }
  const reopen: AuditedDatabase['reopen'] = ({ key = secretKey, previous = [], folder: elsewhere = folder }) => {
    const store = openFileStore({ folder: elsewhere, publicUrl: () => '', sign: () => '', clock })
    return openAudit({ database, vault: openVault({ key, previous }), blobs: store, clock, log: quiet })
  }
  return {
    database,
    owner,
    folder,
    audit: reopen({}),
    reopen,
    session: (organizationId) =>
      openSession({
        database,
        clock,
        log: quiet,
        principal: systemPrincipal(organizationId, 'test'),
        requestId: null,
        address: '192.0.2.1',
        mask: (value) => value,
      }),
    async close() {
      await Promise.all([owner.end(), database.close()])
      rmSync(folder, { recursive: true, force: true })
      await home.drop()
    },
  }
}

/** `count` changes, one entry each. */
export async function change(audited: AuditedDatabase, organizationId: number, count: number): Promise<void> {
  for (let n = 0; n < count; n++)
    await audited.session(organizationId).write(async (tx) => {
      tx.emit('thing.changed', { n }, { resource: `thing:${n}`, before: n % 2 ? { colour: 'grün "№ 1"', n } : undefined, after: { n: n / 4, list: [n, null] } })
    })
}

/** Entries as they were written before their hash had a form. */
export const plainEntries = (organizationId: number, count: number): string => `DO $$
  DECLARE head bytea := '\\x'; doc jsonb := '{"a": [1.50, null, "\\u00e4\\"\\\\ \\u0001"]}';
  BEGIN
    FOR n IN 1..${count} LOOP
      head := platform.audit_digest(head, ${organizationId}, n, '2026-01-01 00:00:00.123456Z', 'user:"ä"' || chr(9) || chr(127), 'user', null, 'req_1', 'thing.changed', null, null, doc);
      INSERT INTO platform.audit_log (organization_id, seq, at, actor, actor_kind, request_id, action, after, hash)
      VALUES (${organizationId}, n, '2026-01-01 00:00:00.123456Z', 'user:"ä"' || chr(9) || chr(127), 'user', 'req_1', 'thing.changed', doc, head);
    END LOOP;
    INSERT INTO platform.feeds (organization_id, audit_seq, audit_head) VALUES (${organizationId}, ${count}, head);
  END $$`

/** Built once: a database to clone, and the folder of what lies outside it. */
export async function prepareAudited(): Promise<{ template: string; outside: string; keys: readonly string[]; remove(): Promise<void> }> {
  const audited = await openAudited(await templateReady(async (url) => void (await migrate({ url }))))
  await audited.owner.query(plainEntries(100, 5))
  await change(audited, 100, 5)
  await change(audited, 200, 6)
  await audited.audit.checkpoint()
  await change(audited, 100, 10)
  await audited.audit.checkpoint()
  await change(audited, 100, 10)
  await change(audited, 200, 6)
  await audited.audit.checkpoint()
  await change(audited, 100, 5)
  const { rows } = await audited.owner.query<{ name: string }>('SELECT current_database() AS name')
  const name = rows[0]?.name ?? ''
  const outside = mkdtempSync(join(tmpdir(), 'patchbay-audit-outside-'))
  cpSync(audited.folder, outside, { recursive: true })
  const source = await createDatabase()
  const admin = new pg.Client({ connectionString: source.url })
  await Promise.all([audited.owner.end(), audited.database.close()])
  await admin.connect()
  return {
    template: name,
    outside,
    keys: [audited.audit.publicKey],
    async remove() {
      rmSync(outside, { recursive: true, force: true })
      rmSync(audited.folder, { recursive: true, force: true })
      await admin.query(`DROP DATABASE ${pg.escapeIdentifier(name)}`)
      await admin.end()
      await source.drop()
    },
  }
}
