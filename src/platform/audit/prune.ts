// Removes the oldest entries. First the log is checked, then a checkpoint says where it begins from now on, and only then
// is anything removed: as the database's owner, because the role that serves requests can remove nothing.
import pg from 'pg'
import { readSnapshot } from '../db/index.ts'
import { deleteEntries, selectLastBefore } from './audit.sql.ts'
import type { Mark } from './chain.ts'
import type { Head } from './checkpoint.ts'
import type { Finding } from './findings.ts'
import type { AuditVerdict } from './index.ts'
import { type Maker, makeCheckpoint } from './make.ts'

export interface Pruned {
  readonly removed: number
  /** Where something is wrong, nothing is removed. */
  readonly findings: readonly Finding[]
}

export async function prune(maker: Maker, verify: () => Promise<AuditVerdict>, before: Date): Promise<Pruned> {
  const { findings, chains } = await verify()
  if (findings.length > 0) return { removed: 0, findings }
  const bases: Head[] = []
  for (const { organizationId } of chains) {
    const [last] = await readSnapshot(maker.database.pool, organizationId, ({ rows }) =>
      rows<Mark>(selectLastBefore(organizationId, before)),
    )
    if (last) bases.push([organizationId, last.seq, last.hash.toString('hex')])
  }
  if (bases.length === 0) return { removed: 0, findings: [] }
  const made = await makeCheckpoint(maker, { reason: `entries from before ${before.toISOString()} were removed`, bases })
  if (!made) throw new Error('another process made a checkpoint at this moment; nothing was removed')
  return made.findings.length > 0
    ? { removed: 0, findings: made.findings }
    : { removed: await remove(maker.database.url, bases), findings: [] }
}

async function remove(url: string, bases: readonly Head[]): Promise<number> {
  const owner = new pg.Client({ connectionString: url, options: '-c role=patchbay_owner', application_name: 'patchbay audit prune' })
  owner.on('error', () => {}) // a lost connection fails the statement that runs, or the next one
  await owner.connect()
  try {
    let removed = 0
    for (const [organizationId, seq] of bases) {
      for (let gone: number | null = null; gone !== 0; removed += gone)
        gone = (await owner.query(deleteEntries, [organizationId, seq])).rowCount ?? 0
    }
    return removed
  } finally {
    await owner.end()
  }
}
