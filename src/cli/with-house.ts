// What is behind the doors, for one command: for those that do what an endpoint does, by the same functions, and whose
// changes must reach every running process.
import type { House } from '../contracts/house.ts'
import { systemPrincipal } from '../platform/auth/index.ts'
import { loadSettings, readEnvironment } from '../platform/config/index.ts'
import { Refusal } from '../platform/errors/index.ts'
import type { Session } from '../platform/session/index.ts'
import { createLogger } from '../platform/telemetry/index.ts'
import { openServices } from '../services.ts'
import { CommandError } from './terminal.ts'
import { databaseUrl } from './workshop.ts'

export interface CommandHouse {
  readonly house: House
  session(organizationId: number): Session
}

export async function withHouse(work: (tools: CommandHouse) => Promise<number>): Promise<number> {
  const loaded = loadSettings(readEnvironment())
  const settings = { ...loaded, database: { ...loaded.database, lanes: 1, writers: 2 } }
  const { house, close } = await openServices({
    settings,
    databaseUrl: await databaseUrl(loaded),
    log: createLogger({ level: 'warn', pretty: true }),
  })
  try {
    return await work({ house, session: (organizationId) => house.openSession(systemPrincipal(organizationId, 'command')) })
  } catch (error) {
    throw explained(error)
  } finally {
    await close()
  }
}

/** A refusal with everything that is wrong, one line each. */
function explained(error: unknown): unknown {
  if (!(error instanceof Refusal) || !error.details.problems) return error
  const lines = error.details.problems.map(({ path, message }) => `  ${path.join('.')} ${message}`)
  return new CommandError([error.message, ...lines].join('\n'))
}
