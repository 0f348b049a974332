// Makes a statement fail where it really fails: in PostgreSQL, or on the way there. The chosen statement's text is exchanged
// for one that raises the error, at the border to node-postgres, so that the transaction around it is broken as it would be.
import pg from 'pg'

/** SQLSTATEs that a healthy installation meets now and then, and one that it should never meet. */
export const codes = {
  '40001': 'a lost race',
  '40P01': 'a deadlock',
  '53300': 'too many connections',
  '57014': 'a statement that took too long',
  '57P01': 'a server that is shut down',
  XX000: 'something that PostgreSQL cannot explain',
} as const
export type Code = keyof typeof codes | 'cut'

export interface Faults {
  /** The statement of this name fails at its next use, once. `cut` ends the connection instead. */
  arm(name: string, code: Code): void
  /** Whether it has failed; nothing is armed any more. */
  fired(): boolean
  /** Names of the statements that were sent since it was last asked, each once. */
  sent(): string[]
  close(): void
}

interface Sent {
  name?: string
  text?: string
  values?: readonly unknown[]
  links?: { name: string; text: string; values: readonly unknown[] }[]
}
interface Client {
  connection?: { stream?: { destroy(error: Error): void } }
}
type Query = (this: Client, query: Sent | string, ...rest: unknown[]) => unknown

/** Makes what raises the errors. As the superuser, once for a database. */
export async function prepareFaults(db: pg.Client): Promise<void> {
  await db.query(`
    CREATE SCHEMA failing;
    CREATE FUNCTION failing.raise(code text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'secret words of the inside' USING ERRCODE = code; END $$;
    GRANT USAGE ON SCHEMA failing TO PUBLIC`)
}

export function openFaults(): Faults {
  const prototype = pg.Client.prototype as unknown as { query: Query } // the checked border to node-postgres
  const real = prototype.query
  const names = new Set<string>()
  let armed: { name: string; code: Code } | null = null
  prototype.query = function (query, ...rest) {
    if (typeof query === 'string') return real.call(this, query, ...rest)
    const links = query.links ?? (query.name ? [query as { name: string }] : [])
    for (const { name } of links) if (name) names.add(name)
    const wanted = armed
    const found = wanted ? links.findIndex(({ name }) => name === wanted.name) : -1
    if (wanted === null || found < 0) return real.call(this, query, ...rest)
    armed = null
    if (wanted.code === 'cut') {
      // Before it is sent: whether a COMMIT that was cut off has arrived nobody could say.
      this.connection?.stream?.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
      return real.call(this, query, ...rest)
    }
    const failing = { name: query.links ? '' : `failing_${wanted.code}`, text: `SELECT failing.raise('${wanted.code}')`, values: [] }
    if (query.links) query.links = query.links.with(found, failing)
    else Object.assign(query, failing)
    return real.call(this, query, ...rest)
  }
  return {
    arm(name, code) {
      armed = { name, code }
    },
    fired() {
      const fired = armed === null
      armed = null
      return fired
    },
    sent() {
      const all = [...names]
      names.clear()
      return all
    },
    close() {
      prototype.query = real
    },
  }
}
