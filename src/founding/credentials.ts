// `credentials.json` in the data folder: how a newcomer or a test gets in. Written in development alone, for its owner's
// eyes alone; addresses are brought up to date at every start.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Founded } from './organization.ts'

export interface Credentials {
  readonly baseUrl: string
  readonly organizationId: number
  readonly admin: { readonly username: string; readonly email: string; readonly password: string }
  readonly oauth: { readonly client_id: string; readonly client_secret: string; readonly audience: string }
  readonly apiKey: string
  readonly twilio: { readonly accountSid: string; readonly authToken: string; readonly phoneNumber: string | null }
  readonly sandbox?: { readonly baseUrl: string }
}

export interface Surroundings {
  readonly baseUrl: string
  readonly audience: string
  readonly twilio: { readonly accountSid: string; readonly authToken: string }
  readonly sandboxUrl: string | null
}

/** What a credentials file shows of an organisation. */
export type KeysOf = Omit<Founded, 'agentId' | 'adminId'>

export function credentialsOf(founded: KeysOf, around: Surroundings): Credentials {
  const { organizationId, admin, oauth, apiKey, phoneNumber } = founded
  return {
    baseUrl: around.baseUrl,
    organizationId,
    admin,
    oauth: { ...oauth, audience: around.audience },
    apiKey,
    twilio: { ...around.twilio, phoneNumber },
    ...(around.sandboxUrl ? { sandbox: { baseUrl: around.sandboxUrl } } : {}),
  }
}

/** One sentence with what to do. */
export class CredentialsError extends Error {}

const fileIn = (dataFolder: string): string => join(dataFolder, 'credentials.json')

export function readCredentials(dataFolder: string): Credentials | null {
  const file = fileIn(dataFolder)
  if (!existsSync(file)) return null
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Credentials
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new CredentialsError(`${file} cannot be understood. Remove it, and the next start writes a new one.`, { cause: error })
  }
}

/** Whole or not at all: a reader never sees half a file. */
export function writeCredentials(dataFolder: string, credentials: Credentials): void {
  const draft = `${fileIn(dataFolder)}.new`
  writeFileSync(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, fileIn(dataFolder))
}

/** After a restart the ports may be others; the secrets are the same. */
export function movedTo(credentials: Credentials, { baseUrl, sandboxUrl }: Surroundings): Credentials {
  const { sandbox: _before, ...rest } = credentials
  return { ...rest, baseUrl, ...(sandboxUrl ? { sandbox: { baseUrl: sandboxUrl } } : {}) }
}
