// Databases for tests: each file clones its own from a template, which the first that needs it builds for the whole run.
// TEST_DATABASE_URL (a superuser's) names another server, for the matrix of PostgreSQL versions.
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { inject } from 'vitest'

export interface TestDatabase {
  readonly name: string
  /** As the superuser. Whoever tests isolation connects with `-c role=patchbay_app`, as the server does. */
  readonly url: string
  drop(): Promise<void>
}

let serverUrl: Promise<string> | undefined

/** The run's PostgreSQL, as the superuser, in the database `postgres`. */
export function postgresUrl(): Promise<string> {
  serverUrl ??= process.env.TEST_DATABASE_URL ? Promise.resolve(process.env.TEST_DATABASE_URL) : askForServer()
  return serverUrl
}

/** A database of its own: empty, or a clone of `template` (about 25 ms). */
export async function createDatabase(template = 'template1'): Promise<TestDatabase> {
  const name = `test_${process.pid}_${randomBytes(5).toString('hex')}`
  await administer((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${pg.escapeIdentifier(template)} STRATEGY file_copy`))
  return { name, url: within(await postgresUrl(), name), drop: () => dropDatabase(name) }
}

/** Where the server of `url` listens, for whoever stands before it: a port, or the path of a socket; and the host. */
export function addressOf(url: string): [target: number | string, host: string] {
  const { host, port } = new pg.Client({ connectionString: url })
  return [host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : port, host]
}

/** A database for `work` alone. When that fails, its error is told, and not that it left connections open. */
export async function withDatabase<T>(template: string, work: (database: TestDatabase) => Promise<T>): Promise<T> {
  const database = await createDatabase(template)
  const done = await work(database).catch(async (error: unknown) => {
    await database.drop().catch(() => {})
    throw error
  })
  await database.drop()
  return done
}

/**
 * Fails when somebody is still connected: a connection that outlives its test is a leak.
 * @throws an Error that names the connections that were left open
 */
export async function dropDatabase(name: string): Promise<void> {
  await administer(async (client) => {
    const left = await connectionsThatStay(client, name)
    await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`)
    if (left.length > 0) throw new Error(`${left.length} connection(s) to ${name} were left open; the last statements: ${left.join(' | ')}`)
  })
}

/**
 * Builds the template `name` once for the whole run and answers with its name; whoever comes meanwhile waits.
 * `build` gets the superuser's URL of the new database and must close its connections.
 */
export async function templateReady(build: (url: string) => Promise<void>, name = 'patchbay_template'): Promise<string> {
  const finished = pg.escapeIdentifier(name)
  const draft = `${name}_draft`
  await administer(async (client) => {
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [name])
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
    if (rowCount === 1) return
    await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(draft)} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(draft)}`)
    await build(within(await postgresUrl(), draft))
    const left = await connectionsThatStay(client, draft)
    if (left.length > 0) throw new Error(`the builder of ${name} left connections open; the last statements: ${left.join(' | ')}`)
    await client.query(`ALTER DATABASE ${pg.escapeIdentifier(draft)} RENAME TO ${finished}`)
  })
  return name
}

/** A closed connection takes a moment to disappear from the server; what is still there after three seconds stays. */
async function connectionsThatStay(client: pg.Client, name: string): Promise<string[]> {
  const deadline = performance.now() + 3_000
  for (;;) {
    const { rows } = await client.query<{ query: string }>(
      "SELECT query FROM pg_stat_activity WHERE datname = $1 AND backend_type IN ('client backend', 'parallel worker')",
      [name],
    )
    if (rows.length === 0 || performance.now() > deadline) return rows.map(({ query }) => query)
    await client.query('SELECT pg_sleep(0.01)')
  }
}

async function administer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: await postgresUrl() })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function within(url: string, database: string): string {
  const parsed = new URL(url)
  parsed.pathname = `/${database}`
  return parsed.href
}

async function askForServer(): Promise<string> {
  const answer: unknown = JSON.parse(await text(connect(inject('postgresDoor'), '127.0.0.1')))
  if (typeof answer === 'object' && answer !== null && 'url' in answer) return within(String(answer.url), 'postgres')
  throw new Error(`no PostgreSQL for tests: ${JSON.stringify(answer)}`)
}
