// patchbay call: rings a number here through the sandbox and talks to whoever answers, with the words given or typed.
import { createInterface } from 'node:readline/promises'
import { readCredentials } from '../founding/credentials.ts'
import { loadSettings, readEnvironment } from '../platform/config/index.ts'
import { showCall } from './conversation.ts'
import { ring, type SandboxCall } from './sandbox-client.ts'
import { CommandError, dim, say } from './terminal.ts'

const ownNumber = '+447700900999'

export async function run(args: readonly string[]): Promise<number> {
  const settings = loadSettings(readEnvironment())
  const credentials = readCredentials(settings.dataFolder)
  if (!credentials?.sandbox) throw new CommandError('No sandbox is running here. Start Patchbay with npm start, without Twilio keys.')
  const numbered = args[0] !== undefined && /^\+?\d[\d ]{6,}$/.test(args[0])
  const to = numbered ? `+${(args[0] ?? '').replace(/\D/g, '')}` : credentials.twilio.phoneNumber
  const words = numbered ? args.slice(1) : [...args]
  if (!to) throw new CommandError('Say which number to ring: ./patchbay call +15005550006')
  const call = await ringOrExplain(credentials.sandbox.baseUrl, to)
  say(dim(`  ringing ${to} …`))
  return words.length > 0 ? talk(call, words) : talkAtTheKeyboard(call)
}

async function ringOrExplain(sandboxUrl: string, to: string): Promise<SandboxCall> {
  try {
    return await ring(sandboxUrl, { to, from: ownNumber, interactive: true, speed: 'instant' })
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(`The sandbox at ${sandboxUrl} does not answer. Is Patchbay running?`)
  }
}

/** Says what was given, one a turn; then whatever is typed, or good-bye. */
async function talk(call: SandboxCall, words: readonly string[]): Promise<number> {
  if (process.stdin.isTTY) return talkAtTheKeyboard(call, words)
  const queue = [...words]
  const whole = await showCall(call, () => {
    const next = queue.shift()
    return next === undefined ? call.hangUp() : utter(call, next)
  })
  return whole ? 0 : 1
}

async function talkAtTheKeyboard(call: SandboxCall, words: readonly string[] = []): Promise<number> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const queue = [...words]
  terminal.on('SIGINT', () => void call.hangUp().finally(() => terminal.close()))
  try {
    const whole = await showCall(call, async () => {
      const next = queue.shift() ?? (await ask(terminal))
      await (next === null ? call.hangUp() : utter(call, next))
    })
    return whole ? 0 : 1
  } finally {
    terminal.close()
  }
}

/** Null at the end of the input: the caller hangs up. */
async function ask(terminal: ReturnType<typeof createInterface>): Promise<string | null> {
  const closed = new Promise<null>((resolve) => terminal.once('close', () => resolve(null)))
  const line = await Promise.race([terminal.question('  you say    > '), closed])
  return line === null || ['bye!', 'hang up'].includes(line.trim().toLowerCase()) ? null : line
}

/** Digits alone are keys; an empty line is silence, as on a telephone. */
function utter(call: SandboxCall, words: string): Promise<void> {
  const text = words.trim()
  if (/^[\d*#]$/.test(text)) return call.press(text)
  return text ? call.say(text) : call.stayQuiet()
}
