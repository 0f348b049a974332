// The carrier's office: what Twilio's REST API knows and does, at virtual time. It can lose an answer after having done what
// was asked, or refuse. Whoever plays the callers is told of each call that it was asked to place.
import type { AddressInfo } from 'node:net'
import { type Answer, type Asked, createHttpServer, json } from '../../sandbox/http.ts'
import { refusalAnswer, refuse, TwilioRefusal } from '../../sandbox/twilio/errors.ts'
import type { Random } from './random.ts'

export interface CarrierCall {
  readonly sid: string
  readonly direction: 'inbound' | 'outbound-api'
  readonly from: string
  readonly to: string
  status: string
  startedAt: number | null
  endedAt: number | null
  durationS: number | null
  /** Where a placed call asks what to do, and reports. */
  readonly answerUrl: string
  readonly statusUrl: string
  /** Set when the server wants the call to end, or to go on elsewhere. */
  wish: { readonly end: true } | { readonly url: string } | null
}

export interface Office {
  readonly url: string
  readonly calls: Map<string, CarrierCall>
  readonly recordings: Map<string, { readonly durationS: number; readonly ready: boolean }>
  /** One entry for each text that went out. */
  readonly messages: { readonly to: string; readonly body: string }[]
  sid(prefix: string): string
  onPlaced: (call: CarrierCall) => void
  /** The next so many requests are done, but their answers are lost; or refused. */
  fault: { kind: 'lost' | 'refused'; left: number }
  close(): Promise<void>
}

interface Account {
  readonly TWILIO_ACCOUNT_SID: string
}

export async function openOffice(clock: { now(): Date }, random: Random, { TWILIO_ACCOUNT_SID: account }: Account): Promise<Office> {
  const base = `/2010-04-01/Accounts/${account}`
  const office: Omit<Office, 'url' | 'close'> = {
    calls: new Map(),
    recordings: new Map(),
    messages: [],
    sid: (prefix) => prefix + Array.from({ length: 32 }, () => random.int(0, 15).toString(16)).join(''),
    onPlaced: () => {},
    fault: { kind: 'lost', left: 0 },
  }
  const server = createHttpServer({
    bodyLimitBytes: 100_000,
    before: () => null,
    notFound: ({ path }) => refusalAnswer(new TwilioRefusal(20404, path)),
    failed: (error) => (error instanceof TwilioRefusal ? refusalAnswer(error) : json(500, { error: String(error) })),
    routes: [
      { method: 'POST', path: `${base}/Calls.json`, handle: (asked) => faulty(office, () => place(office, asked)) },
      { method: 'GET', path: `${base}/Calls/:file`, handle: ({ params }) => faulty(office, () => json(200, show(callOf(office, params)))) },
      { method: 'POST', path: `${base}/Calls/:file`, handle: ({ params, form }) => change(callOf(office, params), form) },
      { method: 'POST', path: `${base}/Messages.json`, handle: (asked) => faulty(office, () => send(office, asked)) },
      { method: 'GET', path: `${base}/Recordings/:file`, handle: ({ params }) => recording(office, params.file ?? '') },
    ],
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(office, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })

  function place(at: typeof office, { form }: Asked): Answer {
    const call: CarrierCall = {
      sid: at.sid('CA'),
      direction: 'outbound-api',
      from: form.get('From') ?? '',
      to: form.get('To') ?? '',
      status: 'queued',
      startedAt: clock.now().getTime(),
      endedAt: null,
      durationS: null,
      answerUrl: form.get('Url') ?? '',
      statusUrl: form.get('StatusCallback') ?? '',
      wish: null,
    }
    at.calls.set(call.sid, call)
    at.onPlaced(call)
    return json(201, show(call))
  }
}

function faulty(office: Pick<Office, 'fault'>, work: () => Answer): Answer {
  const { fault } = office
  if (fault.left === 0) return work()
  fault.left -= 1
  if (fault.kind === 'refused') return refusalAnswer(new TwilioRefusal(20500))
  work()
  return { status: 0, stream: (response) => response.destroy() }
}

/** @throws 20404 */
function callOf({ calls }: Pick<Office, 'calls'>, { file = '' }: Asked['params']): CarrierCall {
  const sid = file.replace(/\.json$/, '')
  return calls.get(sid) ?? refuse(20404, sid)
}

const rfc2822 = (at: number | null) => (at === null ? null : new Date(at).toUTCString().replace('GMT', '+0000'))
const over = new Set(['completed', 'busy', 'failed', 'no-answer', 'canceled'])

const show = ({ sid, status, from, to, direction, startedAt, endedAt, durationS }: CarrierCall) => ({
  sid,
  status,
  from,
  to,
  direction,
  start_time: rfc2822(startedAt),
  end_time: rfc2822(endedAt),
  duration: durationS === null ? null : String(durationS),
})

function change(call: CarrierCall, form: URLSearchParams): Answer {
  if (over.has(call.status)) refuse(21220)
  const url = form.get('Url')
  call.wish = url ? { url } : { end: true }
  return json(200, show(call))
}

function send(office: Pick<Office, 'messages' | 'sid'>, { form }: Asked): Answer {
  office.messages.push({ to: form.get('To') ?? '', body: form.get('Body') ?? '' })
  return json(201, { sid: office.sid('SM'), status: 'queued' })
}

/** The resource, or, with `.wav`, a tenth of a second of silence. */
function recording({ recordings }: Pick<Office, 'recordings'>, file: string): Answer {
  const sid = file.replace(/\.\w+$/, '')
  const found = recordings.get(sid)
  if (!found?.ready) refuse(20404, sid)
  if (!file.endsWith('.wav')) return json(200, { sid, status: 'completed', duration: String(found.durationS), channels: 1 })
  return { status: 200, headers: { 'content-type': 'audio/wav' }, body: silence }
}

const silence = ((): Buffer => {
  const samples = Buffer.alloc(1_600)
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + samples.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(8_000, 24)
  head.writeUInt32LE(16_000, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(samples.length, 40)
  return Buffer.concat([head, samples])
})()
