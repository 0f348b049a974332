// Which pages of other origins may read an answer (the Fetch standard's CORS protocol). What a browser asks before it asks is answered
// by @fastify/cors, in a scope of its own: as a hook of every request, it took a twentieth of a short answer to say the same each time.
import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'

export interface CorsOptions {
  /** As browsers name them, or `*` among them for all. */
  readonly origins: readonly string[]
  readonly maxAgeS: number
}

/** What a browser lets a page read. */
const exposed = [
  'Link',
  'Location',
  'X-Request-Id',
  'Idempotent-Replayed',
  'Retry-After',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'RateLimit',
  'RateLimit-Policy',
  'ETag',
  'Content-Disposition',
  'Content-Range',
].join(', ')

const allow = 'access-control-allow-origin'
const expose = { 'access-control-expose-headers': exposed }

export type Headers = Readonly<Record<string, string>>

/** @returns `headers` and what an answer tells the page of an origin; made once for each origin that can be told something. */
export function headersByOrigin({ origins }: CorsOptions, headers: Headers): (origin: string | undefined) => Headers {
  if (origins.includes('*')) {
    const own = { ...headers, [allow]: '*' }
    const toPages = { ...own, ...expose } // to pages alone: Node.js reads every header through before it is sent, and this is the longest
    return (origin) => (origin === undefined ? own : toPages)
  }
  const others = { ...headers, vary: 'Origin' }
  const known = new Map(origins.map((origin) => [origin, { ...others, [allow]: origin, ...expose }]))
  return (origin) => (origin === undefined ? others : (known.get(origin) ?? others))
}

export async function registerPreflights(server: FastifyInstance, { origins, maxAgeS }: CorsOptions): Promise<void> {
  await server.register(async (scope) => {
    await scope.register(cors, {
      origin: origins.includes('*') ? '*' : [...origins],
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      maxAge: maxAgeS,
      strictPreflight: false, // an OPTIONS that is no preflight is no mistake either
    })
  })
}
