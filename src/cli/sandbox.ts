// Starts the sandbox: the telephone network in a box, a process of its own that ends with us.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Settings } from '../platform/config/index.ts'
import { explainInFolder } from '../platform/db/embedded.ts'
import { CommandError } from './terminal.ts'

export interface Sandbox {
  readonly baseUrl: string
  readonly accountSid: string
  readonly authToken: string
  stop(): void
}

const program = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url))
const patienceMs = 15_000

/** Whether there is no real carrier to talk to. */
export const wantsSandbox = ({ env, sandbox, twilio }: Settings): boolean =>
  sandbox === 'on' || (sandbox === 'auto' && !twilio.accountSid && env !== 'production')

export async function startSandbox(dataFolder: string, environment: Readonly<Record<string, string | undefined>>): Promise<Sandbox> {
  const account = accountOf(dataFolder)
  const child = spawn(process.execPath, [program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true, // Ctrl-C is for us: the box ends last but one
    env: {
      ...environment,
      SANDBOX_TIED: '1',
      SANDBOX_ACCOUNT_SID: account.accountSid,
      SANDBOX_AUTH_TOKEN: account.authToken,
      SANDBOX_OPENAI_KEY: account.authToken,
      // A server that restarts is found again: the box is more patient than a carrier.
      SANDBOX_WEBHOOK_RETRY_S: environment.SANDBOX_WEBHOOK_RETRY_S ?? '10',
    },
  })
  const baseUrl = await whenReady(child)
  return { ...account, baseUrl, stop: () => void child.stdin?.end() }
}

interface Account {
  readonly accountSid: string
  readonly authToken: string
}

/** The same account at every start: what was signed yesterday still is. */
function accountOf(dataFolder: string): Account {
  const file = join(dataFolder, 'sandbox.json')
  try {
    return existsSync(file) ? readAccount(file) : makeAccount(file)
  } catch (error) {
    throw explainInFolder(error, dataFolder)
  }
}

function readAccount(file: string): Account {
  try {
    const { accountSid, authToken } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Account>
    if (accountSid && authToken) return { accountSid, authToken }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new CommandError(`${file} cannot be understood. Remove it, and the sandbox gets a new account.`)
}

function makeAccount(file: string): Account {
  mkdirSync(dirname(file), { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  const account = { accountSid: `AC${randomBytes(16).toString('hex')}`, authToken: randomBytes(16).toString('hex') }
  writeFileSync(file, JSON.stringify(account), { mode: 0o600 })
  return account
}

function whenReady(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new CommandError(`The sandbox did not start: ${reason}.`))
    const timer = setTimeout(() => fail(`no word from it for ${patienceMs / 1000} s`), patienceMs)
    child.once('exit', (code) => fail(`it ended with ${code}`))
    if (!child.stdout) return fail('it has no output')
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(timer)
      child.removeAllListeners('exit')
      resolve((JSON.parse(line) as { baseUrl: string }).baseUrl)
    })
  })
}
