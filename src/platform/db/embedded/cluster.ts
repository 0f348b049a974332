// The cluster's place on disk. Below the data folder when the server's account can reach it there; otherwise in a
// folder of its own with a link from the data folder, so that whoever looks finds it.
//   <data folder>/postgres/            home: owned by the server's account, 0700
//     cluster/  run/  server.log
//   <data folder>/postgres.password    0600
import { randomBytes } from 'node:crypto'
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Binaries, ownFolder, reachableFolders } from './binaries.ts'
import { EmbeddedError, explain, explainOutput } from './error.ts'
import { type Account, run } from './process.ts'

export interface Cluster {
  readonly home: string
  readonly data: string
  readonly sockets: string
  readonly log: string
  readonly password: string
}

export const superuser = 'postgres'
export const passwordFile = (dataFolder: string): string => join(dataFolder, 'postgres.password')

export async function prepareDataFolder(dataFolder: string, account: Account | null): Promise<void> {
  try {
    // Another account must pass through to its own folder; it can list nothing here.
    await mkdir(dataFolder, { recursive: true, mode: account ? 0o711 : 0o700 })
    const probe = await mkdtemp(join(dataFolder, '.probe-'))
    await rm(probe, { recursive: true })
  } catch (error) {
    throw explain(error, dataFolder)
  }
}

export interface Wishes {
  readonly dataFolder: string
  readonly account: Account | null
  readonly binaries: Binaries
  readonly durable: boolean
  readonly onProgress: (step: string) => void
}

/** The cluster of this data folder, made when there is none. */
export async function openCluster(wishes: Wishes): Promise<Cluster> {
  const link = join(wishes.dataFolder, 'postgres')
  try {
    const home = (await homeOf(link)) ?? (await makeHome(link, wishes))
    const cluster = await describe(home, wishes)
    await checkVersion(cluster, wishes.binaries.major)
    await mkdir(cluster.sockets, { recursive: true, mode: 0o700 })
    if (wishes.account) await chown(cluster.sockets, wishes.account.uid, wishes.account.gid)
    return cluster
  } catch (error) {
    throw explain(error, link)
  }
}

async function homeOf(link: string): Promise<string | null> {
  const found = await lstat(link).catch(absent)
  if (!found) return null
  const home = await realpath(link).catch(absent)
  if (home) return home
  throw new EmbeddedError(
    `${link} points to a folder that is gone, and with it the database. Put it back, or remove the link to begin anew.`,
  )
}

async function describe(home: string, { dataFolder }: Wishes): Promise<Cluster> {
  const password = (await readFile(passwordFile(dataFolder), 'utf8').catch(absent))?.trim()
  if (!password) {
    throw new EmbeddedError(
      `The password of the database in ${home} is missing (${passwordFile(dataFolder)}). Put the file back, or move the data folder away to begin anew.`,
    )
  }
  return { home, data: join(home, 'cluster'), sockets: join(home, 'run'), log: join(home, 'server.log'), password }
}

async function checkVersion(cluster: Cluster, major: number): Promise<void> {
  const found = (await readFile(join(cluster.data, 'PG_VERSION'), 'utf8').catch(absent))?.trim()
  if (found === undefined)
    throw new EmbeddedError(
      `${cluster.data} is not a database cluster (PG_VERSION is missing). Move it away to begin anew, or restore it from a backup.`,
    )
  if (Number.parseInt(found, 10) !== major) {
    throw new EmbeddedError(
      `${cluster.data} was made by PostgreSQL ${found}, and this Patchbay brings ${major}. Start it with the Patchbay that made it and export the data, or move it away to begin anew.`,
    )
  }
}

/** Made under another name and put in place when it is whole, so that an interrupted start leaves no half cluster. */
async function makeHome(link: string, wishes: Wishes): Promise<string> {
  wishes.onProgress('Creating the database')
  const { account, dataFolder } = wishes
  await removeDrafts(link)
  const near = await mkdtemp(`${link}.new-`)
  await give(near, account)
  if (await canWorkIn(near, account)) return fill(near, link, wishes)
  await rm(near, { recursive: true })
  const far = await farHome(account, dataFolder)
  const home = await fill(far, far, wishes)
  await symlink(home, link)
  return home
}

/** What an interrupted start left. The lock is held, so nobody is working in them. */
async function removeDrafts(link: string): Promise<void> {
  for (const name of await readdir(dirname(link))) {
    if (name.startsWith('postgres.new-'))
      await rm(join(dirname(link), name), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

async function fill(draft: string, home: string, wishes: Wishes): Promise<string> {
  const password = randomBytes(24).toString('base64url')
  const note = join(draft, 'password')
  try {
    await writeFile(note, password, { mode: 0o600 })
    if (wishes.account) await chown(note, wishes.account.uid, wishes.account.gid)
    await initialise(join(draft, 'cluster'), note, wishes)
    await rm(note)
    await writeFile(passwordFile(wishes.dataFolder), `${password}\n`, { mode: 0o600 })
    if (draft !== home) await rename(draft, home)
    return home
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw explain(error, wishes.dataFolder)
  }
}

async function initialise(data: string, passwordNote: string, { binaries, account, durable }: Wishes): Promise<void> {
  const args = ['-D', data, '-U', superuser, `--pwfile=${passwordNote}`, '--auth=scram-sha-256', '--encoding=UTF8', '--no-instructions']
  // The built-in provider sorts alike on every machine and never changes with the system's library.
  const provider = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const sync = durable ? [] : ['--no-sync']
  let outcome = await run(binaries.initdb, [...args, ...provider, '--locale=C.UTF-8', ...sync], account)
  if (/invalid locale name/.test(outcome.output))
    outcome = await run(binaries.initdb, [...args, ...provider, '--locale=C', ...sync], account)
  if (outcome.code !== 0) throw explainOutput('create its database', outcome.output, data)
}

async function farHome(account: Account | null, dataFolder: string): Promise<string> {
  for (const folder of reachableFolders()) {
    try {
      await ownFolder(folder)
      const home = await mkdtemp(join(folder, 'database-'))
      await give(home, account)
      if (await canWorkIn(home, account)) return home
      await rm(home, { recursive: true })
    } catch (error) {
      if (!(explain(error, folder) instanceof EmbeddedError)) throw error
    }
  }
  throw new EmbeddedError(
    `The account ${account?.name} cannot reach ${dataFolder}, nor ${reachableFolders().join(' or ')}. Set PATCHBAY_DATA to a folder that every account can pass through.`,
  )
}

async function give(folder: string, account: Account | null): Promise<void> {
  await chmod(folder, 0o700)
  if (account) await chown(folder, account.uid, account.gid)
}

/** Asked of the account itself, because modes alone do not tell (access lists, containers, mounts). */
async function canWorkIn(folder: string, account: Account | null): Promise<boolean> {
  if (!account) return true
  const { code } = await run('/bin/sh', ['-c', 'cd "$1" && : > .probe && rm .probe', 'sh', folder], account)
  return code === 0
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}
