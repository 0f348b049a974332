// The first minute with Patchbay: a call comes in, an appointment is booked, and how to see both; then where everything is.
import type { Credentials } from '../founding/credentials.ts'
import type { RunningHouse } from '../main.ts'
import { systemPrincipal } from '../platform/auth/index.ts'
import type { Settings } from '../platform/config/index.ts'
import { showCall } from './conversation.ts'
import { latestBooking } from './first-screen.sql.ts'
import { ring } from './sandbox-client.ts'
import { bold, cyan, dim, green, say } from './terminal.ts'

const caller = '+447700900456'
/** Fast enough to watch, slow enough to read. */
const speed = 12

const script = [
  { say: 'oh hi, um, could I come in tomorrow, say half ten?', confidence: 0.91 },
  { expect: 'name', say: "it's Grace Hopper", confidence: 0.93 },
  { expect: 'book|shall|right|confirm|correct', say: 'yes please', confidence: 0.97 },
  { expect: 'else', say: "no that's everything, thanks, bye", confidence: 0.95 },
] // prettier-ignore

/** Lets a sandbox caller ring the demo number, shows what is said, and what came of it. */
export async function showFirstCall(house: RunningHouse, credentials: Credentials, sandboxUrl: string): Promise<void> {
  const to = credentials.twilio.phoneNumber
  if (!to) return
  say(`\n${bold('Somebody rings')} ${to}${dim(` (from ${caller}, in the sandbox)`)}\n`)
  await showCall(await ring(sandboxUrl, { to, from: caller, script, speed }))
  const session = house.openSession(systemPrincipal(credentials.organizationId, 'first-screen'))
  const booking = await session.read(latestBooking, { mobile: caller })
  if (!booking) return say(dim('\nNo appointment came of it this time.'))
  say(`\n${green('An appointment came of it:')} ${bold(booking.fullName)}, ${booking.local} (${booking.timezone})\n`)
  say(howToSee(credentials, booking))
}

function howToSee({ baseUrl, apiKey, oauth }: Credentials, { callId, appointmentId }: { callId: string; appointmentId: number }): string {
  const token = `curl -s ${baseUrl}/oauth/token -d grant_type=client_credentials -d client_id=${oauth.client_id} -d client_secret=${oauth.client_secret}`
  return [
    bold('See it, in both APIs (paste these):'),
    `  ${dim('# the appointment, in bella’s')}`,
    `  curl -s -H 'X-API-Key: ${apiKey}' ${baseUrl}/appointments/${appointmentId}`,
    `  ${dim('# the call with its legs, events and transcript, in sapien’s')}`,
    `  TOKEN=$(${token} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `  curl -s -H "Authorization: Bearer $TOKEN" ${baseUrl}/v1/calls/${callId}`,
    `  ${dim('# its recording, to listen to')}`,
    `  curl -s -H "Authorization: Bearer $TOKEN" '${baseUrl}/v1/recordings?callId=${callId}'`,
    `  curl -sL -H "Authorization: Bearer $TOKEN" -o call.wav $(curl -s -H "Authorization: Bearer $TOKEN" '${baseUrl}/v1/recordings?callId=${callId}' | sed 's/.*"url":"\\([^"]*\\)".*/\\1/')`,
  ].join('\n')
}

/** The last lines of every start. */
export function showReady(baseUrl: string, credentials: Credentials | null, settings: Settings, tookMs: number): void {
  say('')
  say(`${green('Patchbay is ready')} on ${bold(baseUrl)} ${dim(`(${(tookMs / 1000).toFixed(1)} s)`)}`)
  say(`  reference    ${cyan(`${baseUrl}/reference`)}`)
  if (credentials) say(`  credentials  ${settings.dataFolder}/credentials.json`)
  if (credentials?.twilio.phoneNumber)
    say(`  talk to it   ./patchbay call ${credentials.twilio.phoneNumber} "hi, I'd like to come in tomorrow at three"`)
  say(dim('  Ctrl-C stops it.'))
}
