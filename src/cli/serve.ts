// patchbay serve: the API alone.
import { loadSettings, readEnvironment } from '../platform/config/index.ts'
import { untilAsked } from './asked.ts'
import { listen, openServing } from './running.ts'
import { say } from './terminal.ts'
import { databaseUrl } from './workshop.ts'

export async function run(): Promise<number> {
  const asked = untilAsked()
  const settings = loadSettings(readEnvironment())
  const house = await openServing(settings, await databaseUrl(settings))
  try {
    say(`Patchbay serves on ${await listen(house, settings)}`)
    await asked
  } finally {
    await house.close()
  }
  return 0
}
