// The server's settings. The only place that reads the environment.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import type { Environment } from './load.ts'

export { describeSettings, renderSettings, type SettingRow } from './describe.ts'
export { type Environment, loadSettings, type Problem, SettingsError } from './load.ts'
export type { Settings } from './settings.ts'

/** The process's variables, and beneath them those of a file `.env` in `folder`. */
export function readEnvironment(folder: string = process.cwd()): Environment {
  const file = join(folder, '.env')
  return { ...(existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}), ...process.env }
}
