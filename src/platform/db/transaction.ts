// One transaction on a connection of its own. What surrounds the statements is kept back until the next one is sent: a
// transaction or a savepoint in which nothing ran costs nothing, and the last statement travels with the COMMIT.
import type pg from 'pg'
import { tenantSetting } from './batch.ts'
import { type Link, runChain } from './chain.ts'
import { bindValues, type Statement } from './statement.ts'

export interface Connection {
  run(statement: Statement<unknown, unknown>, params: object): Promise<unknown[]>
  /** Sent with the next statement, or with the COMMIT: for changes whose answer nobody waits for. What goes wrong is thrown there. */
  later(statement: Statement<unknown, unknown>, params: object): void
  /** What is no statement of the domain's, such as `SET LOCAL`. */
  command(sql: string): Promise<void>
  /** Runs last, with the COMMIT: what it locks is locked for no longer than that. */
  runLast(statement: Statement<unknown, unknown>, params: object): void
  /** When `work` throws, what it did is undone and what was done before it stays. */
  savepoint<T>(work: () => Promise<T>): Promise<T>
}

export type Counted = <T>(name: string, work: () => Promise<T>) => Promise<T>

/** Committed when `work` returns. When it throws, the transaction is still open: rolling back is for whoever owns the client. */
export async function runTransaction<T>(
  client: pg.ClientBase,
  organizationId: number | null,
  work: (connection: Connection) => Promise<T>,
  counted: Counted,
): Promise<T> {
  const open = openTransaction(client, organizationId, counted)
  const result = await work(open.connection)
  await open.commit()
  return result
}

/** A frame around statements, or, with `work`, a statement that somebody asked for. */
type Waiting = Link & { readonly work?: boolean }

function openTransaction(client: pg.ClientBase, organizationId: number | null, counted: Counted) {
  const tenant = organizationId === null ? '' : String(organizationId)
  let waiting: Waiting[] = [say('begin', 'BEGIN'), { ...tenantSetting, values: [tenant] }]
  const last: Link[] = []
  let begun = false
  let level = 0

  async function send(link: Link): Promise<unknown[]> {
    const links = [...waiting, link]
    waiting = []
    begun = true
    return (await runChain(client, links)).rows
  }

  async function savepoint<T>(work: () => Promise<T>): Promise<T> {
    const name = `s${++level}`
    const set = say(`savepoint_${name}`, `SAVEPOINT ${name}`)
    waiting.push(set)
    try {
      const value = await work()
      const idle = waiting.includes(set) && !waiting.slice(waiting.indexOf(set)).some((link) => link.work)
      if (idle) waiting.splice(waiting.indexOf(set))
      else waiting.push(say(`release_${name}`, `RELEASE SAVEPOINT ${name}`))
      return value
    } catch (error) {
      if (waiting.includes(set)) waiting.splice(waiting.indexOf(set))
      else
        await undo(name).catch(() => {
          throw error // a connection that cannot even undo is lost, and why is what the first error says
        })
      throw error
    } finally {
      level -= 1
    }
  }

  /** Whatever waits belongs to what is undone. */
  async function undo(name: string): Promise<void> {
    waiting = []
    await runChain(client, [say(`rollback_${name}`, `ROLLBACK TO SAVEPOINT ${name}`), say(`release_${name}`, `RELEASE SAVEPOINT ${name}`)])
  }

  const bound = (statement: Statement<unknown, unknown>, params: object): Link => ({
    name: statement.name,
    text: statement.text,
    values: bindValues(statement, params, organizationId),
  })
  const connection: Connection = {
    run: (statement, params) => counted(statement.name, () => send(bound(statement, params))),
    later: (statement, params) => {
      waiting.push({ ...bound(statement, params), work: true })
      void counted(statement.name, async () => {})
    },
    command: (sql) => counted('command', async () => void (await send({ name: '', text: sql, values: [] }))),
    runLast: (statement, params) => void last.push(bound(statement, params)),
    savepoint,
  }
  return {
    connection,
    async commit(): Promise<void> {
      const unsent = waiting.some((link) => link.work)
      if (!begun && !unsent && last.length === 0) return
      const links = [...(begun && !unsent ? [] : waiting), ...last, say('commit', 'COMMIT')]
      const { command } = await counted('commit', () => runChain(client, links))
      // PostgreSQL answers COMMIT with ROLLBACK where a statement had failed before.
      if (command !== 'COMMIT') throw new Error('a statement of this transaction failed and nobody was told: it is rolled back')
    },
  }
}

const say = (name: string, text: string): Link => ({ name: `patchbay_${name}`, text, values: [] })
