// What a command works with: the running server's database, without a server of its own.

import { permissionsOf } from '../domain/people/index.ts'
import {
  type ApiKeys,
  openApiKeys,
  openRevocations,
  openSigningKeys,
  openTokens,
  settleFact,
  systemPrincipal,
  type Tokens,
  usualAudience,
} from '../platform/auth/index.ts'
import { loadSettings, readEnvironment, type Settings } from '../platform/config/index.ts'
import { findEmbedded } from '../platform/db/embedded.ts'
import { type Database, openDatabase } from '../platform/db/index.ts'
import { type BusConnection, openBus } from '../platform/events/index.ts'
import { openVault, type Vault } from '../platform/secrets/index.ts'
import { openSession, type Session } from '../platform/session/index.ts'
import { createLogger, type Logger, maskValue } from '../platform/telemetry/index.ts'
import { type Clock, systemClock } from '../platform/time/index.ts'
import { CommandError } from './terminal.ts'

export interface Workshop {
  readonly settings: Settings
  readonly database: Database
  readonly bus: BusConnection
  readonly vault: Vault
  readonly clock: Clock
  readonly log: Logger
  readonly apiKeys: ApiKeys
  tokens(): Promise<Tokens>
  session(organizationId: number): Session
}

/** The database of this installation: the setting's, or that of the Patchbay running on the data folder. */
export async function databaseUrl(settings: Settings): Promise<string> {
  if (settings.database.url) return settings.database.url
  const found = await findEmbedded(settings.dataFolder)
  if (!found) throw new CommandError(`No Patchbay is running on ${settings.dataFolder}. Start one with npm start, or set DATABASE_URL.`)
  return found.url
}

/** Opens the database for one command and closes it after, whatever happened. */
export async function withWorkshop(work: (shop: Workshop) => Promise<number>): Promise<number> {
  const settings = loadSettings(readEnvironment())
  const log = createLogger({ level: 'warn', pretty: true })
  const clock = systemClock
  const database = openDatabase({
    url: await databaseUrl(settings),
    lanes: 1,
    writers: 2,
    onError: (error) => log.warn({ err: error }, 'database'),
  })
  const bus = await openBus(database, log)
  const vault = openVault({ key: settings.secretKey, previous: settings.secretKeyPrevious })
  try {
    return await work({
      settings,
      database,
      bus,
      vault,
      clock,
      log,
      apiKeys: openApiKeys(database, bus, clock),
      tokens: () => tokensFor({ settings, database, bus, vault, clock, log }),
      session: (organizationId) =>
        openSession({
          database,
          clock,
          log,
          principal: systemPrincipal(organizationId, 'command'),
          requestId: null,
          address: null,
          mask: maskValue,
        }),
    })
  } finally {
    await bus.close()
    await database.close()
  }
}

async function tokensFor({
  settings,
  database,
  bus,
  vault,
  clock,
  log,
}: Pick<Workshop, 'settings' | 'database' | 'bus' | 'vault' | 'clock' | 'log'>): Promise<Tokens> {
  const [row] = (await database.read(null, settleFact, {
    name: 'issuer',
    value: JSON.stringify(`http://${settings.host}:${settings.port || 8080}`),
  })) as {
    value: string
  }[]
  return openTokens({
    issuer: settings.publicUrl ?? row?.value ?? '',
    audience: settings.jwt.audience ?? usualAudience,
    keys: await openSigningKeys(database, vault, clock, { bus, log }),
    revocations: await openRevocations(database, bus, clock, log),
    clock,
    permissionsOf,
  })
}
