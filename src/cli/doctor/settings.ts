// Every setting: its value, or that it is set where it is secret, and where it was read.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describeSettings } from '../../platform/config/index.ts'

export interface ShownSetting {
  readonly variable: string
  readonly value: string
  readonly source: 'environment' | '.env' | 'default' | 'not set'
}

export function showSettings(environment: Readonly<Record<string, string | undefined>>, folder: string): ShownSetting[] {
  const file = join(folder, '.env')
  const written = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}
  return describeSettings()
    .filter(({ unused }) => !unused)
    .map(({ variable, aliases, secret, default: otherwise }) => {
      const name = [variable, ...aliases].find((candidate) => environment[candidate]?.trim())
      const value = name === undefined ? undefined : environment[name]?.trim()
      if (name === undefined || value === undefined)
        return { variable, value: (otherwise ?? '').replaceAll('`', ''), source: otherwise === null ? 'not set' : 'default' }
      // The environment is stronger: what stands in the file with another value was not read from there.
      const source = written[name]?.trim() === value ? '.env' : 'environment'
      return { variable: name, value: secret ? `(${value.length} characters)` : withoutPassword(value), source }
    })
}

/** `postgres://app:secret@host/db` is shown without what lets one in. */
const withoutPassword = (value: string): string => value.replace(/^([a-z][a-z0-9+.-]*:\/\/[^:@/\s]*):[^@/\s]*@/i, '$1:…@')
