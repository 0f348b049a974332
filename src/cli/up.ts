// patchbay up: everything in one process over the embedded defaults: database, sandbox, demo organisation, API and jobs.
// On the first start somebody rings the demo number, so that the first screen shows the product at work.
import { listOrganizationIds } from '../domain/tenancy/index.ts'
import { type Credentials, credentialsOf, movedTo, readCredentials, type Surroundings, writeCredentials } from '../founding/credentials.ts'
import { demoNumber, foundDemo } from '../founding/demo.ts'
import { allNumbers } from '../founding/organization.ts'
import { type RunningHouse, usualAudience } from '../main.ts'
import { loadSettings, readEnvironment, type Settings } from '../platform/config/index.ts'
import { type Embedded, startEmbedded } from '../platform/db/embedded.ts'
import { migrate } from '../platform/db/index.ts'
import { showFirstCall, showReady } from './first-screen.ts'
import { listen, openServing, untilAsked } from './running.ts'
import { type Sandbox, startSandbox, wantsSandbox } from './sandbox.ts'
import { hostNumber } from './sandbox-client.ts'
import { dim, say, step } from './terminal.ts'

export async function run(): Promise<number> {
  const asked = untilAsked()
  const began = performance.now()
  const environment = readEnvironment()
  const loaded = loadSettings(environment)
  const stops: (() => Promise<void> | void)[] = []
  try {
    const lost = new AbortController()
    const databaseUrl = loaded.database.url ?? (await ownDatabase(loaded, stops, lost))
    await step('Bringing the schema up to date', () => migrate({ url: databaseUrl }))
    const sandbox = wantsSandbox(loaded) ? await step('Starting the sandbox', () => startSandbox(loaded.dataFolder, environment)) : null
    if (sandbox) stops.push(() => sandbox.stop())
    const settings = withSandbox(loaded, sandbox)
    const house = await step('Starting Patchbay', () => openServing(settings, databaseUrl))
    stops.push(() => house.close())
    const baseUrl = await listen(house, settings)
    await house.startJobs()
    if (sandbox) await hostNumbers(sandbox, baseUrl, [demoNumber, ...(await allNumbers(house))])
    const { credentials, first } = await settle(house, settings, sandbox, baseUrl)
    if (first && credentials && sandbox) await showFirstCall(house, credentials, sandbox.baseUrl)
    showReady(baseUrl, credentials, settings, performance.now() - began)
    const reason = await Promise.race([asked, once(lost.signal)])
    say(dim(`\nStopping (${reason}) …`))
    return lost.signal.aborted ? 1 : 0
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

async function ownDatabase(settings: Settings, stops: (() => Promise<void> | void)[], lost: AbortController): Promise<string> {
  const embedded: Embedded = await step('Starting the database', () =>
    startEmbedded({ dataFolder: settings.dataFolder, onLost: (reason) => lost.abort(reason) }),
  )
  stops.push(() => embedded.stop())
  return embedded.url
}

const once = (signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve((signal.reason as Error).message), { once: true }))

/** The server cannot tell: only the base URL and the keys are others. */
function withSandbox(settings: Settings, sandbox: Sandbox | null): Settings {
  if (!sandbox) return settings
  const { accountSid, authToken, baseUrl } = sandbox
  return { ...settings, twilio: { ...settings.twilio, accountSid, authToken, baseUrl } }
}

/** The box forgets at every start which numbers are ours. */
async function hostNumbers(sandbox: Sandbox, baseUrl: string, numbers: readonly string[]): Promise<void> {
  const voiceUrl = `${baseUrl}/twilio/voice`
  for (const phoneNumber of new Set(numbers)) {
    await hostNumber(sandbox.baseUrl, { phoneNumber, voiceUrl, statusCallback: `${voiceUrl}/status` })
  }
}

/** The demo on an empty installation; the credentials' addresses on any. */
async function settle(house: RunningHouse, settings: Settings, sandbox: Sandbox | null, baseUrl: string) {
  const around: Surroundings = {
    baseUrl,
    audience: house.tokens.audience ?? usualAudience,
    twilio: { accountSid: settings.twilio.accountSid ?? '', authToken: settings.twilio.authToken ?? '' },
    sandboxUrl: sandbox?.baseUrl ?? null,
  }
  const known = readCredentials(settings.dataFolder)
  const empty = (await listOrganizationIds(house.database)).length === 0
  if (settings.env === 'production') return { credentials: null, first: false }
  if (!empty) return { credentials: known && keep(settings, movedTo(known, around)), first: false }
  const founded = await step('Setting up the demo organisation', () => foundDemo(house, sandbox?.baseUrl ?? null))
  return { credentials: keep(settings, credentialsOf(founded, around)), first: true }
}

function keep({ dataFolder }: Settings, credentials: Credentials): Credentials {
  writeCredentials(dataFolder, credentials)
  return credentials
}
