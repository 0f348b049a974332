// The first minute with Patchbay: a call comes in, an appointment is booked, and how to see both; then where everything is.
import { relative, resolve } from 'node:path'
import { setInterval } from 'node:timers/promises'
import type { Credentials } from '../founding/credentials.ts'
import type { RunningHouse } from '../main.ts'
import { systemPrincipal } from '../platform/auth/index.ts'
import type { Settings } from '../platform/config/index.ts'
import type { Session } from '../platform/session/index.ts'
import { showCall } from './conversation.ts'
import { type Booked, latestBooking } from './first-screen.sql.ts'
import { ring } from './sandbox-client.ts'
import { bold, cyan, dim, green, say } from './terminal.ts'

const caller = '+447700900456'
/** Fast enough to watch, slow enough to read. */
const speed = 12
const recordingPatienceMs = 5_000
const lookEveryMs = 50

const script = [
  { say: 'oh hi, um, could I come in tomorrow, say half ten?', confidence: 0.91 },
  { expect: 'name', say: "it's Grace Hopper", confidence: 0.93 },
  { expect: 'book|shall|right|confirm|correct', say: 'yes please', confidence: 0.97 },
  { expect: 'else', say: "no that's everything, thanks, bye", confidence: 0.95 },
]

/** Lets a sandbox caller ring the demo number, shows what is said, and what came of it. */
export async function showFirstCall(house: RunningHouse, credentials: Credentials, sandboxUrl: string): Promise<void> {
  const to = credentials.twilio.phoneNumber
  if (!to) return
  say(`\n${bold('Somebody rings')} ${to} ${dim(`(from ${caller}, in the sandbox)`)}\n`)
  await showCall(await ring(sandboxUrl, { to, from: caller, script, speed }))
  const booking = await bookingOf(house.openSession(systemPrincipal(credentials.organizationId, 'first-screen')))
  if (!booking) return say(dim('\nNo appointment came of it this time.'))
  say(`\n${green('Booked:')} ${bold(booking.fullName)}, ${booking.local} ${dim(`(${booking.timezone})`)}\n`)
  say(howToSee(credentials, booking))
}

/** With its recording, which is fetched from the carrier a moment after the call. */
async function bookingOf(session: Session): Promise<Booked | null> {
  const deadline = performance.now() + recordingPatienceMs
  for await (const _ of setInterval(lookEveryMs)) {
    const booking = await session.read(latestBooking, { mobile: caller })
    if (!booking || booking.recordingId || performance.now() > deadline) return booking
  }
  return null
}

/** Lines to paste: each is whole, for sh and bash alike, and needs nothing but curl and sed. */
function howToSee({ baseUrl, apiKey, oauth }: Credentials, { callId, recordingId, appointmentId }: Booked): string {
  const client = `-d client_id=${oauth.client_id} -d client_secret=${oauth.client_secret}`
  const token = `curl -s ${baseUrl}/oauth/token -d grant_type=client_credentials ${client}`
  const bearer = `-H "Authorization: Bearer $TOKEN"`
  const lines: [string, ...string[]][] = [
    ['the appointment, in bella', `curl -s -H 'X-API-Key: ${apiKey}' ${baseUrl}/appointments/${appointmentId}; echo`],
    [
      'the call with its legs, events and transcript, in sapien',
      `TOKEN=$(${token} | sed 's/.*"access_token" *: *"\\([^"]*\\)".*/\\1/')`,
      `curl -s ${bearer} ${baseUrl}/v1/calls/${callId}; echo`,
    ],
  ]
  if (recordingId)
    lines.push(['its recording, to listen to', `curl -sL ${bearer} -o call.wav ${baseUrl}/v1/recordings/${recordingId}/download`])
  return [
    bold('See it through two of the APIs; paste this into another terminal:'),
    ...lines.flatMap(([about, ...commands]) => ['', dim(`  # ${about}`), ...commands.map((command) => `  ${command}`)]),
  ].join('\n')
}

/** The last lines of every start. */
export function showReady(baseUrl: string, credentials: Credentials | null, settings: Settings, tookMs: number): void {
  const rows = [['reference', cyan(`${baseUrl}/reference`)]]
  if (credentials) rows.push(['credentials', `${shown(settings.dataFolder)}/credentials.json`])
  if (credentials?.sandbox)
    rows.push(['talk to it', `${inFolder(settings.dataFolder)}./patchbay call "hi, I'd like to come in tomorrow at three"`])
  rows.push(['all commands', './patchbay help'])
  say()
  say(`${green('Patchbay is ready')} on ${bold(baseUrl)} ${dim(`(${(tookMs / 1000).toFixed(1)} s)`)}`)
  for (const [name = '', value = '', remark] of rows) say(`  ${name.padEnd(13)} ${value}${remark ? `   ${remark}` : ''}`)
  say(dim('  Ctrl-C stops it.'))
}

/** Another terminal does not know of a data folder that is not the usual one. */
function inFolder(folder: string): string {
  if (resolve(folder) === resolve('.patchbay')) return ''
  return `PATCHBAY_DATA=${/^[\w./-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", "'\\''")}'`} `
}

/** A folder below the working directory by its short name. */
function shown(folder: string): string {
  const short = relative(process.cwd(), resolve(folder))
  return short.startsWith('..') ? folder : `./${short}`
}
