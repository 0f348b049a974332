// PostgreSQL in the data folder: real server, run by Patchbay itself. Decides where the cluster lives and who runs it;
// refuses a data folder that another Patchbay holds. Every failure is an EmbeddedError with one sentence to act on.
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { serverAccount } from './embedded/account.ts'
import { findBinaries } from './embedded/binaries.ts'
import { openCluster, passwordFile, prepareDataFolder, superuser } from './embedded/cluster.ts'
import { EmbeddedError, explain } from './embedded/error.ts'
import { lockHolder, takeLock } from './embedded/lock.ts'
import { type Address, startServer } from './embedded/server.ts'

export { EmbeddedError, explain as explainInFolder } from './embedded/error.ts'

export interface EmbeddedOptions {
  readonly dataFolder: string
  readonly log?: { info(fields: object, message: string): void }
  /** Told of each step that may take longer than a second. */
  readonly onProgress?: (step: string) => void
  /** Told when the server ends without having been stopped. */
  readonly onLost?: (reason: EmbeddedError) => void
  /** Whatever the database holds is dropped first. */
  readonly anew?: boolean
  /** false: no fsync, for tests alone. */
  readonly durable?: boolean
  readonly maxConnections?: number
}

export interface Embedded {
  /** As the superuser; the password is in it. */
  readonly url: string
  /** The server's process id. */
  readonly pid: number
  stop(): Promise<void>
}

export const embeddedDatabase = 'patchbay'

/** Starts the database of this data folder, made when there is none. @throws EmbeddedError */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  if (process.platform === 'win32')
    throw new EmbeddedError('The embedded PostgreSQL runs on Linux and macOS. On Windows, set DATABASE_URL or use WSL.')
  const dataFolder = resolve(options.dataFolder)
  const account = await serverAccount()
  await prepareDataFolder(dataFolder, account)
  const release = lock(dataFolder)
  try {
    const embedded = await start({ ...options, dataFolder: await realpath(dataFolder) }, account)
    return {
      ...embedded,
      stop: async () => {
        await embedded.stop()
        rmSync(stateFile(dataFolder), { force: true })
        release()
      },
    }
  } catch (error) {
    release()
    throw error
  }
}

/** Where the database of a running Patchbay is; null when none runs on this data folder. */
export async function findEmbedded(dataFolder: string): Promise<{ url: string; pid: number; holder: number } | null> {
  const holder = lockHolder(lockFile(dataFolder))
  if (holder === null) return null
  try {
    const state: unknown = JSON.parse(await readFile(stateFile(dataFolder), 'utf8'))
    if (typeof state !== 'object' || state === null || !('host' in state) || !('port' in state) || !('pid' in state)) return null
    const password = (await readFile(passwordFile(dataFolder), 'utf8')).trim()
    return { url: urlOf({ host: String(state.host), port: Number(state.port) }, password), pid: Number(state.pid), holder }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null // still starting
    throw explain(error, dataFolder)
  }
}

async function start(options: EmbeddedOptions, account: Awaited<ReturnType<typeof serverAccount>>): Promise<Embedded> {
  const onProgress = options.onProgress ?? (() => {})
  const durable = options.durable ?? true
  const binaries = await findBinaries(account, onProgress)
  const cluster = await openCluster({ dataFolder: options.dataFolder, account, binaries, durable, onProgress })
  onProgress('Starting the database')
  const server = await startServer({
    cluster,
    binaries,
    account,
    durable,
    maxConnections: options.maxConnections ?? 200,
    onLost: options.onLost ?? (() => {}),
  })
  try {
    await createDatabaseOnce(urlOf(server.address, cluster.password, 'postgres'), options.anew ?? false)
    writeState(options.dataFolder, { ...server.address, pid: server.pid })
  } catch (error) {
    await server.stop()
    throw explain(error, options.dataFolder)
  }
  options.log?.info({ pid: server.pid, folder: cluster.home }, 'database started')
  return { url: urlOf(server.address, cluster.password), pid: server.pid, stop: server.stop }
}

async function createDatabaseOnce(url: string, anew: boolean): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    if (anew) await client.query(`DROP DATABASE IF EXISTS ${embeddedDatabase} WITH (FORCE)`)
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [embeddedDatabase])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${embeddedDatabase}`)
  } finally {
    await client.end()
  }
}

const lockFile = (dataFolder: string): string => join(dataFolder, 'patchbay.lock')
const stateFile = (dataFolder: string): string => join(dataFolder, 'postgres.json')

function lock(dataFolder: string): () => void {
  try {
    return takeLock(lockFile(dataFolder), dataFolder)
  } catch (error) {
    throw explain(error, dataFolder)
  }
}

function writeState(dataFolder: string, state: Address & { pid: number }): void {
  const draft = `${stateFile(dataFolder)}.new`
  writeFileSync(draft, `${JSON.stringify(state)}\n`, { mode: 0o600 })
  renameSync(draft, stateFile(dataFolder))
}

const urlOf = ({ host, port }: Address, password: string, database = embeddedDatabase): string =>
  `postgres://${superuser}:${encodeURIComponent(password)}@${encodeURIComponent(host)}:${port}/${database}`
