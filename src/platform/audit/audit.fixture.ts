// An audit log to be tampered with: two organisations, entries of the first form and of the second, three checkpoints,
// and some entries since. What was done to it is undone by `restore`: a database of its own for each attack would cost seconds.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createDatabase, templateReady } from '../../../tests/support/postgres.ts'
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
  /** The same log seen with another key, or with other copies outside. */
  reopen(options: { readonly key?: string; readonly previous?: readonly string[]; readonly folder?: string }): Audit
  session(organizationId: number): Session
  /** Rows and copies as `openAudited` left them. */
  restore(): Promise<void>
  close(): Promise<void>
}

const tables = ['audit_log', 'events', 'feeds', 'audit_checkpoints']

export async function openAudited(): Promise<AuditedDatabase> {
  const home = await createDatabase(await templateReady(async (url) => void (await migrate({ url }))))
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-audit-'))
  const [outside, kept] = [join(folder, 'outside'), join(folder, 'kept')]
  const database = openDatabase({ url: home.url, lanes: 1, writers: 2, onError: () => {} })
  const owner = new pg.Client({ connectionString: home.url })
  await owner.connect()
  const reopen: AuditedDatabase['reopen'] = ({ key = secretKey, previous = [], folder: elsewhere = outside }) =>
    openAudit({
      database,
      vault: openVault({ key, previous }),
      blobs: openFileStore({ folder: elsewhere, publicUrl: () => '', sign: () => '', clock }),
      clock,
      log: quiet,
    })
  const audited = { database, owner, audit: reopen({}), reopen, session: (organizationId: number) => sessionOn(database, organizationId) }
  await fill(audited)
  for (const table of tables) await owner.query(`CREATE TABLE public.kept_${table} AS TABLE platform.${table}`)
  cpSync(outside, kept, { recursive: true })
  return {
    ...audited,
    async restore() {
      await owner.query(
        tables.map((table) => `DELETE FROM platform.${table}; INSERT INTO platform.${table} TABLE public.kept_${table};`).join(' '),
      )
      rmSync(outside, { recursive: true, force: true })
      cpSync(kept, outside, { recursive: true })
    },
    async close() {
      await Promise.all([owner.end(), database.close()])
      rmSync(folder, { recursive: true, force: true })
      await home.drop()
    },
  }
}

const clock = { now: () => new Date('2026-11-24T09:00:00Z') }
const sessionOn = (database: Database, organizationId: number): Session =>
  openSession({
    database,
    clock,
    log: quiet,
    principal: systemPrincipal(organizationId, 'test'),
    requestId: null,
    address: '192.0.2.1',
    mask: (value) => value,
  })

type Written = Pick<AuditedDatabase, 'session' | 'owner' | 'audit'>

async function fill(audited: Written): Promise<void> {
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
}

/** `count` changes, one entry each. */
export async function change(audited: Pick<AuditedDatabase, 'session'>, organizationId: number, count: number): Promise<void> {
  for (let n = 0; n < count; n++)
    await audited.session(organizationId).write(async (tx) => {
      tx.emit(
        'thing.changed',
        { n },
        { resource: `thing:${n}`, before: n % 2 ? { colour: 'grün "№ 1"', n } : undefined, after: { n: n / 4, list: [n, null] } },
      )
    })
}

/** Entries as they were written before their hash had a form. */
const plainEntries = (organizationId: number, count: number): string => `DO $$
  DECLARE head bytea := '\\x'; doc jsonb := '{"a": [1.50, null, "\\u00e4\\"\\\\ \\u0001"]}';
  BEGIN
    FOR n IN 1..${count} LOOP
      head := platform.audit_digest(head, ${organizationId}, n, '2026-01-01 00:00:00.123456Z', 'user:"ä"' || chr(9) || chr(127), 'user', null, 'req_1', 'thing.changed', null, null, doc);
      INSERT INTO platform.audit_log (organization_id, seq, at, actor, actor_kind, request_id, action, after, hash)
      VALUES (${organizationId}, n, '2026-01-01 00:00:00.123456Z', 'user:"ä"' || chr(9) || chr(127), 'user', 'req_1', 'thing.changed', doc, head);
    END LOOP;
    INSERT INTO platform.feeds (organization_id, audit_seq, audit_head) VALUES (${organizationId}, ${count}, head);
  END $$`
