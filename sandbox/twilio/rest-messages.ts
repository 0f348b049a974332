// Twilio's Messages: texts are taken, kept and reported as delivered; nobody receives them.
// Source: https://www.twilio.com/docs/messaging/api/message-resource
import { rfc2822 } from '../clock.ts'
import { type Answer, type Asked, json, type Route } from '../http.ts'
import type { Message, World } from '../world.ts'
import { refuse } from './errors.ts'
import { pageOf } from './paging.ts'
import { apiVersion } from './params.ts'
import { accountPath } from './rest-calls.ts'
import { callHook } from './webhook.ts'

const longest = 1_600
const e164 = /^\+[1-9]\d{6,14}$/

export function messageRoutes(world: World): Route[] {
  const base = `${accountPath(world)}/Messages`
  return [
    { method: 'POST', path: `${base}.json`, handle: (asked) => create(world, asked) },
    { method: 'GET', path: `${base}.json`, handle: (asked) => list(world, asked) },
    { method: 'GET', path: `${base}/:file`, handle: (asked) => json(200, render(world, find(world, asked.params.file))) },
    { method: 'DELETE', path: `${base}/:file`, handle: (asked) => remove(world, find(world, asked.params.file)) },
  ]
}

function find(world: World, file: string | undefined): Message {
  const sid = (file ?? '').replace(/\.json$/, '')
  return world.messages.find((message) => message.sid === sid) ?? refuse(20404, `${accountPath(world)}/Messages/${sid}.json`)
}

// The recipients with which Twilio's test credentials bring out an error.
const refusedTo: Record<string, 21211 | 21614 | 21610> = { '+15005550001': 21211, '+15005550009': 21614, '+15005550004': 21610 }

function create(world: World, asked: Asked): Answer {
  const { form } = asked
  const to = form.get('To') || refuse(21604)
  const service = form.get('MessagingServiceSid')
  const from = form.get('From') || (service ? ([...world.numbers.keys()][0] ?? '') : refuse(21603))
  const body = form.get('Body') || refuse(21602)
  const code = refusedTo[to]
  if (code) refuse(code, to)
  if (!e164.test(to)) refuse(21211, to)
  if (!service && !world.numbers.has(from)) refuse(21606, from)
  if (body.length > longest) refuse(21617)
  const message: Message = {
    sid: world.sid('SM'),
    from,
    to,
    body,
    status: 'queued',
    messagingServiceSid: service,
    errorCode: null,
    createdMs: world.clock.now(),
  }
  world.messages.push(message)
  setImmediate(() => void deliver(world, message, form.get('StatusCallback')))
  return json(201, render(world, message))
}

/** queued → sent → delivered, each told to the callback in that order. */
async function deliver(world: World, message: Message, callback: string | null): Promise<void> {
  for (const status of ['sent', 'delivered']) {
    message.status = status
    if (!callback) continue
    await callHook(
      world,
      { url: callback, method: 'POST' },
      {
        AccountSid: world.settings.accountSid,
        ApiVersion: apiVersion,
        MessageSid: message.sid,
        SmsSid: message.sid,
        MessageStatus: status,
        SmsStatus: status,
        From: message.from,
        To: message.to,
      },
    )
  }
}

function remove(world: World, message: Message): Answer {
  world.messages = world.messages.filter((each) => each !== message)
  return { status: 204 }
}

function list(world: World, asked: Asked): Answer {
  const same = (name: string, value: string) => asked.query.get(name) === null || asked.query.get(name) === value
  const items = world.messages.filter((message) => same('To', message.to) && same('From', message.from)).toReversed()
  return pageOf(asked, { name: 'messages', items, sid: (message) => message.sid, render: (message) => render(world, message) })
}

/** 160 characters a part (153 when there are several), 70 (67) when one is not in the GSM alphabet. */
export function segmentsOf(body: string): number {
  const isGsm = /^[\n\r !"#$%&'()*+,\-./0-9:;<=>?@A-Z_a-z£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà^{}[\]~|\\€]*$/.test(body)
  const extra = isGsm ? (body.match(/[\^{}[\]~|\\€]/g)?.length ?? 0) : 0
  const length = body.length + extra
  const [single, several] = isGsm ? [160, 153] : [70, 67]
  return length <= single ? 1 : Math.ceil(length / several)
}

function render(world: World, message: Message): Record<string, unknown> {
  const uri = `${accountPath(world)}/Messages/${message.sid}`
  const created = rfc2822(message.createdMs)
  return {
    sid: message.sid,
    account_sid: world.settings.accountSid,
    api_version: apiVersion,
    body: message.body,
    from: message.from,
    to: message.to,
    status: message.status,
    direction: 'outbound-api',
    num_segments: String(segmentsOf(message.body)),
    num_media: '0',
    messaging_service_sid: message.messagingServiceSid,
    error_code: message.errorCode,
    error_message: null,
    price: null,
    price_unit: 'USD',
    date_created: created,
    date_updated: created,
    date_sent: message.status === 'queued' ? null : created,
    uri: `${uri}.json`,
    subresource_uris: { media: `${uri}/Media.json` },
  }
}
