// Reads a table of any size from one snapshot, row by row as PostgreSQL's own binary COPY sends it: nothing is gathered,
// and nothing is converted on the way. Like `batch.ts`, a checked border to node-postgres' inside.
import pg from 'pg'
import { tenantSetting } from './batch.ts'

interface QueryInternals {
  handleCopyData(message: { readonly chunk: Buffer }): void
}
type QueryClass = new (config: { text: string }, values: undefined, callback: (error: Error | null) => void) => QueryInternals

/** https://www.postgresql.org/docs/current/sql-copy.html, “Binary Format”: signature, flags, length of an extension. */
const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
const headerLength = signature.length + 8

export interface Snapshot {
  rows<R>(text: string): Promise<R[]>
  /** `query` without its COPY. Each row is a view that holds until `take` returns: the number of fields, then each one's length and bytes. */
  copy(query: string, take: (row: Buffer) => void): Promise<void>
}

/** `work` sees one moment of one organisation's rows, for as long as it takes. */
export async function readSnapshot<T>(pool: pg.Pool, organizationId: number, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0')
    await client.query(tenantSetting.text, [String(organizationId)])
    return await work({
      rows: async <R>(text: string) => (await client.query(text)).rows as R[],
      copy: (query, take) => copyOut(client, query, take),
    })
  } finally {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure
    })
    client.release(broken)
  }
}

function copyOut(client: pg.PoolClient, query: string, take: (row: Buffer) => void): Promise<void> {
  const reader = openReader(take)
  return new Promise((resolve, reject) => {
    const copy = new (pg.Query as unknown as QueryClass)({ text: `COPY (${query}) TO STDOUT (FORMAT binary)` }, undefined, (error) =>
      error || reader.failure() ? reject(error ?? reader.failure()) : resolve(),
    )
    copy.handleCopyData = ({ chunk }) => reader.read(chunk)
    client.query(copy as unknown as pg.Submittable)
  })
}

/** PostgreSQL sends a row a message, the header with the first of them; what does not look so is an error, not a guess. */
function openReader(take: (row: Buffer) => void) {
  let begun = false
  let failure: unknown
  function read(chunk: Buffer): void {
    if (!begun && (chunk.length < headerLength || !chunk.subarray(0, signature.length).equals(signature)))
      throw new Error('this is no binary COPY')
    const row = begun ? chunk : chunk.subarray(headerLength)
    begun = true
    if (row.length === 0 || (row.length === 2 && row.readInt16BE(0) === -1)) return
    take(row)
  }
  return {
    failure: () => failure,
    /** An error must not end the connection's own reading: it is kept until the copy has ended. */
    read(chunk: Buffer): void {
      if (failure !== undefined) return
      try {
        read(chunk)
      } catch (error) {
        failure = error
      }
    },
  }
}
