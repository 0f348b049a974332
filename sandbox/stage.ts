// For the tests beside: a sandbox on a free port, a small application that it calls, and the official SDK pointed at it.
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import twilio, { RequestClient } from 'twilio'
import { createClock } from './clock.ts'
import { startSandbox } from './server.ts'
import { defaults, type Settings } from './settings.ts'
import { createWorld, type World } from './world.ts'

export interface Got {
  path: string
  method: string
  params: Record<string, string>
  headers: IncomingHttpHeaders
  /** What `validateRequest` of the official package says. */
  signed: boolean
}

export type Reply = string | { status: number; type?: string; body?: string | Buffer; headers?: Record<string, string> }

export interface App {
  url: string
  got: Got[]
  /** The requests to one path, in order. */
  at: (path: string) => Got[]
  close: () => Promise<void>
}

export interface Stage {
  world: World
  app: App
  baseUrl: string
  clamdUrl: string
  sdk: ReturnType<typeof twilio>
  number: string
  control: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: Shown }>
  /** Somebody rings the hosted number; answers when the call is over and its callbacks were delivered. */
  ring: (more: Record<string, unknown>) => Promise<Shown>
  settled: (sid: string) => Promise<Shown>
  close: () => Promise<void>
}

/** What the control API shows of a call; read loosely, since tests look at one part each. */
export interface Shown {
  sid: string
  status: string
  heard: string[]
  said: string[]
  recordings: string[]
  events: { type: string; text?: string; code?: number; message?: string; status?: string; to?: string; duration?: number }[]
  exchanges: {
    url: string
    params: Record<string, string>
    status: number | null
    attempts: number
    body: string
    ms: number
    error: string | null
  }[]
  error?: string
  [name: string]: unknown
}

export async function startApp(authToken: string, reply: (got: Got) => Reply | Promise<Reply>, port = 0): Promise<App> {
  const got: Got[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const address = new URL(request.url ?? '/', `http://${request.headers.host}`)
      const params = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString('utf8')))
      const signed = twilio.validateRequest(authToken, String(request.headers['x-twilio-signature']), address.href, params)
      const one = {
        path: address.pathname,
        method: request.method ?? '',
        params: { ...Object.fromEntries(address.searchParams), ...params },
        headers: request.headers,
        signed,
      }
      got.push(one)
      const answer = await reply(one)
      const full = typeof answer === 'string' ? { status: 200, type: 'text/xml', body: answer } : answer
      response.writeHead(full.status, { ...(full.type ? { 'content-type': full.type } : {}), ...('headers' in full ? full.headers : {}) })
      response.end(full.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${bound}`,
    got,
    at: (path) => got.filter((one) => one.path === path),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The official request client, with only the host changed. */
export class PointedClient extends RequestClient {
  readonly baseUrl: string
  constructor(baseUrl: string) {
    super({ timeout: 10_000 })
    this.baseUrl = baseUrl
  }
  override request<T>(options: Parameters<RequestClient['request']>[0]) {
    const uri = options.uri.replace('https://api.twilio.com', this.baseUrl)
    return super.request<T>({ ...options, uri } as Parameters<typeof RequestClient.prototype.request<T>>[0])
  }
}

export async function stage(reply: (got: Got) => Reply | Promise<Reply>, changed: Partial<Settings> = {}): Promise<Stage> {
  const number = '+441615550100'
  const app = await startApp(defaults.authToken, reply)
  const numbers = [{ phoneNumber: number, voiceUrl: `${app.url}/voice`, statusCallback: `${app.url}/status` }]
  const settings: Settings = { ...defaults, speed: 'instant', numbers, ...changed }
  const clock = createClock({ wallMs: () => Date.now(), steadyMs: () => performance.now() }, settings.speed)
  const world = createWorld(settings, clock, { sid: (prefix) => prefix + randomBytes(16).toString('hex'), uuid: () => randomUUID() })
  const sandbox = await startSandbox(world)
  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(sandbox.baseUrl + path, { method, body: body === undefined ? undefined : JSON.stringify(body) })
    return { status: response.status, body: (await response.json()) as Shown }
  }
  const settled = async (sid: string) => (await control('GET', `/sandbox/calls/${sid}?wait=settled`)).body
  return {
    world,
    app,
    baseUrl: sandbox.baseUrl,
    clamdUrl: sandbox.clamdUrl,
    number,
    sdk: twilio(settings.accountSid, settings.authToken, { httpClient: new PointedClient(sandbox.baseUrl) }),
    control,
    settled,
    ring: async (more) => settled((await control('POST', '/sandbox/calls', { to: number, ...more })).body.sid),
    close: async () => {
      await sandbox.close()
      await app.close()
    },
  }
}
