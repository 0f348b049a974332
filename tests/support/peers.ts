// A real Redis, a real Memcached and a real clamd on a free port of this machine. Where the program is not installed, the tests that
// need it are skipped by name.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface Peer {
  readonly port: number
  stop(): Promise<void>
}

const installed = (program: string): boolean => spawnSync('which', [program]).status === 0
export const redisInstalled = installed('redis-server')
export const memcachedInstalled = installed('memcached')
export const clamdInstalled = installed('clamd')

export const startRedis = (port?: number): Promise<Peer> =>
  start(port, (chosen) => ['redis-server', ['--port', String(chosen), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']])

export const startMemcached = (port?: number): Promise<Peer> =>
  start(port, (chosen) => ['memcached', ['-p', String(chosen), '-l', '127.0.0.1', '-m', '16', '-u', 'nobody', '-U', '0']])

/** Knows what the signatures in `folder` say and nothing else, and takes a megabyte at most. */
export const startClamd = (folder: string): Promise<Peer> =>
  start(undefined, (chosen) => {
    const file = join(folder, 'clamd.conf')
    const lines = [`TCPSocket ${chosen}`, 'TCPAddr 127.0.0.1', `DatabaseDirectory ${folder}`, `TemporaryDirectory ${folder}`]
    writeFileSync(file, [...lines, 'StreamMaxLength 1M', 'Foreground yes', ''].join('\n'))
    return ['clamd', ['--config-file', file]]
  })

async function start(port: number | undefined, command: (port: number) => [string, string[]]): Promise<Peer> {
  const chosen = port ?? (await freePort())
  const [program, args] = command(chosen)
  const child = spawn(program, args, { stdio: 'ignore' })
  await listening(chosen, child)
  return {
    port: chosen,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server.address())
  server.close()
  await once(server, 'close')
  return port
}

const portOf = (address: unknown): number =>
  typeof address === 'object' && address !== null && 'port' in address && typeof address.port === 'number' ? address.port : 0

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`)
    const socket = connect(port, '127.0.0.1')
    const open = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false)
    socket.destroy()
    if (open) return
    await delay(25)
  }
  throw new Error(`nothing listens on ${port}`)
}
