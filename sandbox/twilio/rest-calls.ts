// Twilio's Calls resource: place, list, fetch, change and delete. Refuses with Twilio's own codes.
// Source: https://www.twilio.com/docs/voice/api/call-resource
import { rfc2822 } from '../clock.ts'
import { type Answer, type Asked, json, type Route } from '../http.ts'
import type { World } from '../world.ts'
import { type Call, durationS, interrupt, isOver, type Source, startOf, type Watched } from './call.ts'
import { refuse } from './errors.ts'
import { pageOf } from './paging.ts'
import { apiVersion } from './params.ts'
import { hookOf, placeCall } from './place.ts'
import { trackOf } from './record.ts'
import type { NewRecording } from './recording.ts'
import type { Hook } from './webhook.ts'

export const accountPath = (world: World) => `/${apiVersion}/Accounts/${world.settings.accountSid}`

export function callRoutes(world: World): Route[] {
  const base = `${accountPath(world)}/Calls`
  return [
    { method: 'POST', path: `${base}.json`, handle: (asked) => create(world, asked) },
    { method: 'GET', path: `${base}.json`, handle: (asked) => list(world, asked) },
    { method: 'GET', path: `${base}/:file`, handle: (asked) => json(200, renderCall(world, findCall(world, asked.params.file))) },
    { method: 'POST', path: `${base}/:file`, handle: (asked) => update(world, asked) },
    { method: 'DELETE', path: `${base}/:file`, handle: (asked) => remove(world, asked) },
  ]
}

/** `CA….json` or `CA…`. @throws 20404 */
export function findCall(world: World, file: string | undefined): Call {
  const sid = (file ?? '').replace(/\.json$/, '')
  return world.calls.get(sid) ?? refuse(20404, `${accountPath(world)}/Calls/${sid}.json`)
}

const e164 = /^\+[1-9]\d{6,14}$/
const isReachable = (to: string) => e164.test(to) || /^(sip:[^\s@]+@[^\s@]+|client:[\w.+-]{1,120})$/.test(to)

// The numbers with which Twilio's test credentials bring out an error.
// Source: https://www.twilio.com/docs/iam/test-credentials
const refusedTo = { '+15005550001': 21211, '+15005550002': 21214, '+15005550003': 21215, '+15005550004': 21216 } as const

function create(world: World, asked: Asked): Answer {
  const { form } = asked
  const to = partyOf(form.get('To') ?? refuse(21201))
  const from = partyOf(form.get('From') ?? refuse(21213))
  if (!isReachable(to)) refuse(21211, to)
  if (isRefused(to)) refuse(refusedTo[to], to)
  if (!isReachable(from)) refuse(21212, from)
  if (e164.test(from) && !world.numbers.has(from)) refuse(21210, from)
  const call = placeCall(world, {
    to,
    from,
    source: sourceOf(form, {}),
    fallback: hookOf(form.get('FallbackUrl') ?? '', form.get('FallbackMethod') ?? 'POST'),
    callback: watchedIn(form, 'StatusCallback', ['completed']),
    timeoutS: Math.min(Number(form.get('Timeout') ?? 60) || 60, 600),
    sendDigits: form.get('SendDigits') ?? '',
    recording: recordingIn(form),
    machineDetection: detectionIn(form),
    asyncAmd:
      form.get('AsyncAmd') === 'true'
        ? hookOf(form.get('AsyncAmdStatusCallback') ?? '', form.get('AsyncAmdStatusCallbackMethod') ?? 'POST')
        : null,
  })
  return json(201, renderCall(world, call))
}

// A number may come without its plus, or with spaces and brackets.
function partyOf(given: string): string {
  const bare = given.replace(/[\s().-]/g, '')
  return /^\+?\d+$/.test(bare) ? `+${bare.replace('+', '')}` : given
}

const isRefused = (to: string): to is keyof typeof refusedTo => to in refusedTo

/** The TwiML or the address of it. @throws 21205 */
function sourceOf(form: URLSearchParams, params: Record<string, string>): Source {
  const twiml = form.get('Twiml')
  if (twiml) return { from: 'text', twiml, url: '' }
  return {
    from: 'url',
    hook: { url: addressOf(form.get('Url')), method: form.get('Method') ?? 'POST' },
    params,
    fallback: hookOf(form.get('FallbackUrl') ?? '', 'POST'),
  }
}

function addressOf(url: string | null): string {
  if (!url || !/^https?:\/\//i.test(url) || !URL.canParse(url)) refuse(21205, url ?? '')
  return url
}

export function watchedIn(form: URLSearchParams, name: string, usual: string[]): Watched | null {
  const url = form.get(name)
  if (!url) return null
  const hook: Hook = { url: addressOf(url), method: form.get(`${name}Method`) ?? 'POST' }
  const events = form.getAll(`${name}Event`).flatMap((event) => event.split(/[\s,]+/).filter(Boolean))
  return { hook, events: new Set(events.length > 0 ? events : usual) }
}

function recordingIn(form: URLSearchParams): NewRecording | null {
  if (form.get('Record') !== 'true') return null
  return {
    source: 'OutboundAPI',
    channels: form.get('RecordingChannels') === 'dual' ? 2 : 1,
    track: trackOf(form.get('RecordingTrack') ?? undefined),
    callback: watchedIn(form, 'RecordingStatusCallback', ['completed']),
  }
}

function detectionIn(form: URLSearchParams): 'Enable' | 'DetectMessageEnd' | null {
  const asked = form.get('MachineDetection')
  return asked === 'Enable' || asked === 'DetectMessageEnd' ? asked : null
}

function update(world: World, asked: Asked): Answer {
  const call = findCall(world, asked.params.file)
  const { form } = asked
  const status = form.get('Status')
  const redirects = form.has('Url') || form.has('Twiml')
  if (isOver(call) && (redirects || status !== null)) refuse(21220)
  if (form.has('StatusCallback')) call.callback = watchedIn(form, 'StatusCallback', ['completed'])
  if (status !== null && status !== 'completed' && status !== 'canceled') refuse(20001)
  if (status === 'completed' || (status === 'canceled' && call.answeredMs === null))
    interrupt(call, { kind: 'hangup', by: 'api', status: call.answeredMs === null ? 'canceled' : 'completed' })
  else if (redirects) interrupt(call, { kind: 'redirect', source: sourceOf(form, {}) })
  const shown = renderCall(world, call)
  return json(200, call.interruption?.kind === 'hangup' ? { ...shown, status: call.interruption.status ?? shown.status } : shown)
}

function remove(world: World, asked: Asked): Answer {
  const call = findCall(world, asked.params.file)
  if (!isOver(call)) refuse(21220)
  world.calls.delete(call.sid)
  return { status: 204 }
}

function list(world: World, asked: Asked): Answer {
  const items = [...world.calls.values()].filter((call) => fits(call, asked.query)).toReversed()
  return pageOf(asked, { name: 'calls', items, sid: (call) => call.sid, render: (call) => renderCall(world, call) })
}

function fits(call: Call, query: URLSearchParams): boolean {
  const same = (name: string, value: string | null) => query.get(name) === null || query.get(name) === value
  return (
    same('To', call.to) &&
    same('From', call.from) &&
    same('Status', call.status) &&
    same('ParentCallSid', call.parentSid) &&
    inTime(query, 'StartTime', startOf(call)) &&
    inTime(query, 'EndTime', call.endedMs)
  )
}

/** `Name=` is a day; `Name>=` (sent as `Name>`) and `Name<=` (sent as `Name<`) are borders. */
export function inTime(query: URLSearchParams, name: string, ms: number | null): boolean {
  const on = query.get(name)
  const from = query.get(`${name}>`)
  const until = query.get(`${name}<`)
  if (on === null && from === null && until === null) return true
  if (ms === null) return false
  if (on !== null && new Date(ms).toISOString().slice(0, 10) !== on.slice(0, 10)) return false
  return !(from !== null && ms < Date.parse(from)) && !(until !== null && ms > Date.parse(until))
}

const time = (ms: number | null) => (ms === null ? null : rfc2822(ms))

/** A minute in costs 0.0085 dollars and a minute out 0.0140, begun minutes counted whole. */
function priceOf(call: Call): string | null {
  if (!isOver(call) || call.answeredMs === null) return null
  return (-Math.ceil(durationS(call) / 60) * (call.direction === 'inbound' ? 0.0085 : 0.014)).toFixed(5)
}

export function renderCall(world: World, call: Call): Record<string, unknown> {
  const uri = `${accountPath(world)}/Calls/${call.sid}`
  return {
    sid: call.sid,
    account_sid: world.settings.accountSid,
    parent_call_sid: call.parentSid,
    phone_number_sid: call.phoneNumberSid ?? world.numbers.get(call.from)?.sid ?? null,
    to: call.to,
    to_formatted: formatted(call.to),
    from: call.from,
    from_formatted: formatted(call.from),
    status: call.status === 'initiated' ? 'queued' : call.status,
    direction: call.direction,
    start_time: time(startOf(call)),
    end_time: time(call.endedMs),
    duration: isOver(call) ? String(durationS(call)) : null,
    price: priceOf(call),
    price_unit: 'USD',
    answered_by: call.answeredBy,
    forwarded_from: call.forwardedFrom,
    caller_name: null,
    group_sid: null,
    trunk_sid: '',
    queue_time: '0',
    annotation: null,
    api_version: apiVersion,
    date_created: rfc2822(call.createdMs),
    date_updated: rfc2822(call.endedMs ?? call.answeredMs ?? call.startedMs ?? call.createdMs),
    uri: `${uri}.json`,
    subresource_uris: {
      recordings: `${uri}/Recordings.json`,
      notifications: `${uri}/Notifications.json`,
      events: `${uri}/Events.json`,
    },
  }
}

/** (201) 555-0123 for a number of North America; others as they are. */
export function formatted(number: string): string {
  const parts = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number)
  return parts ? `(${parts[1]}) ${parts[2]}-${parts[3]}` : number
}
