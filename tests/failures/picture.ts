// All rows of all tenants and the queue of jobs, each table as its count and a digest: two pictures differ where anything
// was written.
import type pg from 'pg'
import { listTenantTables } from '../isolation/tables.ts'

export type Picture = Readonly<Record<string, string>>

/** Tables beside the tenants' whose rows are effects too. */
const others = ['graphile_worker._private_jobs']

export async function openPictures(db: pg.Client): Promise<() => Promise<Picture>> {
  const tables = [...(await listTenantTables(db)), ...others]
  const sql = tables
    .map(
      (name) =>
        `SELECT '${name}' AS name, count(*) || ' rows ' || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS text FROM ${name} t`,
    )
    .join(' UNION ALL ')
  return async () => {
    const { rows } = await db.query<{ name: string; text: string }>(sql)
    return Object.fromEntries(rows.map(({ name, text }) => [name, text]))
  }
}

export const changedTables = (before: Picture, after: Picture): string[] =>
  Object.keys(after).filter((name) => before[name] !== after[name])
