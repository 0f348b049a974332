// patchbay up: everything in one process over the embedded defaults: database, sandbox, demo organisation, API and jobs.
// On the first start somebody rings the demo number, so that the first screen shows the product at work.
// Imports little, so that the database and the sandbox come up while the rest is loaded.
import { isUnfinished } from '../founding/unfinished.ts'
import { loadSettings, readEnvironment, type Settings } from '../platform/config/index.ts'
import { startEmbedded } from '../platform/db/embedded.ts'
import { untilAsked } from './asked.ts'
import { tryPort } from './port.ts'
import { openRising, type Rising } from './rising.ts'
import { type Sandbox, startSandbox, wantsSandbox } from './sandbox.ts'
import { dim, endProgress, say, step } from './terminal.ts'

type Environment = ReturnType<typeof readEnvironment>
interface Ending {
  readonly code: number
  readonly reason: string
}

export async function run(): Promise<number> {
  const asked = untilAsked().then((signal): Ending => ({ code: 0, reason: signal }))
  const environment = readEnvironment()
  const settings = loadSettings(environment)
  const lost = Promise.withResolvers<Ending>()
  const onLost = (error: Error) => lost.resolve({ code: 1, reason: error.message })
  await tryPort(settings)
  const rising = openRising()
  const ending = Promise.race([asked, lost.promise])
  try {
    const { code, reason } = await Promise.race([ending, rise(rising, settings, environment, onLost).then(() => ending)])
    endProgress()
    say(dim(`\nStopping (${reason}) …`))
    return code
  } finally {
    await rising.fall()
  }
}

async function rise(rising: Rising, loaded: Settings, environment: Environment, onLost: (reason: Error) => void): Promise<void> {
  const ours = [...(loaded.database.url ? [] : ['the database']), ...(wantsSandbox(loaded) ? ['the sandbox'] : [])]
  const [databaseUrl, sandbox, rest] = await step(`Starting ${ours.join(' and ') || 'up'}`, () =>
    Promise.all([
      loaded.database.url ?? ownDatabase(rising, loaded, onLost),
      wantsSandbox(loaded) ? ownSandbox(rising, loaded, environment) : null,
      import('./up-whole.ts'),
    ]),
  )
  const settings = withSandbox(loaded, sandbox)
  await step('Bringing the schema up to date', () => rest.migrate({ url: databaseUrl }))
  const { house, log } = await rising.raise(
    () => step('Starting Patchbay', () => rest.openQuietly(settings, databaseUrl)),
    async (opened) => {
      await opened.house.close()
      opened.log.level = 'silent' // what connections say when the database ends is no news
    },
  )
  const { baseUrl, credentials } = await rest.openDoors(house, settings, sandbox)
  rising.stillWanted()
  rest.showReady(baseUrl, credentials, settings, performance.now())
  log.level = settings.log.level
}

/** A first start that was cut short left half a demo, into which nobody was let: such a database is made anew. */
async function ownDatabase(rising: Rising, { dataFolder }: Settings, onLost: (reason: Error) => void): Promise<string> {
  const anew = isUnfinished(dataFolder)
  const embedded = await rising.raise(
    () => startEmbedded({ dataFolder, onLost, anew }),
    (started) => started.stop(),
  )
  if (anew) say(dim('  The first start was interrupted, so this one begins anew.'))
  return embedded.url
}

const ownSandbox = (rising: Rising, { dataFolder }: Settings, environment: Environment): Promise<Sandbox> =>
  rising.raise(
    () => startSandbox(dataFolder, environment),
    (started) => started.stop(),
  )

/** The server cannot tell: only the base URL and the keys are others. */
function withSandbox(settings: Settings, sandbox: Sandbox | null): Settings {
  if (!sandbox) return settings
  const { accountSid, authToken, baseUrl } = sandbox
  return {
    ...settings,
    twilio: { ...settings.twilio, accountSid, authToken, baseUrl },
    transcription: { apiKey: authToken, baseUrl: `${baseUrl}/v1`, model: 'whisper-1' },
  }
}
