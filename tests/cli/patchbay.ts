// Runs ./patchbay as a process: commands to their end, and a whole Patchbay on a data folder and a port of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Credentials } from '../../src/founding/credentials.ts'

const program = fileURLToPath(new URL('../../patchbay', import.meta.url))

export interface Ran {
  readonly code: number
  readonly out: string
  readonly bytes: Buffer
  readonly err: string
}

export interface RunningPatchbay {
  readonly folder: string
  readonly credentials: Credentials
  readonly run: (...args: string[]) => Promise<Ran>
  /** As the organisation's first client, with admin rights. */
  get(path: string, of?: Credentials): Promise<Response>
  stop(): Promise<void>
}

export async function runPatchbay(env: Record<string, string>, ...args: string[]): Promise<Ran> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const [bytes, err, [code]] = await Promise.all([buffer(child.stdout), buffer(child.stderr), once(child, 'exit')])
  return { code: Number(code), out: bytes.toString(), bytes, err: err.toString() }
}

export async function startPatchbay(): Promise<RunningPatchbay> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-cli-'))
  const env = { PATCHBAY_DATA: folder, PORT: '0', LOG_LEVEL: 'error' }
  const child = spawn(program, ['up'], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk
      if (said.includes('Patchbay is ready')) resolve()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    void ended.then(([code]) => reject(new Error(`Patchbay ended with ${code}:\n${said}`)))
  })
  const credentials = JSON.parse(readFileSync(join(folder, 'credentials.json'), 'utf8')) as Credentials
  return {
    folder,
    credentials,
    run: (...args) => runPatchbay(env, ...args),
    get: async (path, of = credentials) =>
      fetch(`${credentials.baseUrl}${path}`, { headers: { authorization: `Bearer ${await tokenOf(of)}`, 'x-api-key': of.apiKey } }),
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function tokenOf({ baseUrl, oauth }: Credentials): Promise<string> {
  const { client_id, client_secret } = oauth
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret })
  const response = await fetch(`${baseUrl}/oauth/token`, { method: 'POST', body })
  return ((await response.json()) as { access_token: string }).access_token
}
