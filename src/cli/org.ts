// patchbay org create: a new organisation with everything to get in and, where the sandbox runs, a number to ring.
// patchbay org suspend|resume: its credentials open nothing until it is resumed.
import { parseArgs } from 'node:util'
import type { House } from '../contracts/house.ts'
import { findOwner } from '../domain/reception/index.ts'
import { changeStanding } from '../domain/tenancy/index.ts'
import { credentialsOf, readCredentials, type Surroundings } from '../founding/credentials.ts'
import { foundOrganization } from '../founding/organization.ts'
import { usualAudience } from '../platform/auth/index.ts'
import { hostNumber } from './sandbox-client.ts'
import { CommandError, parseId } from './terminal.ts'
import { withHouse } from './with-house.ts'

const options = {
  name: { type: 'string' },
  domain: { type: 'string' },
  timezone: { type: 'string', default: 'UTC' },
  language: { type: 'string', default: 'en' },
  country: { type: 'string' },
  number: { type: 'string' },
} as const

export function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [verb, id] = positionals
  if (verb === 'suspend' || verb === 'resume') return change(parseId(id, 'The id of the organisation'), verb)
  if (verb !== 'create') throw new CommandError('Say org create --name "…", org suspend ID or org resume ID.')
  const { name, timezone, language, country, number } = values
  if (!name?.trim()) throw new CommandError('--name says what the organisation is called.')
  if (number !== undefined && !/^\+[1-9]\d{6,14}$/.test(number))
    throw new CommandError('--number must be in E.164 form, such as +15005551234.')
  const domain = values.domain ?? `${slugOf(name)}.example`
  return withHouse(async ({ house }) => {
    const around = surroundingsOf(house)
    const e164 = number ?? (around.sandboxUrl ? await freeNumber(house) : null)
    if (e164 !== null && (await isTaken(house, e164))) throw new CommandError(`${e164} belongs to an organisation already.`)
    const founded = await foundOrganization(house, {
      name: name.trim(),
      domain,
      timezone,
      language,
      password: 'first',
      ...(country ? { settings: { defaultCountry: country } } : {}),
      number: e164 === null ? null : { e164, sid: null },
    })
    if (e164 !== null && around.sandboxUrl) await host(around.sandboxUrl, around.baseUrl, e164)
    console.log(JSON.stringify(credentialsOf(founded, around), null, 2))
    return 0
  })
}

function change(organizationId: number, verb: 'suspend' | 'resume'): Promise<number> {
  return withHouse(async ({ house, session }) => {
    const status = verb === 'suspend' ? 'suspended' : 'active'
    const changed = await changeStanding(session(organizationId), house, status)
    console.log(JSON.stringify({ organizationId, status, changed }))
    return 0
  })
}

/** `Müller & Söhne` becomes `muller-sohne`. */
function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63)
  if (!slug) throw new CommandError('No domain can be made of this name: say --domain.')
  return slug
}

/** Where the running server and its sandbox are: it wrote that down when it started. */
function surroundingsOf({ settings, tokens }: House): Surroundings {
  const known = readCredentials(settings.dataFolder)
  const { accountSid = '', authToken = '' } = settings.twilio
  return {
    baseUrl: settings.publicUrl ?? known?.baseUrl ?? `http://${settings.host}:${settings.port}`,
    audience: tokens.audience ?? usualAudience,
    twilio: known ? { accountSid: known.twilio.accountSid, authToken: known.twilio.authToken } : { accountSid, authToken },
    sandboxUrl: known?.sandbox?.baseUrl ?? null,
  }
}

const isTaken = async (house: House, e164: string): Promise<boolean> => (await findOwner(house.database, 'none', '', [e164])) !== null

/** The first of a thousand that no organisation has. */
async function freeNumber(house: House): Promise<string> {
  for (let last = 1000; last < 2000; last++) {
    const e164 = `+1500555${last}`
    if (!(await isTaken(house, e164))) return e164
  }
  throw new CommandError('The sandbox has no number left: say --number.')
}

async function host(sandboxUrl: string, baseUrl: string, phoneNumber: string): Promise<void> {
  const voice = `${baseUrl}/twilio/voice`
  try {
    await hostNumber(sandboxUrl, { phoneNumber, voiceUrl: voice, statusCallback: `${voice}/status` })
  } catch (error) {
    if (error instanceof CommandError) throw error
    console.error(`The sandbox at ${sandboxUrl} does not answer, so ${phoneNumber} cannot be rung there until Patchbay is started again.`)
  }
}
