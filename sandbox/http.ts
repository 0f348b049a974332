// Decides how a request reaches its handler: a route table, a bounded body, forms and JSON read once.
// Refuses oversized and malformed bodies before a handler sees them. Knows no vendor.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

export interface Asked {
  method: string
  path: string
  params: Record<string, string>
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: Buffer
  /** The body as a form; empty when it is none. */
  form: URLSearchParams
}

export interface Answer {
  status: number
  headers?: Record<string, string>
  body?: string | Buffer
  /** Takes the response over, for streams. */
  stream?: (response: ServerResponse) => void
}

export interface Route {
  method: string
  /** `/a/:name/b`; a last part such as `:file` takes the extension too. */
  path: string
  handle: (asked: Asked) => Answer | Promise<Answer>
}

export interface Doors {
  routes: Route[]
  bodyLimitBytes: number
  /** Runs before the route: an answer here ends the request. */
  before: (asked: Asked) => Answer | null | Promise<Answer | null>
  notFound: (asked: Asked) => Answer
  failed: (error: unknown, asked: Asked | null) => Answer
}

export class BodyTooLarge extends Error {}

export const json = (status: number, value: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(value),
})

export function createHttpServer(doors: Doors): Server {
  const table = doors.routes.map((route) => ({ ...route, parts: route.path.split('/') }))
  const server = createServer((request, response) => {
    void answer(request, response, doors, table)
  })
  server.keepAliveTimeout = 120_000
  return server
}

type Compiled = Route & { parts: string[] }

async function answer(request: IncomingMessage, response: ServerResponse, doors: Doors, table: Compiled[]): Promise<void> {
  let asked: Asked | null = null
  let reply: Answer
  try {
    const url = new URL(request.url ?? '/', 'http://sandbox')
    const body = await readBody(request, doors.bodyLimitBytes)
    asked = {
      method: request.method ?? 'GET',
      path: url.pathname,
      params: {},
      query: url.searchParams,
      headers: request.headers,
      body,
      form: formOf(request, body),
    }
    reply = (await doors.before(asked)) ?? (await dispatch(asked, doors, table))
  } catch (error) {
    reply = doors.failed(error, asked)
  }
  if (reply.stream) return reply.stream(response)
  response.writeHead(reply.status, { ...reply.headers, 'content-length': String(Buffer.byteLength(reply.body ?? '')) })
  response.end(request.method === 'HEAD' ? undefined : reply.body)
}

function dispatch(asked: Asked, doors: Doors, table: Compiled[]): Answer | Promise<Answer> {
  const parts = asked.path.split('/')
  for (const route of table) {
    if (route.method !== asked.method) continue
    const params = match(route.parts, parts)
    if (params) return route.handle(Object.assign(asked, { params }))
  }
  return doors.notFound(asked)
}

function match(pattern: string[], parts: string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null
  const params: Record<string, string> = {}
  for (const [index, want] of pattern.entries()) {
    const have = parts[index] ?? ''
    if (want.startsWith(':') && have !== '') params[want.slice(1)] = decode(have)
    else if (want !== have) return null
  }
  return params
}

// A path with a stray percent sign is taken as it stands: it will match nothing, which is a 404 and not a 500.
function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > limit) throw new BodyTooLarge(`the body is over ${limit} bytes`)
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
}

function formOf(request: IncomingMessage, body: Buffer): URLSearchParams {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
  return new URLSearchParams(isForm ? body.toString('utf8') : '')
}
