// The sandbox in a process of its own, as the server meets it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface TestSandbox {
  readonly baseUrl: string
  readonly clamdUrl: string
  readonly accountSid: string
  readonly authToken: string
  readonly openaiKey: string
  post(path: string, body: object): Promise<unknown>
  get(path: string): Promise<unknown>
  stop(): Promise<void>
}

const root = new URL('../../', import.meta.url).pathname

export async function startTestSandbox(env: Record<string, string> = {}): Promise<TestSandbox> {
  const accountSid = `AC${'7'.repeat(32)}`
  const authToken = '7'.repeat(32)
  const child = spawn(process.execPath, ['sandbox/main.ts'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      SANDBOX_TIED: '1',
      SANDBOX_ACCOUNT_SID: accountSid,
      SANDBOX_AUTH_TOKEN: authToken,
      SANDBOX_SPEED: 'instant',
      ...env,
    },
  })
  const { baseUrl, clamdUrl } = JSON.parse(await firstLine(child)) as { baseUrl: string; clamdUrl: string }
  return {
    baseUrl,
    clamdUrl,
    accountSid,
    authToken,
    openaiKey: 'sk-sandbox',
    post: (path, body) =>
      ask(`${baseUrl}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    get: (path) => ask(`${baseUrl}${path}`, {}),
    async stop() {
      child.stdin?.end()
      await once(child, 'exit')
    },
  }
}

async function ask(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, init)
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`)
  return text ? JSON.parse(text) : null
}

/** The first line a process prints: how it says that it is ready. */
export async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the process has no output')
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return line
}
