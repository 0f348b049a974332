// Decides how an address of the server is called: signed, with retries after a failed connection, and with the limits that
// a fragment of the address may override (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
import * as http from 'node:http'
import * as https from 'node:https'
import type { World } from '../world.ts'
import { type Fields, signature } from './signature.ts'

export interface Hook {
  url: string
  method: string
}

export interface Exchange {
  url: string
  method: string
  params: Fields
  status: number | null
  contentType: string
  body: string
  ms: number
  attempts: number
  error: string | null
}

interface Limits {
  retryCount: number
  retryForMs: number
  retryEveryMs: number
  connectMs: number
  readMs: number
  bodyLimit: number
  policies: Set<string>
}

interface Got {
  status: number
  contentType: string
  location: string | undefined
  body: Buffer
}

const agents = {
  'http:': new http.Agent({ keepAlive: true, maxSockets: 512 }),
  'https:': new https.Agent({ keepAlive: true, maxSockets: 512 }),
}
const answerLimit = 1024 * 1024
const mediaLimit = 40 * 1024 * 1024
const redirectLimit = 5

/** Calls the address; a failure is told in `error`, never thrown. */
export async function callHook(world: World, hook: Hook, params: Fields): Promise<Exchange> {
  const [plain = '', fragment = ''] = hook.url.split('#', 2)
  const method = hook.method.toUpperCase() === 'GET' ? 'GET' : 'POST'
  const limits = limitsOf(world, fragment)
  const token = world.uuid()
  const startedMs = performance.now()
  const exchange: Exchange = { url: plain, method, params, status: null, contentType: '', body: '', ms: 0, attempts: 0, error: null }
  for (;;) {
    exchange.attempts += 1
    try {
      const got = await follow(world, plain, method, params, token, limits)
      Object.assign(exchange, { status: got.status, contentType: got.contentType, body: got.body.toString('utf8'), error: null })
      if (!(got.status >= 500 && limits.policies.has('5xx') && mayRetry(exchange, startedMs, limits))) break
    } catch (error) {
      exchange.error = String(error instanceof Error ? error.message || error.name : error)
      if (!retried(error, limits) || !mayRetry(exchange, startedMs, limits)) break
    }
    await new Promise((resolve) => setTimeout(resolve, limits.retryEveryMs))
  }
  exchange.ms = performance.now() - startedMs
  return exchange
}

/** Something to be played. @returns its bytes, or a sentence saying why there are none */
export async function fetchMedia(world: World, url: string): Promise<Buffer | string> {
  try {
    const got = await follow(world, url, 'GET', {}, world.uuid(), { ...limitsOf(world, ''), bodyLimit: mediaLimit })
    return got.status === 200 ? got.body : `status ${got.status}`
  } catch (error) {
    return error instanceof Error ? error.message || error.name : String(error)
  }
}

function mayRetry(exchange: Exchange, startedMs: number, limits: Limits): boolean {
  if (limits.retryForMs > 0) return performance.now() - startedMs < limits.retryForMs
  return exchange.attempts <= limits.retryCount
}

function limitsOf(world: World, fragment: string): Limits {
  const policy = world.webhooks
  const override = new URLSearchParams(fragment)
  const number = (name: string, otherwise: number, most: number) => Math.min(Number(override.get(name) ?? otherwise) || 0, most)
  const policies = new Set((override.get('rp') ?? (policy.retryForS > 0 ? 'ct,rt' : 'ct')).split(','))
  if (policies.has('all')) for (const each of ['ct', 'rt', '4xx', '5xx']) policies.add(each)
  return {
    retryCount: number('rc', policy.retryCount, 5),
    retryForMs: override.has('rc') ? 0 : policy.retryForS * 1000,
    retryEveryMs: policy.retryEveryMs,
    connectMs: number('ct', policy.connectTimeoutMs, 10_000),
    readMs: number('rt', policy.readTimeoutMs, 15_000),
    bodyLimit: answerLimit,
    policies,
  }
}

// `ct` is a connection that never came up, `rt` one that broke or fell silent afterwards.
function retried(error: unknown, limits: Limits): boolean {
  return limits.policies.has(isConnectFailure(error) ? 'ct' : 'rt')
}

function isConnectFailure(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EHOSTUNREACH' || code === 'EAI_AGAIN' || code === 'CONNECT_TIMEOUT'
}

/** One attempt, through redirects; a redirected request goes on as a GET, signed for where it goes. */
async function follow(world: World, url: string, method: string, params: Fields, token: string, limits: Limits): Promise<Got> {
  let target = method === 'GET' ? withQuery(url, params) : url
  let fields = method === 'GET' ? {} : params
  let verb = method
  for (let hop = 0; hop <= redirectLimit; hop += 1) {
    const got = await send(world, target, verb, fields, token, limits)
    if (got.status < 300 || got.status >= 400 || !got.location) return got
    target = new URL(got.location, target).href
    verb = 'GET'
    fields = {}
  }
  throw new Error(`more than ${redirectLimit} redirects`)
}

function withQuery(url: string, params: Fields): string {
  const query = new URLSearchParams(params).toString()
  return url + (url.includes('?') ? '&' : '?') + query
}

async function send(world: World, url: string, method: string, fields: Fields, token: string, limits: Limits): Promise<Got> {
  const body = method === 'POST' ? new URLSearchParams(fields).toString() : ''
  const headers: Record<string, string> = {
    accept: '*/*',
    'user-agent': 'TwilioProxy/1.1',
    'x-home-region': 'us1',
    'x-twilio-signature': signature(world.settings.authToken, url, fields),
    'i-twilio-idempotency-token': token,
  }
  if (method === 'POST')
    Object.assign(headers, {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'content-length': String(Buffer.byteLength(body)),
    })
  try {
    return await request(url, method, headers, body, limits)
  } catch (error) {
    // The server may close an idle connection just as it is used again: that says nothing about the server.
    if (error instanceof StaleConnection) return await request(url, method, headers, body, limits, false)
    throw error
  }
}

class StaleConnection extends Error {}

function request(url: string, method: string, headers: Record<string, string>, body: string, limits: Limits, reuse = true): Promise<Got> {
  const target = new URL(url)
  const secure = target.protocol === 'https:'
  const make = secure ? https.request : http.request
  const agent = reuse ? agents[secure ? 'https:' : 'http:'] : false
  return new Promise((resolve, reject) => {
    const outgoing = make(
      target,
      { method, headers, agent, auth: target.username ? `${target.username}:${target.password}` : undefined },
      (response) => {
        collect(response, limits.bodyLimit).then(resolve, reject)
      },
    )
    const connecting = setTimeout(
      () => outgoing.destroy(Object.assign(new Error('connect timeout'), { code: 'CONNECT_TIMEOUT' })),
      limits.connectMs,
    )
    outgoing.on('socket', (socket) => {
      if (!socket.connecting) return clearTimeout(connecting)
      socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(connecting))
    })
    outgoing.on('close', () => clearTimeout(connecting))
    outgoing.setTimeout(limits.readMs, () => outgoing.destroy(new Error(`no answer within ${limits.readMs} ms`)))
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      reject(outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE') ? new StaleConnection(error.message) : error)
    })
    outgoing.end(body)
  })
}

async function collect(response: http.IncomingMessage, bodyLimit: number): Promise<Got> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    size += chunk.length
    if (size > bodyLimit) throw new Error(`the answer is over ${bodyLimit} bytes`)
    chunks.push(chunk)
  }
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    location: response.headers.location,
    body: Buffer.concat(chunks),
  }
}
