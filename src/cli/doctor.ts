// patchbay doctor: every setting and everything Patchbay depends on, what is wrong in words, and what to do about it.
// Ends with 1 when something is wrong; what is merely unwise is a warning.
import { parseArgs } from 'node:util'
import { loadSettings, readEnvironment, type Settings, SettingsError } from '../platform/config/index.ts'
import { lookAtDatabase } from './doctor/database.ts'
import type { Finding } from './doctor/finding.ts'
import { lookHere } from './doctor/here.ts'
import { lookOutside } from './doctor/outside.ts'
import { type ShownSetting, showSettings } from './doctor/settings.ts'
import { bold, dim, green, say, yellow } from './terminal.ts'

const options = { json: { type: 'boolean', default: false } } as const

export async function run(args: readonly string[]): Promise<number> {
  const { json } = parseArgs({ args: [...args], options }).values
  const environment = readEnvironment()
  const settings = showSettings(environment, process.cwd())
  const findings = await examine(environment)
  const wrong = findings.filter(({ state }) => state === 'wrong').length
  if (json) console.log(JSON.stringify({ ok: wrong === 0, settings, findings }, null, 2))
  else print(settings, findings, wrong)
  return wrong === 0 ? 0 : 1
}

async function examine(environment: Readonly<Record<string, string | undefined>>): Promise<Finding[]> {
  let settings: Settings
  try {
    settings = loadSettings(environment)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    // Nothing else can be looked at with settings that do not hold.
    return error.problems.map(({ variable, value, message }) => ({
      part: variable,
      state: 'wrong',
      words: `${value === null ? '' : `${value} `}${message}`,
      advice: 'docs/settings.md says what every setting may be.',
    }))
  }
  const outside = lookOutside(settings)
  const { running, findings } = await lookAtDatabase(settings)
  const here = await Promise.all(lookHere(settings, running && !settings.database.url))
  return [...here, ...findings, ...(await outside)]
}

const marks: Readonly<Record<Finding['state'], string>> = {
  ok: green('ok     '),
  off: dim('off    '),
  warning: yellow('warning'),
  wrong: yellow('WRONG  '),
}

function print(settings: readonly ShownSetting[], findings: readonly Finding[], wrong: number): void {
  say(bold('Settings'))
  for (const { variable, value, source } of settings) {
    const line = `  ${variable.padEnd(30)} ${value.padEnd(28)} ${source}`
    say(source === 'default' || source === 'not set' ? dim(line) : line)
  }
  say()
  say(bold('Findings'))
  for (const { part, state, words, advice, ms } of findings) {
    say(`  ${marks[state]}  ${part.padEnd(16)} ${words}${ms === undefined ? '' : dim(` (${ms} ms)`)}`)
    if (advice) say(`           ${' '.repeat(16)} ${advice}`)
  }
  say()
  say(wrong === 0 ? green('Nothing is wrong.') : yellow(`${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong.`))
}
