// One organisation's chain as it stands in the database at one moment, walked to where its row says that it ends.
import type pg from 'pg'
import { readSnapshot } from '../db/index.ts'
import { copyEntries, selectHead } from './audit.sql.ts'
import { beginning, type Commitment, type Mark, openWalk } from './chain.ts'
import { readEntry } from './entry.ts'
import type { Finding } from './findings.ts'

export interface Walked {
  readonly entries: number
  readonly findings: readonly Finding[]
  readonly head: Mark
}

const progressEvery = 50_000

export function walkChain(
  pool: pg.Pool,
  organizationId: number,
  start: Mark,
  commitments: readonly Commitment[],
  onProgress: (entries: number) => void = () => {},
): Promise<Walked> {
  return readSnapshot(pool, organizationId, async ({ rows, copy }) => {
    const [head] = await rows<Mark>(selectHead(organizationId))
    const walk = openWalk(organizationId, start, commitments)
    let count = 0
    await copy(copyEntries(organizationId, start.seq), (row) => {
      walk.take(readEntry(row))
      if (++count % progressEvery === 0) onProgress(count)
    })
    return { ...walk.end(head ?? null), head: head ?? beginning }
  })
}
