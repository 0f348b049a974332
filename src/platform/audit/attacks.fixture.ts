// Ways to tamper with the audit log as the database's owner, or its superuser, and what each must be found as. Organisation
// 100 has 35 entries (the first five of the old form) and checkpoints at 10, 20 and 30; organisation 200 has 12, and
// checkpoints at 6 and 12.
import type { FindingKind } from './index.ts'

export interface Attack {
  readonly name: string
  readonly sql: string
  /** The first finding: kind, organisation (null for the checkpoints), first and last number. */
  readonly found: readonly [FindingKind, number | null, number, number?]
  /** Kinds that must be found besides. */
  readonly also?: readonly FindingKind[]
  /** What puts right what is not rows. */
  readonly undo?: string
}

const log = 'platform.audit_log'
const at = (seq: number, organizationId = 100) => `organization_id = ${organizationId} AND seq = ${seq}`
const edit = (seq: number, what: string): Attack => ({
  name: `entry ${seq}: ${what}`,
  sql: `UPDATE ${log} SET ${what} WHERE ${at(seq)}`,
  found: ['edited', 100, seq],
})
/** The number is out of the way of the key while others take it. */
const swap = (a: number, b: number) =>
  `UPDATE ${log} SET seq = -1 WHERE ${at(a)}; UPDATE ${log} SET seq = ${a} WHERE ${at(b)}; UPDATE ${log} SET seq = ${b} WHERE ${at(-1)}`
const shift = (from: number, by: number) =>
  `UPDATE ${log} SET seq = -seq WHERE organization_id = 100 AND seq >= ${from}; UPDATE ${log} SET seq = -seq + ${by} WHERE organization_id = 100 AND seq < 0`
const columns = 'organization_id, seq, at, actor, actor_kind, address, request_id, action, resource, before, after, hash, form'
const insert = (seq: number, organizationId = 100) =>
  `INSERT INTO ${log} (${columns}) VALUES (${organizationId}, ${seq}, now(), 'user:1', 'user', null, null, 'made.up', null, null, null, sha256('made up'), 2)`
/** What the owner can do and a hash chain alone cannot show: every hash from there on made anew, and the head with them. */
export const rehash = (from: number, organizationId = 100) => `DO $$
  DECLARE head bytea := coalesce((SELECT hash FROM ${log} WHERE ${at(from - 1, organizationId)}), '\\x'); l record;
  BEGIN
    FOR l IN SELECT * FROM ${log} WHERE organization_id = ${organizationId} AND seq >= ${from} ORDER BY seq LOOP
      head := CASE l.form
        WHEN 1 THEN platform.audit_digest(head, l.organization_id, l.seq, l.at, l.actor, l.actor_kind, l.address, l.request_id, l.action, l.resource, l.before, l.after)
        ELSE platform.audit_hash(head, l.organization_id, l.seq, l.at, l.actor, l.actor_kind, l.address, l.request_id, l.action, l.resource, l.before, l.after) END;
      UPDATE ${log} SET hash = head WHERE organization_id = ${organizationId} AND seq = l.seq;
    END LOOP;
    UPDATE platform.feeds SET audit_head = head,
           audit_seq = (SELECT coalesce(max(seq), 0) FROM ${log} WHERE organization_id = ${organizationId}) WHERE organization_id = ${organizationId};
  END $$`
const cut = (after: number, organizationId = 100) => `DELETE FROM ${log} WHERE organization_id = ${organizationId} AND seq > ${after}`
const uncheck = (after: number) => `DELETE FROM platform.audit_checkpoints WHERE number > ${after}`

export const edits: readonly Attack[] = [
  edit(17, `at = at + interval '1 microsecond'`),
  edit(17, `actor = 'user:2'`),
  edit(17, `actor_kind = 'user'`),
  edit(17, `address = '192.0.2.2'`),
  edit(17, `address = null`),
  edit(17, `request_id = ''`),
  edit(17, `action = 'thing.removed'`),
  edit(17, `resource = resource || ' '`),
  edit(17, `before = 'null'`),
  edit(17, `before = '{}'`),
  edit(17, `after = jsonb_set(after, '{n}', to_jsonb((after->>'n')::numeric * 1.0))`),
  edit(17, `actor = action, action = actor`),
  edit(17, `resource = actor_kind || resource, actor_kind = ''`),
  edit(17, `hash = sha256(hash)`),
  edit(17, `hash = ''`),
  edit(17, `form = 1`),
  edit(17, `form = 3`),
  edit(3, `at = at + interval '1 microsecond'`),
  edit(3, `actor = 'user:2'`),
  edit(3, `before = 'null'`),
  edit(3, `after = '{"a": [1.5, null, "ä"]}'`),
  edit(3, `form = 2`),
  edit(35, `action = 'thing.removed'`),
  edit(35, `hash = sha256(hash)`),
  edit(1, `actor = 'user:2'`),
  {
    ...edit(17, `after = '{}'`),
    name: 'an edit, with the trigger and the foreign keys switched off',
    sql: `SET session_replication_role = replica; UPDATE ${log} SET after = '{}' WHERE ${at(17)}`,
    undo: 'RESET session_replication_role',
  },
  {
    name: 'an edit, and functions that lie about its hash',
    sql: `UPDATE ${log} SET after = '{}' WHERE ${at(17)}; CREATE TEMP TABLE truth AS SELECT pg_get_functiondef('platform.audit_hash'::regproc) AS text;
          CREATE OR REPLACE FUNCTION platform.audit_hash(previous bytea, org bigint, seq bigint, at timestamptz, actor text, actor_kind text, address text, request_id text,
            action text, resource text, before jsonb, after jsonb) RETURNS bytea LANGUAGE sql AS $$ SELECT hash FROM ${log} l WHERE l.organization_id = org AND l.seq = audit_hash.seq $$`,
    found: ['edited', 100, 17],
    undo: 'DO $$ BEGIN EXECUTE (SELECT text FROM truth); END $$; DROP TABLE truth',
  },
  {
    name: 'another organisation’s entry over one of this',
    sql: `UPDATE ${log} t SET actor = s.actor, action = s.action, before = s.before, after = s.after, resource = s.resource, hash = s.hash
            FROM ${log} s WHERE t.organization_id = 100 AND t.seq = 17 AND s.organization_id = 200 AND s.seq = 4`,
    found: ['edited', 100, 17],
  },
]

export const rearrangements: readonly Attack[] = [
  { name: 'two neighbours change places', sql: swap(12, 13), found: ['reordered', 100, 12] },
  { name: 'two of the old form change places', sql: swap(2, 3), found: ['reordered', 100, 2] },
  { name: 'two far apart change places', sql: swap(8, 27), found: ['reordered', 100, 8] },
  {
    name: 'two change all but their numbers and hashes',
    sql: `UPDATE ${log} t SET at = s.at, actor = s.actor, action = s.action, resource = s.resource, before = s.before, after = s.after, hash = t.hash
            FROM ${log} s WHERE t.organization_id = 100 AND s.organization_id = 100 AND (t.seq, s.seq) IN ((12, 19), (19, 12))`,
    found: ['reordered', 100, 12],
  },
  { name: 'one moved to the end', sql: `UPDATE ${log} SET seq = 36 WHERE ${at(12)}`, found: ['reordered', 100, 12] },
  { name: 'the first deleted', sql: `DELETE FROM ${log} WHERE ${at(1)}`, found: ['missing', 100, 1] },
  { name: 'one in the middle deleted', sql: `DELETE FROM ${log} WHERE ${at(17)}`, found: ['missing', 100, 17] },
  {
    name: 'five in the middle deleted',
    sql: `DELETE FROM ${log} WHERE organization_id = 100 AND seq BETWEEN 14 AND 18`,
    found: ['missing', 100, 14, 18],
  },
  { name: 'the last deleted', sql: cut(34), found: ['cut_off', 100, 35] },
  { name: 'the last ten deleted', sql: cut(25), found: ['cut_off', 100, 26, 35] },
  { name: 'all deleted', sql: cut(0), found: ['cut_off', 100, 1, 35] },
  {
    name: 'one deleted, and those behind it renumbered',
    sql: `DELETE FROM ${log} WHERE ${at(17)}; ${shift(18, -1)}`,
    found: ['missing', 100, 17],
  },
  { name: 'one put in, and those behind it renumbered', sql: `${shift(17, 1)}; ${insert(17)}`, found: ['inserted', 100, 17] },
  {
    name: 'three put in, and those behind them renumbered',
    sql: `${shift(17, 3)}; ${insert(17)}; ${insert(18)}; ${insert(19)}`,
    found: ['inserted', 100, 17, 19],
  },
  { name: 'one put behind the end', sql: insert(36), found: ['edited', 100, 36], also: ['inserted'] },
  { name: 'one put before the first', sql: insert(0), found: ['inserted', 100, 0] },
  {
    name: 'one put in twice, without a primary key',
    sql: `ALTER TABLE ${log} DROP CONSTRAINT audit_log_pkey; ${insert(17)}`,
    found: ['inserted', 100, 17],
    undo: `ALTER TABLE ${log} ADD PRIMARY KEY (organization_id, seq)`,
  },
  {
    name: 'another organisation’s entry put behind the end',
    sql: `INSERT INTO ${log} (${columns}) SELECT 100, 36, at, actor, actor_kind, address, request_id, action, resource, before, after, hash, form FROM ${log} WHERE ${at(4, 200)}`,
    found: ['edited', 100, 36],
    also: ['inserted'],
  },
  {
    name: 'the last moved to another organisation',
    sql: `UPDATE ${log} SET organization_id = 200, seq = 13 WHERE ${at(35)}`,
    found: ['cut_off', 100, 35],
    also: ['edited', 'inserted'],
  },
  { name: 'a chain for an organisation that never had one', sql: insert(1, 300), found: ['edited', 300, 1], also: ['inserted'] },
]

export const rewritings: readonly Attack[] = [
  {
    name: 'one behind the last checkpoint edited, and all made anew but the head',
    sql: `CREATE TEMP TABLE kept AS SELECT * FROM platform.feeds;
          UPDATE ${log} SET actor = 'user:2' WHERE ${at(33)}; ${rehash(33)};
          UPDATE platform.feeds f SET audit_head = kept.audit_head FROM kept WHERE kept.organization_id = f.organization_id`,
    undo: 'DROP TABLE kept',
    found: ['rewritten', 100, 35],
  },
  {
    name: 'one edited and everything behind it made anew',
    sql: `UPDATE ${log} SET actor = 'user:2' WHERE ${at(15)}; ${rehash(15)}`,
    found: ['rewritten', 100, 11, 20],
  },
  {
    name: 'one of the old form edited and everything made anew',
    sql: `UPDATE ${log} SET actor = 'user:2' WHERE ${at(2)}; ${rehash(1)}`,
    found: ['rewritten', 100, 1, 10],
  },
  { name: 'the last ten cut off, and the head set back', sql: `${cut(25)}; ${rehash(25)}`, found: ['cut_off', 100, 26, 30] },
  {
    name: 'one removed, the rest renumbered and made anew',
    sql: `DELETE FROM ${log} WHERE ${at(17)}; ${shift(18, -1)}; ${rehash(17)}`,
    found: ['rewritten', 100, 11, 20],
  },
  { name: 'one put in and the rest made anew', sql: `${shift(5, 1)}; ${insert(5)}; ${rehash(5)}`, found: ['rewritten', 100, 1, 10] },
  {
    name: 'an organisation’s whole chain removed, head and all',
    sql: `${cut(0, 200)}; DELETE FROM platform.feeds WHERE organization_id = 200`,
    found: ['cut_off', 200, 1, 12],
  },
  {
    name: 'the head alone changed',
    sql: `UPDATE platform.feeds SET audit_head = sha256('') WHERE organization_id = 100`,
    found: ['rewritten', 100, 35],
  },
  {
    name: 'the head alone set forward',
    sql: `UPDATE platform.feeds SET audit_seq = 40 WHERE organization_id = 100`,
    found: ['cut_off', 100, 36, 40],
  },
  {
    name: 'the head alone set back',
    sql: `UPDATE platform.feeds SET audit_seq = 30 WHERE organization_id = 100`,
    found: ['inserted', 100, 31, 35],
  },
  {
    name: 'one edited, everything made anew, and the checkpoints removed',
    sql: `UPDATE ${log} SET actor = 'user:2' WHERE ${at(15)}; ${rehash(15)}; ${uncheck(0)}`,
    found: ['checkpoint_missing', null, 1, 3],
    also: ['rewritten'],
  },
  {
    name: 'an old backup put back',
    sql: `${cut(10)}; ${rehash(11)}; UPDATE platform.feeds SET audit_head = (SELECT hash FROM ${log} WHERE ${at(10)}) WHERE organization_id = 100;
          ${cut(6, 200)}; UPDATE platform.feeds SET audit_seq = 6, audit_head = (SELECT hash FROM ${log} WHERE ${at(6, 200)}) WHERE organization_id = 200; ${uncheck(1)}`,
    found: ['checkpoint_missing', null, 2, 3],
    also: ['cut_off'],
  },
]

const checkpoint = (number: number, what: string): string => `UPDATE platform.audit_checkpoints SET ${what} WHERE number = ${number}`
export const checkpointAttacks: readonly Attack[] = [
  { name: 'the last checkpoint removed', sql: uncheck(2), found: ['checkpoint_missing', null, 3] },
  {
    name: 'a checkpoint in the middle removed',
    sql: 'DELETE FROM platform.audit_checkpoints WHERE number = 2',
    found: ['checkpoint_missing', null, 2],
  },
  {
    name: 'the first checkpoint removed',
    sql: 'DELETE FROM platform.audit_checkpoints WHERE number = 1',
    found: ['checkpoint_missing', null, 1],
  },
  { name: 'all checkpoints removed', sql: uncheck(0), found: ['checkpoint_missing', null, 1, 3] },
  {
    name: 'a head in the last checkpoint changed',
    sql: checkpoint(3, `body = replace(body, '[200,12,', '[200,11,')`),
    found: ['checkpoint_edited', null, 3],
    also: ['checkpoint_forged'],
  },
  {
    name: 'a head in an older checkpoint changed',
    sql: checkpoint(2, `body = replace(body, '[100,20,', '[100,19,')`),
    found: ['checkpoint_forged', null, 2],
  },
  { name: 'a checkpoint’s time changed', sql: checkpoint(2, `at = at - interval '1 day'`), found: ['checkpoint_edited', null, 2] },
  {
    name: 'a checkpoint’s signature changed',
    sql: checkpoint(2, `signature = translate(signature, 'ABC', 'BCA')`),
    found: ['checkpoint_forged', null, 2],
  },
  { name: 'a checkpoint without a sense', sql: checkpoint(2, `body = 'nothing'`), found: ['checkpoint_edited', null, 2] },
  {
    name: 'an older checkpoint in a newer one’s place',
    sql: `UPDATE platform.audit_checkpoints t SET at = s.at, body = s.body, signature = s.signature FROM platform.audit_checkpoints s WHERE t.number = 3 AND s.number = 2`,
    found: ['checkpoint_edited', null, 3],
  },
]
