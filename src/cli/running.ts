// What `up`, `serve` and `work` share: opening the house with a port that may be taken.
import { openHouse, type RunningHouse } from '../main.ts'
import type { Settings } from '../platform/config/index.ts'
import type { Logger } from '../platform/telemetry/index.ts'
import { portHolder } from './port-holder.ts'
import { CommandError, say, yellow } from './terminal.ts'

export async function listen(house: RunningHouse, { port, host }: Settings): Promise<string> {
  try {
    return await house.listen()
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code === 'EADDRINUSE') throw new CommandError(taken(port))
    if (code === 'EACCES')
      throw new CommandError(`Port ${port} needs privileges that this user does not have. Choose one above 1023: PORT=8080.`)
    throw new CommandError(`Patchbay cannot listen on ${host}:${port}: ${message}.`)
  }
}

function taken(port: number): string {
  const holder = portHolder(port)
  return `Port ${port} is taken${holder ? ` by ${holder}` : ' by another process'}. Stop it, or choose another port: PORT=8081 npm start.`
}

export async function openServing(settings: Settings, databaseUrl: string, log?: Logger): Promise<RunningHouse> {
  if (!settings.twilio.signatureCheck)
    say(yellow('Warning: signatures of provider webhooks are NOT checked. Anybody can post calls to this server.'))
  return openHouse({ settings, databaseUrl, ...(log ? { log } : {}) })
}
