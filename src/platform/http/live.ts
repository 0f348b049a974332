// An answer that goes on for as long as both sides want. It is handed over whole: its writer speaks to the connection
// itself, so that what many are told is framed once and copied for none of them.
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

/** The connection ends it: no length is announced, and nothing is framed in chunks (RFC 9112, 6.3). */
export class Live {
  readonly begin: (outlet: ServerResponse) => void
  /** @param begin called once, after the head was sent, also when the caller has gone in the meantime */
  constructor(begin: (outlet: ServerResponse) => void) {
    this.begin = begin
  }
}

const onceOn = Symbol('once it goes on')
type Followed = ServerResponse & { [onceOn]?: () => void }

/** Calls `then` when an answer goes on by itself, however long: a stream of events, or a file. */
export function followOn(response: Followed, then: () => void): void {
  response[onceOn] = then // a listener would cost each of the others, who never do
}

export const goOn = (response: Followed): void => response[onceOn]?.()

export function goLive(reply: FastifyReply, { begin }: Live): FastifyReply {
  reply.hijack()
  const outlet = reply.raw
  outlet.removeHeader('transfer-encoding')
  outlet.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>)
  outlet.flushHeaders()
  goOn(outlet)
  begin(outlet)
  return reply
}
