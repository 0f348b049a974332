// Opens a real event stream to this server over HTTP and waits for its own ping to come through it, by way of the bus that
// all event streams hang on. The stream is signed for one check, so that nobody else can hold such streams open.
import { randomUUID } from 'node:crypto'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { refuse } from '../../platform/errors/index.ts'
import type { Bus } from '../../platform/events/index.ts'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import type { House } from '../house.ts'

const path = '/v1/hello/sse/stream'
const channel = 'hello.ping'
const purpose = 'hello stream'
const lifetimeMs = 3_000

/** The other end: a stream that says `ready` when it listens, and then passes on the one ping it waits for. */
export const eventStreamCheck = (house: House): AnyEndpoint =>
  endpoint({
    operation: 'hello.stream',
    method: 'GET',
    path,
    summary: 'The stream that the check of event streams opens to itself',
    permission: 'public',
    unlimited: true,
    hidden: true,
    query: Type.Object({ ping: Type.String({ maxLength: 100 }), signature: Type.String({ maxLength: 100 }) }),
    response: { 200: 'text/event-stream' },
    handle: ({ query: { ping, signature } }) => {
      if (!house.vault.verifier(purpose)(ping, signature) || isOld(ping, house.clock.now())) refuse('route_not_found')
      return answer(200, pingStream(house.bus, ping), { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    },
  })

function pingStream(bus: Bus, ping: string): Readable {
  const stream = new Readable({ read() {} })
  const unsubscribe = bus.subscribe(channel, (payload) => {
    if (payload !== ping) return
    stream.push(`data: ${ping}\n\n`)
    stream.push(null)
  })
  const timer = setTimeout(() => stream.push(null), lifetimeMs)
  stream.once('close', () => {
    clearTimeout(timer)
    unsubscribe()
  })
  stream.push('data: ready\n\n')
  return stream
}

const isOld = (ping: string, now: Date): boolean => !(Math.abs(now.getTime() - Number(ping.split('.')[0])) < lifetimeMs)

/** @throws when the ping does not come through before `signal` ends it */
export async function checkEventStream({ vault, bus, clock }: House, origin: string, signal: AbortSignal): Promise<void> {
  const ping = `${clock.now().getTime()}.${randomUUID()}`
  const query = new URLSearchParams({ ping, signature: vault.signer(purpose)(ping) })
  const response = await open(`${origin}${path}?${query}`, signal)
  if (response.statusCode !== 200) throw badAnswer(`answered ${response.statusCode}`)
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) {
    if (text === '') await bus.publish(channel, ping)
    text += String(chunk)
    if (text.includes(`data: ${ping}\n\n`)) return
  }
  throw badAnswer('the stream ended without its ping')
}

const badAnswer = (message: string): Error => Object.assign(new Error(message), { code: 'BAD_ANSWER' })

/** The certificate is not checked: it names the public address, and this goes to our own socket. */
function open(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  const options = { signal, headers: { accept: 'text/event-stream' }, agent: false }
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? https.get(url, { ...options, rejectUnauthorized: false }) : http.get(url, options)
    request.once('response', resolve).once('error', reject)
  })
}
