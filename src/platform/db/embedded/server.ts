// Runs PostgreSQL's server process: starts it, knows when it is ready, stops it, and sees to it that it does not
// outlive Patchbay. It has a session of its own, so that Ctrl-C reaches Patchbay first and the database last.
import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'
import type { Cluster } from './cluster.ts'
import { EmbeddedError, explainOutput } from './error.ts'
import { type Account, commandLine, isAlive, programEnvironment, until } from './process.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

export interface Server {
  readonly pid: number
  readonly address: Address
  stop(): Promise<void>
}

export interface ServerWishes {
  readonly cluster: Cluster
  readonly binaries: Binaries
  readonly account: Account | null
  readonly durable: boolean
  readonly maxConnections: number
  /** Called when the server ends without having been told to. */
  readonly onLost: (reason: EmbeddedError) => void
}

const stopLimitMs = 20_000
const startLimitMs = 60_000
const logLimitBytes = 5_000_000
// A socket's path fits 103 bytes on macOS and 107 on Linux, with PostgreSQL's own file name in it.
const longestSocketFolder = 103 - '/.s.PGSQL.65535'.length

export async function startServer(wishes: ServerWishes): Promise<Server> {
  await clearTheWay(wishes.cluster)
  const overSocket = Buffer.byteLength(wishes.cluster.sockets) <= longestSocketFolder
  if (overSocket) {
    const first = await launch(wishes, { host: wishes.cluster.sockets, port: 5432 })
    if ('pid' in first) return first
    // Some file systems (shared folders of virtual machines) hold no sockets.
    if (!/Unix.socket|could not bind|lock file "\S*\.s\.PGSQL/i.test(first.output))
      throw explainOutput('start', first.output, wishes.cluster.home)
  }
  let last = ''
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const next = await launch(wishes, { host: '127.0.0.1', port: await freePort() })
    if ('pid' in next) return next
    last = next.output
    if (!/Address already in use/i.test(last)) break
  }
  throw explainOutput('start', last, wishes.cluster.home)
}

/** The process id in `postmaster.pid`, when that process serves this very cluster. */
export function servingProcess(cluster: Pick<Cluster, 'data'>): number | null {
  const pid = Number(readPidFile(cluster.data)[0])
  return pid > 0 && isAlive(pid) && ` ${commandLine(pid)} `.includes(` -D ${cluster.data} `) ? pid : null
}

/** Stops a server that a killed Patchbay left behind, and removes the note of one that has ended. */
async function clearTheWay(cluster: Cluster): Promise<void> {
  const pid = servingProcess(cluster)
  if (pid !== null && !(await endProcess(pid, () => servingProcess(cluster) !== pid))) {
    throw new EmbeddedError(
      `A PostgreSQL server (process id ${pid}) still holds ${cluster.data} and does not stop. End it, then start again.`,
    )
  }
  rmSync(join(cluster.data, 'postmaster.pid'), { force: true })
}

async function endProcess(pid: number, hasEnded: () => boolean): Promise<boolean> {
  for (const [signal, limitMs] of [
    ['SIGINT', stopLimitMs],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 2_000],
  ] as const) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EPERM') return false
    }
    if (await until(hasEnded, limitMs)) return true
  }
  return false
}

async function launch(wishes: ServerWishes, address: Address): Promise<Server | { output: string }> {
  const { cluster, binaries, account } = wishes
  const log = openLog(cluster.log, account)
  const logStart = statSync(cluster.log).size
  const identity = account ? { uid: account.uid, gid: account.gid } : {}
  const child = spawn(binaries.postgres, ['-D', cluster.data, ...settings(wishes, address)], {
    cwd: '/',
    detached: true,
    env: programEnvironment,
    stdio: ['ignore', log, log],
    ...identity,
  })
  closeSync(log)
  const life = watch(child)
  const ready = await until(() => life.ended || readPidFile(cluster.data)[7]?.trim() === 'ready', startLimitMs)
  const { pid } = child
  if (life.ended || !ready || pid === undefined) {
    if (pid !== undefined && !life.ended) await endProcess(pid, () => life.ended)
    return { output: `${readFileSync(cluster.log).subarray(logStart).toString('utf8')}\n${life.failure}` }
  }
  return running(wishes, address, child, pid, life)
}

interface Life {
  ended: boolean
  failure: string
  onEnd: () => void
}

function watch(child: ChildProcess): Life {
  const life: Life = { ended: false, failure: '', onEnd: () => {} }
  child.once('error', (error) => {
    life.ended = true
    life.failure = `FATAL: ${error.message}`
  })
  child.once('exit', () => {
    life.ended = true
    life.onEnd()
  })
  child.unref()
  return life
}

function running(wishes: ServerWishes, address: Address, child: ChildProcess, pid: number, life: Life): Server {
  const { cluster } = wishes
  const guard = startGuard(pid, cluster, wishes.account)
  let stopping: Promise<void> | undefined
  life.onEnd = () => {
    guard.release()
    if (!stopping) wishes.onLost(new EmbeddedError(`The PostgreSQL server has ended on its own; its last words are in ${cluster.log}.`))
  }
  const stop = async () => {
    child.ref()
    if (!life.ended && !(await endProcess(pid, () => life.ended)))
      throw new EmbeddedError(`The PostgreSQL server (process id ${pid}) does not stop.`)
  }
  return {
    pid,
    address,
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
}

/**
 * A shell that waits on a pipe whose other end is Patchbay. When Patchbay ends, however it ends, the system closes the
 * pipe, and the shell asks the server for a fast shutdown. A released guard reads a line first and does nothing.
 */
function startGuard(pid: number, cluster: Cluster, account: Account | null): { release(): void } {
  const script = 'read -r line && exit 0; [ "$(head -n 1 "$2")" = "$1" ] && kill -INT "$1"'
  const identity = account ? { uid: account.uid, gid: account.gid } : {}
  const shell = spawn('/bin/sh', ['-c', script, 'sh', String(pid), join(cluster.data, 'postmaster.pid')], {
    cwd: '/',
    detached: true,
    env: programEnvironment,
    stdio: ['pipe', 'ignore', 'ignore'],
    ...identity,
  })
  // Without a shell the server outlives a kill -9; the next start stops it (clearTheWay).
  shell.once('error', () => {})
  shell.stdin?.on('error', () => {})
  shell.unref()
  if (shell.stdin && 'unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref()
  return { release: () => shell.stdin?.end('released\n') }
}

function settings({ cluster, durable, maxConnections }: ServerWishes, address: Address): string[] {
  const overSocket = address.host.startsWith('/')
  const values: Record<string, string | number> = {
    listen_addresses: overSocket ? '' : address.host,
    unix_socket_directories: overSocket ? cluster.sockets : '',
    unix_socket_permissions: '0700',
    port: address.port,
    max_connections: maxConnections,
    shared_buffers: '96MB',
    wal_level: 'minimal',
    max_wal_senders: 0,
    max_wal_size: '1GB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] ',
    log_min_messages: 'warning',
    // Statements carry people's numbers and names; they stay out of the log.
    log_min_error_statement: 'panic',
    log_parameter_max_length: 0,
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

function openLog(path: string, account: Account | null): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > logLimitBytes) renameSync(path, `${path}.1`)
  const log = openSync(path, 'a', 0o600)
  if (account) chownSync(path, account.uid, account.gid)
  return log
}

function readPidFile(data: string): string[] {
  try {
    return readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
