// Follows an organisation's events, from any point and for as long as somebody listens. Word on the bus only says that
// there is more to read: what is delivered comes from the table, in sequence, so nothing is lost or repeated.
// One reader an organisation serves everybody in this process who has caught up.
import type { Database } from '../db/index.ts'
import type { Log } from '../session/index.ts'
import type { Bus } from './bus.ts'
import { type EventRow, selectEventsAfter, selectFeedEnd } from './events.sql.ts'

export interface FeedEvent extends EventRow {
  readonly organizationId: number
}

export interface Follower {
  /** Called in sequence. What it wants to leave out it leaves out. */
  onEvent(event: FeedEvent): void
  /** The feed ends: the server stops, or the events cannot be read. */
  onEnd(): void
}

export interface EventFeed {
  /** Where it ends now: whoever begins here misses nothing that comes. */
  end(organizationId: number): Promise<number>
  /** From behind `after`. @returns a function that ends it */
  follow(organizationId: number, after: number, follower: Follower): () => void
  /** How many follow. */
  size(): number
  close(): void
}

interface Listener {
  readonly follower: Follower
  /** The last event that it was given. */
  at: number
}

interface Reader {
  /** Every listener has been given everything up to here. */
  head: number
  readonly listeners: Set<Listener>
  reading: boolean
  /** There was word of more while reading. */
  again: boolean
}

interface Feed {
  readonly database: Database
  readonly log: Log
  readonly readers: Map<number, Reader>
  readonly followers: Set<Follower>
  readonly timers: Set<NodeJS.Timeout>
}

const pageSize = 500
const retryMs = 500

export function openFeed({ database, bus, log }: { database: Database; bus: Bus; log: Log }): EventFeed {
  const feed: Feed = { database, log, readers: new Map(), followers: new Set(), timers: new Set() }
  let closed = false
  const subscriptions = [
    bus.subscribe('events', (payload) => void advance(feed, (payload as { organizationId: number }).organizationId)),
    bus.subscribe('resync', () => {
      for (const organizationId of feed.readers.keys()) void advance(feed, organizationId)
    }),
  ]
  return {
    follow(organizationId, after, follower) {
      if (closed) {
        follower.onEnd()
        return () => {}
      }
      feed.followers.add(follower)
      void catchUp(feed, organizationId, after, follower)
      return () => leave(feed, organizationId, follower)
    },
    end: (organizationId) => readEnd(database, organizationId),
    size: () => feed.followers.size,
    close() {
      closed = true
      for (const unsubscribe of subscriptions) unsubscribe()
      for (const timer of feed.timers) clearTimeout(timer)
      for (const follower of [...feed.followers]) follower.onEnd()
      feed.followers.clear()
      feed.readers.clear()
    },
  }
}

function leave({ followers, readers }: Feed, organizationId: number, follower: Follower): void {
  followers.delete(follower)
  const reader = readers.get(organizationId)
  for (const listener of reader?.listeners ?? []) if (listener.follower === follower) reader?.listeners.delete(listener)
  if (reader?.listeners.size === 0) readers.delete(organizationId)
}

/** Reads to the end for those who have caught up. One at a time for each organisation. */
async function advance(feed: Feed, organizationId: number): Promise<void> {
  const reader = feed.readers.get(organizationId)
  if (!reader) return
  reader.again = true
  if (reader.reading) return
  reader.reading = true
  try {
    while (reader.again && feed.readers.get(organizationId) === reader) {
      reader.again = false
      const events = await readPage(feed, organizationId, reader.head)
      reader.again ||= events.length === pageSize
      for (const event of events) deliver(reader, event)
    }
  } catch (error) {
    feed.log.warn({ err: error, organizationId }, 'could not read the event feed; trying again')
    later(feed, () => void advance(feed, organizationId))
  } finally {
    reader.reading = false
  }
}

function deliver(reader: Reader, event: FeedEvent): void {
  reader.head = event.seq
  for (const listener of [...reader.listeners]) {
    if (event.seq <= listener.at) continue
    listener.at = event.seq
    listener.follower.onEvent(event)
  }
}

/** A newcomer reads for itself until it has all that the others have, and joins them in that same moment. */
async function catchUp(feed: Feed, organizationId: number, from: number, follower: Follower): Promise<void> {
  let at = from
  try {
    for (;;) {
      const events = await readPage(feed, organizationId, at)
      for (const event of events) {
        if (!feed.followers.has(follower)) return
        at = event.seq
        follower.onEvent(event)
      }
      if (!feed.followers.has(follower)) return
      if (events.length < pageSize && join(feed, organizationId, { follower, at })) return
    }
  } catch (error) {
    feed.log.warn({ err: error, organizationId }, 'could not read the event feed; trying again')
    const reached = at
    later(feed, () => feed.followers.has(follower) && void catchUp(feed, organizationId, reached, follower))
  }
}

/** False when the others have been given more in the meantime. */
function join(feed: Feed, organizationId: number, listener: Listener): boolean {
  const reader = feed.readers.get(organizationId) ?? { head: listener.at, listeners: new Set(), reading: false, again: false }
  if (listener.at < reader.head) return false
  feed.readers.set(organizationId, reader)
  reader.listeners.add(listener)
  void advance(feed, organizationId) // what was committed since the last read had nobody to hear of it
  return true
}

function later({ timers }: Feed, work: () => void): void {
  const timer = setTimeout(() => {
    timers.delete(timer)
    work()
  }, retryMs)
  timers.add(timer)
}

async function readPage({ database }: Feed, organizationId: number, after: number): Promise<FeedEvent[]> {
  const rows = (await database.read(organizationId, selectEventsAfter, { after, limit: pageSize })) as EventRow[]
  return rows.map((row) => ({ ...row, organizationId }))
}

async function readEnd(database: Database, organizationId: number): Promise<number> {
  return ((await database.read(organizationId, selectFeedEnd, {})) as { seq: number }[])[0]?.seq ?? 0
}
