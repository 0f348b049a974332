// Twilio's door: Basic authentication, faults made on purpose, the account itself, and the resources' routes.
import { createHash, timingSafeEqual } from 'node:crypto'
import { rfc2822 } from '../clock.ts'
import { type Answer, type Asked, json, type Route } from '../http.ts'
import { takeFault, type World } from '../world.ts'
import { refuse } from './errors.ts'
import { apiVersion } from './params.ts'
import { accountPath, callRoutes } from './rest-calls.ts'
import { messageRoutes } from './rest-messages.ts'
import { numberRoutes } from './rest-numbers.ts'
import { recordingRoutes } from './rest-recordings.ts'

export function twilioRoutes(world: World): Route[] {
  return [
    ...callRoutes(world),
    ...recordingRoutes(world),
    ...numberRoutes(world),
    ...messageRoutes(world),
    { method: 'GET', path: `${accountPath(world)}.json`, handle: () => json(200, account(world)) },
  ]
}

export const isTwilioPath = (path: string) => path.startsWith(`/${apiVersion}/`)

/** Who may pass, and what goes wrong on purpose. @throws 20003 */
export async function guardTwilio(world: World, asked: Asked): Promise<Answer | null> {
  if (!isOurs(world, asked.headers.authorization)) refuse(20003)
  const fault = takeFault(world, 'rest')
  if (!fault) return null
  if (fault.kind === '500') refuse(20500)
  if (fault.kind === '429') refuse(20429)
  if (fault.kind === 'reset') return { status: 0, stream: (response) => response.destroy() }
  await new Promise((resolve) => setTimeout(resolve, fault.delayMs))
  return null
}

function isOurs(world: World, authorization: string | undefined): boolean {
  const given = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1] ?? ''
  return same(Buffer.from(given, 'base64').toString('utf8'), `${world.settings.accountSid}:${world.settings.authToken}`)
}

/** Compares in a time that tells nothing. */
export function same(given: string, wanted: string): boolean {
  const digest = (value: string) => createHash('sha256').update(value).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

function account(world: World): Record<string, unknown> {
  const { accountSid, authToken } = world.settings
  const created = rfc2822(Date.UTC(2020, 0, 1))
  return {
    sid: accountSid,
    owner_account_sid: accountSid,
    friendly_name: 'Sandbox',
    auth_token: authToken,
    status: 'active',
    type: 'Full',
    date_created: created,
    date_updated: created,
    uri: `${accountPath(world)}.json`,
    subresource_uris: {
      calls: `${accountPath(world)}/Calls.json`,
      incoming_phone_numbers: `${accountPath(world)}/IncomingPhoneNumbers.json`,
      messages: `${accountPath(world)}/Messages.json`,
      recordings: `${accountPath(world)}/Recordings.json`,
    },
  }
}
