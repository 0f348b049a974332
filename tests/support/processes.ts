// Patchbay in processes of its own, as an operator runs it: `serve` and `work` in any number over one database.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { freePort } from './peers.ts'
import { firstLine } from './sandbox.ts'
import { testing } from './settings.ts'

export interface Process {
  readonly child: ChildProcess
  readonly pid: number
  /** Where it listens; empty for a worker. */
  readonly url: string
  /** What it has written to standard error so far. */
  errors(): string
  /** Sends the signal and waits for the end. @returns the exit code, or the signal that ended it */
  end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>
}

export interface ProcessOptions {
  readonly databaseUrl: string
  readonly env?: Readonly<Record<string, string>>
  /** Without one, a free port is taken; with 0, the process takes one itself. */
  readonly port?: number
  readonly args?: readonly string[]
}

const root = fileURLToPath(new URL('../../', import.meta.url))

async function addressSaid({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout ?? Readable.from([]) })) {
    const address = /serves on (\S+)/.exec(line)?.[1]
    if (address) return address
  }
  return new Promise(() => {}) // it has ended, which is heard of otherwise
}

/** @throws when the process ends before it says that it is ready */
export async function startProcess(
  command: 'serve' | 'work',
  { databaseUrl, env = {}, port, args = [] }: ProcessOptions,
): Promise<Process> {
  const chosen = port ?? (await freePort())
  const child = spawn(process.execPath, ['src/cli/index.ts', command, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...testing, LOG_LEVEL: 'fatal', DATABASE_URL: databaseUrl, PORT: String(chosen), ...env },
  })
  let complained = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complained += text
  })
  const gone = once(child, 'exit')
  const early = gone.then(([code, signal]) => Promise.reject(new Error(`patchbay ${command} ended with ${code ?? signal}: ${complained}`)))
  const ready = command === 'serve' ? addressSaid(child) : firstLine(child).then(() => '')
  const said = await Promise.race([ready, early])
  early.catch(() => {}) // from here on its end is whatever the test makes of it
  child.stdout?.resume()
  return {
    child,
    pid: child.pid ?? 0,
    url: command === 'serve' && chosen !== 0 ? `http://127.0.0.1:${chosen}` : said,
    errors: () => complained,
    async end(signal = 'SIGTERM') {
      child.kill(signal)
      const [code, by] = (await gone) as [number | null, NodeJS.Signals | null]
      return code ?? by
    },
  }
}
