// patchbay work: the jobs alone.
import { loadSettings, readEnvironment } from '../platform/config/index.ts'
import { untilAsked } from './asked.ts'
import { openServing } from './running.ts'
import { say } from './terminal.ts'
import { databaseUrl } from './workshop.ts'

export async function run(): Promise<number> {
  const asked = untilAsked()
  const settings = loadSettings(readEnvironment())
  const house = await openServing(settings, await databaseUrl(settings))
  try {
    await house.startJobs()
    say('Patchbay works on jobs.')
    await asked
  } finally {
    await house.close()
  }
  return 0
}
