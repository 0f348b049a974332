// Writes events to one client. Who does not read fast enough is given no more until it has read what it has: it falls
// behind by itself, and costs the others nothing.
import type { ServerResponse } from 'node:http'
import type { EventFeed, FeedEvent } from '../../platform/events/index.ts'
import { renderFor } from './event-frames.ts'
import type { Audience } from './event-sight.ts'

export interface EventStream {
  /** A comment, so that nobody between takes the silence for the end. Not for who has enough to read as it is. */
  ping(): void
  /** Since when the client has not taken what waits for it, as of `performance.now()`; null when it keeps up. */
  readonly waitingSince: number | null
  /** Says farewell and hangs up. */
  end(farewell: string): void
  /** Hangs up on who does not listen. */
  cut(): void
}

export interface StreamStart {
  readonly feed: EventFeed
  readonly organizationId: number
  readonly after: number
  /** Whether the client named where to begin; one that did not is told, so that it can resume before its first event. */
  readonly resumes: boolean
  readonly audience: Audience
  /** How long the client is to wait before it comes again. */
  readonly reconnectMs: number
  readonly onClose: () => void
}

const ping = Buffer.from(': ping\n\n')

export function openStream(
  outlet: ServerResponse,
  { feed, organizationId, after, resumes, audience, reconnectMs, onClose }: StreamStart,
): EventStream {
  // The head is out and nothing is framed: what is written to the connection itself is the answer, at half the cost.
  const wire = outlet.socket ?? outlet
  let waitingSince: number | null = null
  let ended = false
  const write = (bytes: Buffer | string): boolean => {
    if (ended) return false
    if (wire.write(bytes)) return true
    waitingSince ??= performance.now()
    return false
  }
  const end = (farewell: string) => {
    if (ended) return
    write(`: ${farewell}\n\n`)
    ended = true
    outlet.end()
  }
  write(`retry: ${reconnectMs}\n${resumes ? '' : `id: ${after}\n`}: connected\n\n`)
  const following = feed.follow(organizationId, after, {
    onEvents(events: readonly FeedEvent[]) {
      const bytes = renderFor(audience, events)
      return bytes === null || write(bytes)
    },
    onEnd: () => end('the server is closing; come again'),
  })
  wire.on('drain', () => {
    waitingSince = null
    following.resume()
  })
  const close = () => {
    ended = true
    following.stop()
    onClose()
  }
  if (outlet.destroyed) close()
  else outlet.once('close', close)
  return {
    ping: () => void (waitingSince === null && write(ping)),
    get waitingSince() {
      return waitingSince
    },
    end(farewell) {
      following.stop()
      end(farewell)
    },
    cut() {
      ended = true
      outlet.destroy()
    },
  }
}
