// Writes events to one client. A client that does not read fast enough is let go: it resumes where it was.
import { Readable } from 'node:stream'
import type { FeedEvent } from '../../platform/events/index.ts'
import { wireTime } from '../../platform/time/index.ts'
import type { House } from '../house.ts'

const heartbeatMs = 15_000
const reconnectMs = 1_000
/** What may wait for a slow client. */
const mostWaitingBytes = 1024 * 1024

export function openStream(
  { feed }: Pick<House, 'feed'>,
  organizationId: number,
  after: number,
  wanted: (event: FeedEvent) => boolean,
): Readable {
  const stream = new Readable({ read() {}, highWaterMark: mostWaitingBytes })
  const write = (text: string) => {
    if (stream.destroyed) return
    stream.push(text)
    if (stream.readableLength > mostWaitingBytes) stream.destroy()
  }
  write(`retry: ${reconnectMs}\n: connected\n\n`)
  const heartbeat = setInterval(() => write(': ping\n\n'), heartbeatMs)
  const stop = feed.follow(organizationId, after, {
    onEvent: (event) => (wanted(event) ? write(render(event)) : undefined),
    onEnd: () => stream.push(null),
  })
  stream.once('close', () => {
    clearInterval(heartbeat)
    stop()
  })
  return stream
}

function render({ id, seq, type, organizationId, occurredAt, data }: FeedEvent): string {
  const head = JSON.stringify({ id, seq, type, organizationId, occurredAt: wireTime(occurredAt) })
  return `id: ${seq}\ndata: ${head.slice(0, -1)},"data":${data}}\n\n`
}
