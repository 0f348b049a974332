// What `up`, `serve` and `work` share: opening the house, and its door.
import { openHouse, type RunningHouse } from '../main.ts'
import type { Settings } from '../platform/config/index.ts'
import type { Logger } from '../platform/telemetry/index.ts'
import { portTrouble } from './port.ts'
import { say, yellow } from './terminal.ts'

/** @throws CommandError when the port is taken */
export async function listen(house: RunningHouse, settings: Settings): Promise<string> {
  try {
    return await house.listen()
  } catch (error) {
    throw portTrouble(error, settings)
  }
}

export async function openServing(settings: Settings, databaseUrl: string, log?: Logger): Promise<RunningHouse> {
  if (!settings.twilio.signatureCheck)
    say(yellow('Warning: signatures of provider webhooks are NOT checked. Anybody can post calls to this server.'))
  return openHouse({ settings, databaseUrl, ...(log ? { log } : {}) })
}
