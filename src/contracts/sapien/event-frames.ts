// An event as its client reads it. Each is rendered once for everybody, and what a crowd hears alike is put together once.
import type { FeedEvent } from '../../platform/events/index.ts'
import { wireTime } from '../../platform/time/index.ts'
import type { Audience } from './event-sight.ts'

const frames = new WeakMap<FeedEvent, Buffer>()
const crowds = new WeakMap<readonly FeedEvent[], Map<string, Buffer | null>>()

/** Null when the audience hears nothing of these. */
export function renderFor({ crowd, hears }: Audience, events: readonly FeedEvent[]): Buffer | null {
  if (crowd === null) return render(events.filter(hears))
  const rendered = crowds.get(events) ?? new Map<string, Buffer | null>()
  crowds.set(events, rendered)
  const before = rendered.get(crowd)
  if (before !== undefined) return before
  const bytes = render(events.filter(hears))
  rendered.set(crowd, bytes)
  return bytes
}

function render(events: readonly FeedEvent[]): Buffer | null {
  const [first] = events
  if (!first) return null
  return events.length === 1 ? frameOf(first) : Buffer.concat(events.map(frameOf))
}

function frameOf(event: FeedEvent): Buffer {
  const before = frames.get(event)
  if (before) return before
  const { id, seq, type, organizationId, occurredAt, data } = event
  const head = JSON.stringify({ id, seq, type, organizationId, occurredAt: wireTime(occurredAt) })
  const frame = Buffer.from(`id: ${seq}\ndata: ${head.slice(0, -1)},"data":${data}}\n\n`)
  frames.set(event, frame)
  return frame
}
