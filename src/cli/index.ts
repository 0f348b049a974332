// patchbay <command>. A command says what went wrong in a sentence and ends with 1; a stack is shown for our own bugs alone.

import { CredentialsError } from '../founding/credentials.ts'
import { SettingsError } from '../platform/config/index.ts'
import { EmbeddedError } from '../platform/db/embedded.ts'
import { Refusal } from '../platform/errors/index.ts'
import { commands } from './commands.ts'
import { CommandError } from './terminal.ts'

async function main(argv: readonly string[]): Promise<number> {
  const [name = 'help', ...args] = argv
  const command = commands[name]
  if (command) {
    if (args.includes('--help')) {
      console.log(`./patchbay ${command.usage}\n  ${command.summary}`)
      return 0
    }
    return (await command.load()).run(args)
  }
  const asked = ['help', '--help', '-h'].includes(name)
  if (!asked) console.error(`There is no command ${name}.\n`)
  console.log(help())
  return asked ? 0 : 1
}

function help(): string {
  const rows = Object.values(commands).map(({ usage, summary }) => `  ./patchbay ${usage}\n      ${summary}`)
  return ['Patchbay: five telephony, voice and analytics APIs over one domain.', '', ...rows, '', '`npm start` is `./patchbay up`.'].join(
    '\n',
  )
}

/** Errors whose message is meant for the person at the terminal. */
const plain = [CommandError, CredentialsError, EmbeddedError, SettingsError, Refusal]

// `patchbay jobs | head` closes the pipe before we are done: nobody is left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

/** An option that there is none of, or one without its value. */
function isUsage(error: unknown): boolean {
  return String((error as { code?: string }).code).startsWith('ERR_PARSE_ARGS')
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const known = plain.some((kind) => error instanceof kind) || isUsage(error)
  console.error(known ? (error as Error).message : error)
  process.exitCode = 1
}
