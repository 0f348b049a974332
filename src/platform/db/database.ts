// The door to PostgreSQL: reads over shared lanes, changes over pooled connections, both as `patchbay_app`,
// the role that owns nothing and that row-level security binds.
import pg from 'pg'
import { refuse } from '../errors/index.ts'
import { tenantSetting } from './batch.ts'
import { type Lanes, openLanes } from './lanes.ts'
import { bindValues, type Statement } from './statement.ts'
import { type Connection, type Counted, runTransaction } from './transaction.ts'

export type { Connection } from './transaction.ts'

export interface Database {
  /** One statement for one tenant; null stands for no tenant, where only functions that look across tenants answer. */
  read(organizationId: number | null, statement: Statement<unknown, unknown>, params: object): Promise<unknown[]>
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
  readonly pool: pg.Pool
  readonly url: string
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  readonly lanes: number
  readonly writers: number
  readonly onError: (error: Error) => void
  /** Told of every statement that ran: its name, how long it took, whether it failed. */
  readonly onStatement?: (name: string, failed: boolean) => void
}

// Instants and 64-bit numbers as JavaScript has them: identities stay far below 2^53.
pg.types.setTypeParser(20, Number)
pg.types.setTypeParser(1700, Number)

export function openDatabase(options: DatabaseOptions): Database {
  const config: pg.ClientConfig = { connectionString: options.url, options: '-c role=patchbay_app', application_name: 'patchbay' }
  const lanes = openLanes({ ...config, statement_timeout: 15_000 }, options.lanes, options.onError)
  const pool = new pg.Pool({
    ...config,
    max: options.writers,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    idle_in_transaction_session_timeout: 60_000,
    statement_timeout: 60_000,
  })
  pool.on('error', options.onError)
  // A connection that is lost while it is used fails the query, which tells whoever waits for it; its `error` event, which
  // nobody else hears then, would end the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  const seen = options.onStatement ?? (() => {})

  async function counted<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work()
      seen(name, false)
      return result
    } catch (error) {
      seen(name, true)
      throw translate(error)
    }
  }

  return {
    pool,
    url: options.url,
    read: (organizationId, statement, params) =>
      counted(statement.name, () => lanes.run(tenantText(organizationId), prepared(statement, params, organizationId))),
    transaction: (organizationId, work) => transaction(pool, organizationId, work, counted),
    stream: (organizationId, statement, params, pageSize) => stream(pool, organizationId, statement, params, pageSize),
    listen: (channels, onMessage, onLost) => listen(config, channels, onMessage, onLost),
    ping: () => counted('ping', async () => void (await pool.query('SELECT 1'))),
    close: () => closeAll(pool, lanes),
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
  const client = await counted('connect', () => pool.connect())
  let broken: Error | undefined
  try {
    return await runTransaction(client, organizationId, work, counted)
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure
    })
    throw translate(error)
  } finally {
    client.release(broken)
  }
}

async function* stream(pool: pg.Pool, organizationId: number, statement: Statement<unknown, unknown>, params: object, pageSize: number) {
  const client = await pool.connect()
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
  } finally {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure
    })
    client.release(broken)
  }
}

async function listen(
  config: pg.ClientConfig,
  channels: readonly string[],
  onMessage: (channel: string, payload: string) => void,
  onError: (error: Error) => void,
) {
  const client = new pg.Client(config)
  client.on('error', onError)
  client.on('notification', (message) => onMessage(message.channel, message.payload ?? ''))
  await client.connect()
  for (const channel of channels) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
  return { close: () => client.end() }
}

async function closeAll(pool: pg.Pool, lanes: Lanes): Promise<void> {
  await Promise.all([pool.end(), lanes.close()])
}

/** Whether an error is the breach of a named constraint (unique, exclusion, foreign key, check). */
export const breaks = (error: unknown, constraint: string): boolean => (error as { constraint?: string }).constraint === constraint

/** SQLSTATE classes that mean "not now": connection trouble, no resources, shut-down, a lost serialisation race. */
const unavailable = /^(08|53|57P|25P03|40001|40P01|55P03)/
const networkTrouble = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT', 'ENOTFOUND'])

function translate(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string }
  const cutOff =
    !code && /Connection terminated|timeout exceeded when trying to connect|not queryable|Query read timeout/.test(message ?? '')
  if (cutOff || (code && (unavailable.test(code) || networkTrouble.has(code)))) {
    return wrapUnavailable(error)
  }
  return error
}

function wrapUnavailable(cause: unknown): unknown {
  try {
    return refuse('database_unavailable', { cause, headers: { 'retry-after': '1' } })
  } catch (refusal) {
    return refusal
  }
}
