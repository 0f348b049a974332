// What an endpoint may know of the request itself, without the framework.
import type { FastifyRequest } from 'fastify'
import { bodyOf } from './bodies.ts'
import type { RequestFacts } from './endpoint.ts'

const known = new WeakMap<FastifyRequest, RequestFacts>()

export function factsOf(request: FastifyRequest, { publicUrl }: { publicUrl: string | null }): RequestFacts {
  const before = known.get(request)
  if (before) return before
  let abort: AbortController | null = null
  const facts: RequestFacts = {
    id: request.id,
    method: request.method,
    url: request.url,
    address: request.ip,
    headers: request.headers,
    raw: request,
    get origin() {
      return publicUrl ?? `${request.protocol}://${request.host}`
    },
    get rawBody() {
      return bodyOf(request).raw
    },
    get form() {
      return bodyOf(request).form
    },
    get signal() {
      if (!abort) {
        const controller = new AbortController()
        abort = controller
        request.raw.socket.once('close', () => controller.abort())
      }
      return abort.signal
    },
  }
  known.set(request, facts)
  return facts
}
