// The audit log against whoever owns its database: every way to tamper is found, named and placed.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readSnapshot } from '../db/index.ts'
import { type Attack, checkpointAttacks, edits, rearrangements, rehash, rewritings } from './attacks.fixture.ts'
import { type AuditedDatabase, change, openAudited, secretKey } from './audit.fixture.ts'
import { copyEntries } from './audit.sql.ts'
import { beginning, type Mark, openWalk } from './chain.ts'
import { readEntry } from './entry.ts'

let audited: AuditedDatabase
beforeAll(async () => {
  audited = await openAudited()
})
beforeEach(() => audited.restore())
afterAll(() => audited?.close())

const attacks = (all: readonly Attack[]) => all.map((attack) => [attack.name, attack] as const)
async function isFound(_: string, { sql, found: [kind, organizationId, seq, until = seq], also = [], undo }: Attack): Promise<void> {
  await audited.owner.query(sql)
  const { findings } = await audited.audit.verify()
  if (undo) {
    await audited.restore()
    await audited.owner.query(undo)
  }
  const [first] = findings
  expect({ kind: first?.kind, organizationId: first?.organizationId, seq: first?.seq, until: first?.until }, first?.words).toEqual({
    kind,
    organizationId,
    seq,
    until,
  })
  expect(findings.map((finding) => finding.kind)).toEqual(expect.arrayContaining([...also]))
}

test('a log that nobody touched is whole, whichever form its entries have', async () => {
  const verdict = await audited.audit.verify()
  expect(verdict).toMatchObject({ entries: 47, findings: [], checkpoints: { inDatabase: 3, outside: 3, trusted: true } })
  expect(verdict.chains.map(({ organizationId, entries }) => [organizationId, entries])).toEqual([
    [100, 35],
    [200, 12],
  ])
})

describe('found, named and placed is', () => {
  test.each(attacks(edits))('%s', isFound)
  test.each(attacks(rearrangements))('%s', isFound)
  test.each(attacks(rewritings))('%s', isFound)
  test.each(attacks(checkpointAttacks))('%s', isFound)

  test('every single bit of every entry', async () => {
    const rows: Buffer[] = []
    await readSnapshot(audited.database.pool, 100, ({ copy }) => copy(copyEntries(100, 0), (row) => void rows.push(Buffer.from(row))))
    const entries = rows.map(readEntry)
    const missed: string[] = []
    for (const [index, row] of rows.entries()) {
      const before = entries[index - 1] ?? beginning
      const head = entries.at(index)
      for (let bit = 0; bit < row.length * 8; bit++)
        if (head && isMissed(row, bit, before, head)) missed.push(`entry ${index + 1}, bit ${bit}`)
    }
    expect(missed).toEqual([])
    expect(rows).toHaveLength(35)
  })
})

/** A row that is no entry any more is found too: PostgreSQL could not have sent it. */
function isMissed(row: Buffer, bit: number, before: Mark, head: Mark): boolean {
  const flipped = Buffer.from(row)
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  try {
    const walk = openWalk(100, before, [])
    walk.take(readEntry(flipped))
    return walk.end(head).findings.length === 0
  } catch {
    return false // it cannot be read
  }
}

describe('an entry’s hash', () => {
  test('is the same in PostgreSQL and here, whatever the entry holds', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 }).map((value) => value.replaceAll('\0', ''))
    const document = fc.option(
      fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify({ value }).replaceAll('\\u0000', ''))),
    )
    const entry = fc.record({ resource: fc.option(text), before: document, after: document })
    await fc.assert(
      fc.asyncProperty(text, fc.array(entry, { minLength: 1, maxLength: 4 }), async (type, all) => {
        await audited.session(400).write(async (tx) => {
          for (const { resource, before, after } of all)
            tx.emit(
              type,
              {},
              { ...(resource === null ? {} : { resource }), before: before ?? undefined, after: after ?? undefined, feed: false },
            )
        })
      }),
      { numRuns: 60 },
    )
    const { entries, findings } = await audited.audit.verify({ organizationId: 400 })
    expect(findings).toEqual([])
    expect(entries).toBeGreaterThanOrEqual(60)
  })
})

describe('a checkpoint', () => {
  test('is made of what moved, names the one before it, and lies outside the database too', async () => {
    expect(await audited.audit.checkpoint()).toEqual({ number: 4, findings: [] })
    expect(await audited.audit.checkpoint()).toBeNull()
    const { rows } = await audited.owner.query<{ body: string }>('SELECT body FROM platform.audit_checkpoints WHERE number = 4')
    const body = JSON.parse(rows[0]?.body ?? '')
    expect(body).toMatchObject({ number: 4, at: '2026-11-24T09:00:00.000Z', vouches: true, key: audited.audit.publicKey })
    expect(body.heads.map(([organizationId, seq]: number[]) => [organizationId, seq])).toEqual([[100, 35]])
    expect(await audited.audit.verify()).toMatchObject({ findings: [], checkpoints: { inDatabase: 4, outside: 4 } })
  })

  test('that another process is making at this moment is not made twice', async () => {
    const made = await Promise.all([audited.audit.checkpoint(), audited.reopen({}).checkpoint(), audited.reopen({}).checkpoint()])
    expect(made.filter((one) => one !== null)).toEqual([{ number: 4, findings: [] }])
    expect((await audited.audit.verify()).findings).toEqual([])
  })

  test('shows from then on what was rewritten since, and that is its limit', async () => {
    const rewrite = rewritings.find(({ name }) => name.startsWith('one behind the last checkpoint'))
    await audited.owner.query(`${rewrite?.sql.split('UPDATE platform.feeds f')[0]} DROP TABLE kept`)
    expect((await audited.audit.verify()).findings).toEqual([]) // nobody has vouched for entry 33 yet
    await audited.restore()
    await audited.audit.checkpoint()
    await audited.owner.query(`${rewrite?.sql.split('UPDATE platform.feeds f')[0]} DROP TABLE kept`)
    expect((await audited.audit.verify()).findings).toMatchObject([{ kind: 'rewritten', organizationId: 100, seq: 31, until: 35 }])
  })

  test('tells of what is wrong already when it is made, and does not make it right', async () => {
    await audited.owner.query(`UPDATE platform.audit_log SET actor = 'user:2' WHERE organization_id = 100 AND seq = 33`)
    expect(await audited.audit.checkpoint()).toMatchObject({ number: 4, findings: [{ kind: 'edited', organizationId: 100, seq: 33 }] })
    expect((await audited.audit.verify()).findings).toMatchObject([{ kind: 'edited', seq: 33 }])
  })

  test('of every 24th number tells of every chain, so that the next ones need not look further back', async () => {
    for (let n = 4; n <= 26; n++) {
      await change(audited, 100, 1)
      await audited.audit.checkpoint()
    }
    const { rows } = await audited.owner.query<{ number: number; heads: number }>(
      `SELECT number::int, json_array_length(body::json->'heads') AS heads FROM platform.audit_checkpoints WHERE number IN (1, 24, 25, 26) ORDER BY 1`,
    )
    expect(rows.map(({ number, heads }) => [number, heads])).toEqual([
      [1, 2],
      [24, 1],
      [25, 2],
      [26, 1],
    ])
    expect((await audited.audit.verify()).findings).toEqual([])
  })
})

describe('the key', () => {
  test('that is rotated leaves what it signed good, once the new one has signed after it', async () => {
    const next = audited.reopen({ key: 'another-key-that-came-later', previous: [secretKey] })
    expect(next.publicKey).not.toBe(audited.audit.publicKey)
    expect((await next.verify()).findings).toEqual([])
    await next.checkpoint()
    const alone = audited.reopen({ key: 'another-key-that-came-later' })
    expect(await alone.verify()).toMatchObject({ findings: [], checkpoints: { trusted: true } })
    await audited.owner.query(`UPDATE platform.audit_checkpoints SET body = replace(body, '[100,20,', '[100,19,') WHERE number = 2`)
    // Of what came before the one that was changed, nobody tells any more, and its key is not known here.
    expect((await alone.verify()).findings).toMatchObject([1, 2].map((seq) => ({ kind: 'checkpoint_forged', seq })))
  })

  test('that nobody here knows is not trusted, unless somebody names it', async () => {
    const stranger = audited.reopen({ key: 'the-key-of-somebody-else' })
    expect((await stranger.verify()).findings).toMatchObject([1, 2, 3].map((seq) => ({ kind: 'checkpoint_forged', seq })))
    expect((await stranger.verify({ keys: [audited.audit.publicKey] })).findings).toEqual([])
  })

  test('does not vouch for a forged checkpoint by signing the next one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchbay-audit-forger-')) // the forger has no way to the copies outside
    const forger = audited.reopen({ key: 'the-key-of-somebody-else', previous: [secretKey], folder })
    await audited.owner.query(`UPDATE platform.audit_log SET actor = 'user:2' WHERE organization_id = 100 AND seq = 31; ${rehash(31)}`)
    expect(await forger.checkpoint()).toMatchObject({ number: 4 })
    rmSync(folder, { recursive: true })
    await change(audited, 100, 1)
    expect(await audited.audit.checkpoint()).toMatchObject({ number: 5 })
    expect((await audited.audit.verify()).findings).toMatchObject([{ kind: 'checkpoint_forged', seq: 4 }])
  })
})

describe('a state that somebody with the key accepts', () => {
  test('is where the log begins from then on, and every verdict says why', async () => {
    const backup = rewritings.find(({ name }) => name === 'an old backup put back')
    await audited.owner.query(backup?.sql ?? '')
    expect((await audited.audit.verify()).findings.length).toBeGreaterThan(1)
    await change(audited, 100, 2)
    expect(await audited.audit.checkpoint()).toMatchObject({ number: 4 })
    expect((await audited.audit.verify()).findings.length).toBeGreaterThan(1)
    expect(await audited.audit.checkpoint({ accept: 'The disk died; the backup of Monday.' })).toMatchObject({ number: 5 })
    await change(audited, 100, 2)
    await audited.audit.checkpoint()
    const verdict = await audited.audit.verify()
    expect(verdict.findings).toEqual([])
    expect(verdict.checkpoints.statements).toEqual([
      { number: 5, at: '2026-11-24T09:00:00.000Z', reason: 'The disk died; the backup of Monday.' },
    ])
    await audited.owner.query(`UPDATE platform.audit_log SET actor = 'user:2' WHERE organization_id = 100 AND seq = 14`)
    expect((await audited.audit.verify()).findings).toMatchObject([{ kind: 'edited', organizationId: 100, seq: 14 }])
  })
})

describe('retention', () => {
  const entries = async () =>
    (await audited.owner.query('SELECT seq::int FROM platform.audit_log WHERE organization_id = 100 ORDER BY seq')).rows.map(
      ({ seq }) => seq,
    )

  test('removes the oldest behind a checkpoint that says so, and what is left is checked as before', async () => {
    expect(await audited.audit.prune(new Date('2026-06-01T00:00:00Z'))).toEqual({ removed: 5, findings: [] }) // those of the old form
    expect((await entries()).slice(0, 2)).toEqual([6, 7])
    const verdict = await audited.audit.verify()
    expect(verdict.findings).toEqual([])
    expect(verdict.checkpoints.statements).toMatchObject([
      { number: 4, reason: 'entries from before 2026-06-01T00:00:00.000Z were removed' },
    ])
    await audited.owner.query(`DELETE FROM platform.audit_log WHERE organization_id = 100 AND seq <= 8`)
    expect((await audited.audit.verify()).findings).toMatchObject([{ kind: 'missing', organizationId: 100, seq: 6, until: 8 }])
  })

  test('removes nothing where something is wrong: nobody could tell any more', async () => {
    await audited.owner.query(`UPDATE platform.audit_log SET actor = 'user:2' WHERE organization_id = 200 AND seq = 7`)
    expect(await audited.audit.prune(new Date('2026-06-01T00:00:00Z'))).toMatchObject({
      removed: 0,
      findings: [{ kind: 'edited', seq: 7 }],
    })
    expect(await entries()).toHaveLength(35)
  })

  test('can take everything, and the next entry follows from what was there', async () => {
    expect(await audited.audit.prune(new Date('2027-01-01T00:00:00Z'))).toEqual({ removed: 47, findings: [] })
    await change(audited, 100, 2)
    await audited.audit.checkpoint()
    expect(await entries()).toEqual([36, 37])
    expect((await audited.audit.verify()).findings).toEqual([])
    await audited.owner.query(`UPDATE platform.audit_log SET actor = 'user:2' WHERE organization_id = 100 AND seq = 36; ${rehash(36)}`)
    expect((await audited.audit.verify()).findings.map(({ kind }) => kind)).not.toEqual([])
  })
})

test('what cannot be copied outside now is copied by the next checkpoint', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-audit-later-'))
  writeFileSync(join(folder, 'kept'), 'a file where a folder must be')
  const blocked = audited.reopen({ folder })
  await expect(blocked.checkpoint()).rejects.toThrow()
  rmSync(join(folder, 'kept'))
  await blocked.checkpoint()
  expect(readdirSync(join(folder, 'kept/audit/checkpoints'))).toEqual(
    [1, 2, 3, 4].map((number) => `${String(number).padStart(12, '0')}.json`),
  )
  rmSync(folder, { recursive: true })
})
