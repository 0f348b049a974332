import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { birthMark, run, until } from './embedded/process.ts'
import { type Embedded, EmbeddedError, type EmbeddedOptions, findEmbedded, startEmbedded } from './embedded.ts'

const fixture = fileURLToPath(new URL('embedded/patchbay.fixture.ts', import.meta.url))
const asRoot = process.getuid?.() === 0
const nobody = { name: 'nobody', uid: 65534, gid: 65534 }
const openToAll =
  asRoot && (await run('/bin/sh', ['-c', 'test -r "$1" && test -x "$2"', 'sh', fixture, process.execPath], nobody)).code === 0
let folder: string
const started: Embedded[] = []
const children: ChildProcess[] = []

/** As a first start leaves it. */
let seed: string

const makeFolder = () => {
  const made = mkdtempSync(join(tmpdir(), 'embedded-test-'))
  chmodSync(made, 0o711)
  return made
}
const remove = (path: string) => rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })

beforeAll(async () => {
  seed = makeFolder()
  await (await startEmbedded({ dataFolder: seed, durable: false })).stop()
})
afterAll(() => remove(seed))

beforeEach(() => {
  folder = makeFolder()
})

afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  for (const embedded of started.splice(0)) await embedded.stop()
  remove(folder)
})

/** The folder has been started before: a copy takes a tenth of the time that making a cluster does. */
const haveStartedBefore = () => run('/bin/cp', ['-a', `${seed}/.`, folder], null)

async function start(options: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  const embedded = await startEmbedded({ dataFolder: folder, durable: false, ...options })
  started.push(embedded)
  return embedded
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows[0]?.[0]
  } finally {
    await client.end()
  }
}

interface Said {
  url?: string
  pid?: number
  step?: string
  refused?: string
}

/** Starts a Patchbay of its own on `dataFolder`, and answers what it says until `enough`. */
async function other(dataFolder: string, enough: (said: Said) => boolean, identity: { uid?: number; gid?: number } = {}) {
  const child = spawn(process.execPath, [fixture, dataFolder], { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/', ...identity })
  children.push(child)
  for await (const line of createInterface({ input: child.stdout })) {
    const said: Said = JSON.parse(line)
    if (enough(said)) return { child, said }
  }
  throw new Error('it ended before it said that')
}

const isReady = (said: Said) => said.url !== undefined
const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'it started',
    (error: unknown) => (error instanceof EmbeddedError ? error.message : `not an EmbeddedError: ${error}`),
  )
const isOneSentence = (text: string) => !text.includes('\n') && !/\bat .*:\d+/.test(text) && text.length < 400

describe('the embedded database', () => {
  test('keeps what was stored, speaks UTF-8, and lets nobody else read its password', async () => {
    const first = await start()
    await ask(first.url, "CREATE TABLE kept AS SELECT 'Zoë'::text AS name")
    await first.stop()
    expect(lives(first.pid)).toBe(false)
    const second = await start()
    expect(await ask(second.url, 'SELECT upper(name) FROM kept')).toBe('ZOË')
    expect(statSync(join(folder, 'postgres.password')).mode & 0o777).toBe(0o600)
    const wrong = new URL(second.url)
    wrong.password = 'guess'
    await expect(ask(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed')
  })

  test('is found by other commands while it runs, and only then', async () => {
    await haveStartedBefore()
    expect(await findEmbedded(folder)).toBeNull()
    const embedded = await start()
    expect(await findEmbedded(folder)).toEqual({ url: embedded.url, pid: embedded.pid, holder: process.pid })
    await embedded.stop()
    expect(await findEmbedded(folder)).toBeNull()
  })

  test('ends when Patchbay is killed, and loses nothing that was committed', async () => {
    await haveStartedBefore()
    const { child, said } = await other(folder, isReady)
    await ask(said.url ?? '', 'CREATE TABLE kept AS SELECT 7 AS n')
    await kill(child)
    expect(await until(() => !lives(said.pid ?? 0), 10_000)).toBe(true)
    expect(await ask((await start()).url, 'SELECT n FROM kept')).toBe(7)
  })

  test('a server that a killed Patchbay could not take along is stopped by the next one', async () => {
    await haveStartedBefore()
    const { child, said } = await other(folder, isReady)
    const guard = guardOf(said.pid ?? 0)
    process.kill(guard, 'SIGKILL')
    await kill(child)
    expect(await until(() => !lives(guard), 5_000)).toBe(true)
    expect(lives(said.pid ?? 0)).toBe(true)
    const next = await start()
    expect(next.pid).not.toBe(said.pid)
    expect(lives(said.pid ?? 0)).toBe(false)
  })

  test('a stale postmaster.pid that names a living stranger is removed, and the stranger lives', async () => {
    await haveStartedBefore()
    const stranger = spawn('sleep', ['60'])
    children.push(stranger)
    writeFileSync(
      join(folder, 'postgres', 'cluster', 'postmaster.pid'),
      `${stranger.pid}\n${folder}/postgres/cluster\n1\n5432\n\n\n\nready   \n`,
    )
    expect(await ask((await start()).url, 'SELECT 1')).toBe(1)
    expect(lives(stranger.pid ?? 0)).toBe(true)
  })

  test('a lock whose holder has ended holds nothing, though its process id lives on', async () => {
    await haveStartedBefore()
    writeFileSync(join(folder, 'patchbay.lock'), JSON.stringify({ pid: process.pid, born: 'another boot/1' }))
    expect(await ask((await start()).url, 'SELECT 1')).toBe(1)
  })

  test('a start that was cut short leaves nothing in the way', async () => {
    const { child } = await other(folder, (said) => said.step === 'Creating the database')
    await kill(child)
    expect(await ask((await start()).url, 'SELECT 1')).toBe(1)
    expect(readdirSync(folder).filter((name) => name.includes('.new'))).toEqual([])
  })

  test('a second Patchbay on the same data folder is told which process has it', async () => {
    await haveStartedBefore()
    await start()
    const { said } = await other(folder, (one) => one.refused !== undefined)
    expect(said.refused).toContain(`process id ${process.pid}`)
    expect(said.refused).toContain(folder)
  })

  test('of two that start at once, one starts and one is refused', async () => {
    const settled = (said: Said) => isReady(said) || said.refused !== undefined
    const both = await Promise.all([other(folder, settled), other(folder, settled)])
    expect(both.map(({ said }) => (said.refused ? 'refused' : 'started')).sort()).toEqual(['refused', 'started'])
  })

  test('says so when the server ends on its own', async () => {
    await haveStartedBefore()
    const lost = Promise.withResolvers<Error>()
    const embedded = await start({ onLost: lost.resolve })
    process.kill(embedded.pid, 'SIGKILL')
    expect((await lost.promise).message).toContain('server.log')
  })

  test('a data folder whose path is too long for a socket is served over 127.0.0.1', async () => {
    const long = join(folder, 'a'.repeat(90))
    const embedded = await start({ dataFolder: long })
    expect(new URL(embedded.url).hostname).toBe('127.0.0.1')
    expect(await ask(embedded.url, 'SELECT 1')).toBe(1)
  })
})

describe('what the embedded database refuses, in one sentence', () => {
  test('a data folder that is a file, or lies in one', async () => {
    writeFileSync(join(folder, 'file'), '')
    for (const dataFolder of [join(folder, 'file'), join(folder, 'file', 'below')]) {
      const said = await refusal(startEmbedded({ dataFolder }))
      expect(said).toContain('PATCHBAY_DATA')
      expect(said).toSatisfy(isOneSentence)
    }
  })

  test('a cluster of another version, and it is not touched', async () => {
    const version = join(folder, 'postgres', 'cluster', 'PG_VERSION')
    await haveStartedBefore()
    const ours = readFileSync(version, 'utf8').trim()
    writeFileSync(version, '9.6\n')
    expect(await refusal(start())).toMatch(new RegExp(`made by PostgreSQL 9\\.6, and this Patchbay brings ${ours}`))
    writeFileSync(version, `${ours}\n`)
    expect(await ask((await start()).url, 'SELECT 1')).toBe(1)
  })

  test('a broken cluster, a lost password, a damaged control file, each by name', async () => {
    await haveStartedBefore()
    const control = join(folder, 'postgres', 'cluster', 'global', 'pg_control')
    const kept = readFileSync(control)
    writeFileSync(control, Buffer.alloc(kept.length))
    const damaged = await refusal(start())
    expect(damaged).toMatch(/^PostgreSQL could not start: /)
    expect(damaged).toSatisfy(isOneSentence)
    rmSync(join(folder, 'postgres', 'cluster', 'PG_VERSION'))
    expect(await refusal(start())).toContain('is not a database cluster')
    rmSync(join(folder, 'postgres.password'))
    expect(await refusal(start())).toContain('password')
  })

  test('a link to a database that is gone', async () => {
    symlinkSync('/nonexistent/database', join(folder, 'postgres'))
    expect(await refusal(start())).toContain('points to a folder that is gone')
  })
})

describe.runIf(asRoot)('as root', () => {
  test('a data folder that only root can enter works, with the database elsewhere and a link to it', async () => {
    const closed = join(folder, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    const embedded = await start({ dataFolder: join(closed, 'data') })
    expect(await ask(embedded.url, 'SELECT 1')).toBe(1)
    const link = join(closed, 'data', 'postgres')
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    const home = realpathSync(link)
    await embedded.stop()
    expect(await ask((await start({ dataFolder: join(closed, 'data') })).url, 'SELECT 1')).toBe(1)
    await started.at(-1)?.stop()
    rmSync(home, { recursive: true })
  })

  // In a checkout that only root can enter there is no ordinary user who could run anything.
  test.skipIf(!openToAll)('an ordinary user runs it as himself, and a folder that is not his is refused', async () => {
    const { said: refused } = await other(folder, (said) => said.refused !== undefined, { uid: nobody.uid, gid: nobody.gid })
    expect(refused.refused).toContain('may not be')
    const own = join(folder, 'own')
    mkdirSync(own, { mode: 0o700 })
    chownSync(own, 65534, 65534)
    const { child, said } = await other(own, isReady, { uid: nobody.uid, gid: nobody.gid })
    expect(await ask(said.url ?? '', 'SELECT 1')).toBe(1)
    expect(statSync(join(own, 'postgres')).uid).toBe(65534)
    child.stdin?.end()
    expect(await until(() => child.exitCode === 0, 10_000)).toBe(true)
    expect(existsSync(join(own, 'patchbay.lock'))).toBe(false)
  })
})

/** A zombie that nobody has fetched yet has ended. */
const lives = (pid: number): boolean => birthMark(pid) !== ''

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** The shell that ends the server of `pid` when its Patchbay ends. */
function guardOf(pid: number): number {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const line = existsSync(`/proc/${name}/cmdline`) ? readFileSync(`/proc/${name}/cmdline`, 'utf8') : ''
    if (line.startsWith('/bin/sh\0-c\0read') && line.includes(`\0${pid}\0`)) return Number(name)
  }
  throw new Error(`no guard watches over ${pid}`)
}
