// What an endpoint may know of the request itself, without the framework.
import type { FastifyRequest } from 'fastify'
import { bodyOf, type ReadBody } from './bodies.ts'
import type { RequestFacts } from './endpoint.ts'
import { visitOf } from './visit.ts'

export function factsOf(request: FastifyRequest, { publicUrl }: { publicUrl: string | null }): RequestFacts {
  const visit = visitOf(request)
  visit.facts ??= new Facts(request, publicUrl)
  return visit.facts
}

/** A class, because one is made for every request: what few ask for is a getter of the prototype and costs the others nothing. */
class Facts implements RequestFacts {
  readonly raw: FastifyRequest
  readonly id: string
  readonly method: string
  readonly url: string
  readonly headers: RequestFacts['headers']
  readonly #publicUrl: string | null
  #abort: AbortController | null = null

  constructor(request: FastifyRequest, publicUrl: string | null) {
    this.raw = request
    this.id = request.id
    this.method = request.method
    this.url = request.url
    this.headers = request.headers
    this.#publicUrl = publicUrl
  }

  get address(): string {
    return this.raw.ip
  }

  get connection(): object {
    return this.raw.raw.socket
  }

  get origin(): string {
    return this.#publicUrl ?? `${this.raw.protocol}://${this.raw.host}`
  }

  get rawBody(): Buffer {
    return bodyOf(this.raw).raw
  }

  get form(): ReadBody['form'] {
    return bodyOf(this.raw).form
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      const controller = new AbortController()
      this.#abort = controller
      this.raw.raw.socket.once('close', () => controller.abort())
    }
    return this.#abort.signal
  }
}
