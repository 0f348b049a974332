// How much of a table PostgreSQL looks at and changes for some work: for what must not cost more the more there is.
import { statement } from '../../src/platform/db/index.ts'
import type { Session, Tx } from '../../src/platform/session/index.ts'

/** Rows of the table and its partitions, counted as often as they were looked at or changed. */
export interface Touched {
  readonly read: number
  readonly updated: number
}

/** What an index gave counts too: where a page of the table is known to be visible to all, nobody looks at its rows. */
const selectTouched = statement<{ table: string }, Touched>(
  'test_touched',
  `SELECT coalesce(sum(seq_tup_read + greatest(coalesce(idx_tup_fetch, 0),
            (SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(i.indexrelid)), 0) FROM pg_index i WHERE i.indrelid = relid))), 0)::int AS read,
          coalesce(sum(n_tup_upd), 0)::int AS updated
     FROM pg_stat_xact_user_tables
    WHERE relid = :table::text::regclass OR relid IN (SELECT relid FROM pg_partition_tree(:table::text::regclass))`,
)

/** What `work` touches of `table`, in a transaction that is kept. */
export const touchedBy = (session: Session, table: string, work: (tx: Tx) => Promise<unknown>): Promise<Touched> =>
  session.write(async (tx) => {
    const before = await tx.read(selectTouched, { table })
    await work(tx)
    const after = await tx.read(selectTouched, { table })
    if (!before || !after) throw new Error('PostgreSQL counts nothing')
    return { read: after.read - before.read, updated: after.updated - before.updated }
  })
