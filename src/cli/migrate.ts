// patchbay migrate: the schema up to date, for installations whose database is not ours to start.

import { loadSettings, readEnvironment } from '../platform/config/index.ts'
import { migrate } from '../platform/db/index.ts'
import { say } from './terminal.ts'
import { databaseUrl } from './workshop.ts'

export async function run(): Promise<number> {
  const url = await databaseUrl(loadSettings(readEnvironment()))
  const applied = await migrate({ url, onProgress: (name) => say(`  ${name}`) })
  say(applied.length > 0 ? `${applied.length} migrations applied.` : 'Nothing to do: the schema is up to date.')
  return 0
}
