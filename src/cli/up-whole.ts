// What `up` loads while its database starts: the house, its demo organisation and the first screen.
import { listOrganizationIds } from '../domain/tenancy/index.ts'
import { type Credentials, credentialsOf, movedTo, readCredentials, type Surroundings, writeCredentials } from '../founding/credentials.ts'
import { demoAdmin, demoNumber, demoOrganizationId, foundDemo } from '../founding/demo.ts'
import { allNumbers } from '../founding/organization.ts'
import { renewCredentials } from '../founding/renew.ts'
import { marked } from '../founding/unfinished.ts'
import type { RunningHouse } from '../main.ts'
import { usualAudience } from '../platform/auth/index.ts'
import type { Settings } from '../platform/config/index.ts'
import { createLogger, type Logger } from '../platform/telemetry/index.ts'
import { showFirstCall } from './first-screen.ts'
import { listen, openServing } from './running.ts'
import type { Sandbox } from './sandbox.ts'
import { hostNumber } from './sandbox-client.ts'
import { say, step } from './terminal.ts'

export { migrate } from '../platform/db/index.ts'
export { showReady } from './first-screen.ts'

/** Until the first screen is shown, the log tells of trouble alone, unless it was asked for more. */
export async function openQuietly(settings: Settings, databaseUrl: string): Promise<{ house: RunningHouse; log: Logger }> {
  const { level } = settings.log
  const log = createLogger({ level: level === 'info' ? 'warn' : level, pretty: process.stdout.isTTY })
  return { house: await openServing(settings, databaseUrl, log), log }
}

/** Serves requests and jobs, and sees to the organisation that a newcomer finds. */
export async function openDoors(house: RunningHouse, settings: Settings, sandbox: Sandbox | null) {
  const baseUrl = await listen(house, settings)
  await house.startJobs()
  if (sandbox) await hostNumbers(sandbox, baseUrl, [demoNumber, ...(await allNumbers(house))])
  if (settings.env === 'production') return { baseUrl, credentials: null }
  const around: Surroundings = {
    baseUrl,
    audience: house.tokens.audience ?? usualAudience,
    twilio: { accountSid: settings.twilio.accountSid ?? '', authToken: settings.twilio.authToken ?? '' },
    sandboxUrl: sandbox?.baseUrl ?? null,
  }
  const empty = (await listOrganizationIds(house.database)).length === 0
  return { baseUrl, credentials: empty ? await beginFirst(house, settings, around) : await keepCredentials(house, settings, around) }
}

/** The box forgets at every start which numbers are ours. */
async function hostNumbers(sandbox: Sandbox, baseUrl: string, numbers: readonly string[]): Promise<void> {
  const voiceUrl = `${baseUrl}/twilio/voice`
  for (const phoneNumber of new Set(numbers)) {
    await hostNumber(sandbox.baseUrl, { phoneNumber, voiceUrl, statusCallback: `${voiceUrl}/status` })
  }
}

async function beginFirst(house: RunningHouse, { dataFolder }: Settings, around: Surroundings): Promise<Credentials> {
  const credentials = await marked(dataFolder, async () => {
    const founded = await step('Setting up the demo organisation', () => foundDemo(house, around.sandboxUrl))
    return keep(dataFolder, credentialsOf(founded, around))
  })
  if (around.sandboxUrl) await showFirstCall(house, credentials, around.sandboxUrl)
  return credentials
}

/** The same as ever, at today's addresses; new ones for the demo organisation when the file is gone. */
async function keepCredentials(house: RunningHouse, { dataFolder }: Settings, around: Surroundings): Promise<Credentials | null> {
  const known = readCredentials(dataFolder)
  if (known) return keep(dataFolder, movedTo(known, around))
  const renewed = await renewCredentials(house, { organizationId: demoOrganizationId, username: demoAdmin })
  if (!renewed) return null
  say('  credentials.json was gone: here is a new one, with a new password for the admin.')
  return keep(dataFolder, credentialsOf(renewed, around))
}

function keep(dataFolder: string, credentials: Credentials): Credentials {
  writeCredentials(dataFolder, credentials)
  return credentials
}
