// A body must keep coming: a connection that is held open by a few bytes now and then is let go. An ordinary body has one
// deadline; an upload gets another as long as it makes some way.
import type { FastifyRequest } from 'fastify'

/** What an upload must at least bring between two looks: slower than the slowest modem is no upload. */
const leastBytes = 16 * 1024

/** Calls `onLate` when the body is not there in time, and never after it is. */
export function watchBody({ raw }: FastifyRequest, options: { deadlineMs: number; stream: boolean; onLate: () => void }): void {
  let before = raw.socket.bytesRead
  const look = () => {
    if (raw.complete || raw.destroyed) return
    const { bytesRead } = raw.socket
    if (!options.stream || bytesRead - before < leastBytes) return options.onLate()
    before = bytesRead
    timer = setTimeout(look, options.deadlineMs).unref()
  }
  let timer = setTimeout(look, options.deadlineMs).unref()
  raw.once('close', () => clearTimeout(timer))
}
