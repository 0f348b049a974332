// The door to PostgreSQL: reads over shared lanes, changes over pooled connections, both as `patchbay_app`,
// the role that owns nothing and that row-level security binds.
import pg from 'pg'
import { Refusal } from '../errors/index.ts'
import { openBacklog } from './backlog.ts'
import { tenantSetting } from './batch.ts'
import { openEar } from './ear.ts'
import { openLanes } from './lanes.ts'
import { openWatch, type Watch } from './silence.ts'
import { bindValues, type Statement } from './statement.ts'
import { type Connection, type Counted, runTransaction } from './transaction.ts'
import { codeOf, lossOf, notConnected, type Outage, openOutage, readOnly, translate, unavailable } from './trouble.ts'

export type { Connection } from './transaction.ts'

export interface Database {
  /** One statement for one tenant; null stands for no tenant, where only functions that look across tenants answer. */
  read(organizationId: number | null, statement: Statement<unknown, unknown>, params: object): Promise<unknown[]>
  /** Likewise, for a statement whose one column is JSON, read by nobody here: text, or bytes where it is long; null without a row. */
  json(organizationId: number | null, statement: Statement<unknown, { json: string }>, params: object): Promise<string | Buffer | null>
  /** `work` in one transaction of that tenant: committed when it returns, rolled back when it throws. */
  transaction<T>(organizationId: number | null, work: (connection: Connection) => Promise<T>): Promise<T>
  /** A connection of its own for what must not hold up others (exports, long scans): rows arrive in pages. */
  stream(organizationId: number, statement: Statement<unknown, unknown>, params: object, pageSize: number): AsyncGenerator<unknown[]>
  /** A plain connection, for LISTEN. */
  listen(
    channels: readonly string[],
    onMessage: (channel: string, payload: string) => void,
    onLost: (error: Error) => void,
  ): Promise<{ close(): Promise<void> }>
  ping(): Promise<void>
  /** How long a read that comes now would wait for its turn, in milliseconds; to be asked again and again. */
  backlogMs(): number
  readonly pool: pg.Pool
  readonly url: string
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  readonly lanes: number
  readonly writers: number
  /** Told once of an outage, however many connections it takes with it. */
  readonly onError: (error: Error) => void
  /** Told when it is over. */
  readonly onBack?: (lastedMs: number) => void
  /** Told of every statement: its name, and whether PostgreSQL was not there for it. */
  readonly onStatement?: (name: string, lost: boolean) => void
}

// Instants and 64-bit numbers as JavaScript has them: identities stay far below 2^53.
pg.types.setTypeParser(20, Number)
pg.types.setTypeParser(1700, Number)

/** To be connected. */
const connectMs = 3_000
/** For a connection that is free: a crowd of two hundred takes its turns in this time, on a slow machine too. */
const turnMs = 6_000
/** For a lock that somebody else holds: a transaction that was left idle must not hold up whoever meets it. */
const lockMs = 3_000
const readMs = 15_000
const changeMs = 60_000
const pingMs = 2_000
/** Reads that are on their way on one connection before they count as a queue. */
const perLane = 8

export function openDatabase(options: DatabaseOptions): Database {
  const config: pg.ClientConfig = {
    connectionString: options.url,
    options: '-c role=patchbay_app',
    application_name: 'patchbay',
    connectionTimeoutMillis: connectMs,
    lock_timeout: lockMs,
    keepAlive: true,
  }
  const outage = openOutage(options.onError, options.onBack ?? (() => {}), () => performance.now())
  const watch = openWatch(config)
  const backlog = openBacklog(options.lanes * perLane, () => performance.now())
  const lanes = openLanes({ config: { ...config, statement_timeout: readMs }, size: options.lanes, watch, backlog, onError: outage.failed })
  const pool = openPool({ ...config, connectionTimeoutMillis: turnMs, statement_timeout: changeMs, max: options.writers }, watch, outage)
  const seen = options.onStatement ?? (() => {})

  async function counted<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work()
      outage.worked()
      seen(name, false)
      return result
    } catch (error) {
      const loss = lossOf(error)
      if (loss) outage.failed(loss)
      seen(name, loss !== null)
      throw translate(error)
    }
  }
  const read: Database['read'] = (organizationId, statement, params) =>
    counted(statement.name, () => lanes.run(tenantText(organizationId), prepared(statement, params, organizationId)))
  const json: Database['json'] = async (organizationId, statement, params) => {
    const query = { ...prepared(statement, params, organizationId), handOn: true }
    const rows = await counted(statement.name, () => lanes.run(tenantText(organizationId), query))
    return (rows[0] as string | Buffer | undefined) ?? null
  }

  return {
    pool,
    url: options.url,
    read,
    json,
    transaction: (organizationId, work) => transaction(pool, organizationId, work, counted),
    stream: (organizationId, statement, params, pageSize) => stream(pool, organizationId, statement, params, pageSize),
    listen: (channels, onMessage, lost) => {
      const onLost = (error: Error) => {
        outage.failed(error)
        lost(error)
      }
      return openEar({ config, channels, onMessage, onAlive: outage.worked, onLost })
    },
    backlogMs: backlog.waitMs,
    ping: () => soon(counted('ping', () => lanes.run('', sign))),
    async close() {
      const late = setTimeout(() => watch.cutAll(), connectMs)
      await Promise.all([pool.end(), lanes.close()])
      clearTimeout(late)
      watch.close()
    },
  }
}

const sign = { name: 'patchbay_ping', text: 'SELECT 1', values: [] }

/** Whoever asks whether the database answers does not want to wait for it. */
async function soon(answer: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(unavailable(new Error(`no answer within ${pingMs} ms`))), pingMs)
  try {
    await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function openPool(config: pg.PoolConfig, watch: Watch, outage: Outage): pg.Pool {
  const pool = new pg.Pool({ ...config, idleTimeoutMillis: 30_000, idle_in_transaction_session_timeout: 60_000 })
  pool.on('error', outage.failed)
  pool.on('connect', (client) => {
    // A connection that is lost while it is used fails the query, which tells whoever waits for it; its `error` event,
    // which nobody else hears then, would end the process.
    client.on('error', () => {})
    watch.add(client)
  })
  return pool
}

async function connected(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    throw notConnected(error)
  }
}

const tenantText = (organizationId: number | null): string => (organizationId === null ? '' : String(organizationId))
const prepared = (statement: Statement<unknown, unknown>, params: object, organizationId: number | null) => ({
  name: statement.name,
  text: statement.text,
  values: bindValues(statement, params, organizationId),
})

async function transaction<T>(
  pool: pg.Pool,
  organizationId: number | null,
  work: (c: Connection) => Promise<T>,
  counted: Counted,
): Promise<T> {
  const client = await counted('connect', () => connected(pool))
  let broken: Error | undefined
  try {
    return await runTransaction(client, organizationId, work, counted)
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure
    })
    // What takes no changes was the leader once: the next transaction asks whoever is it now.
    if (error instanceof Refusal && codeOf(error.cause) === readOnly) broken ??= error
    throw translate(error)
  } finally {
    client.release(broken)
  }
}

async function* stream(pool: pg.Pool, organizationId: number, statement: Statement<unknown, unknown>, params: object, pageSize: number) {
  const client = await connected(pool)
  let broken: Error | undefined
  try {
    await client.query('BEGIN READ ONLY')
    await client.query(tenantSetting.text, [tenantText(organizationId)]) // unnamed: transactions keep their own list of names
    await client.query(`DECLARE pages NO SCROLL CURSOR FOR ${statement.text}`, bindValues(statement, params, organizationId))
    for (;;) {
      const { rows } = await client.query(`FETCH ${Math.trunc(pageSize)} FROM pages`)
      if (rows.length === 0) break
      yield rows
    }
  } catch (error) {
    throw translate(error)
  } finally {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure
    })
    client.release(broken)
  }
}

/** Whether an error is the breach of a named constraint (unique, exclusion, foreign key, check). */
export const breaks = (error: unknown, constraint: string): boolean => (error as { constraint?: string }).constraint === constraint
