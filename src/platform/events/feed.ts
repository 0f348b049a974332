// Follows an organisation's events, from any point and for as long as somebody listens. Word on the bus only says that
// there is more to read: what is delivered comes from the table, in sequence, so nothing is lost or repeated.
// One reader an organisation serves everybody in this process who has caught up; who takes no more falls behind alone.
import type { Database } from '../db/index.ts'
import type { Log } from '../session/index.ts'
import type { Bus } from './bus.ts'
import { openTurns, type Turns } from './catch-up.ts'
import { selectFeedBounds } from './events.sql.ts'
import { behind, type FeedEvent, openPages, type Page, pageSize, readEvents } from './pages.ts'

export type { FeedEvent } from './pages.ts'

export interface Follower {
  /**
   * Called in sequence, with one array for everybody who is given the same. What it wants to leave out it leaves out.
   * @returns false when it has enough for now: it is given more after `resume`, from where it was
   */
  onEvents(events: readonly FeedEvent[]): boolean
  /** The feed ends: the server stops. */
  onEnd(): void
}

export interface Following {
  resume(): void
  stop(): void
}

export interface Bounds {
  /** The oldest that is still kept; null when there is none. */
  readonly first: number | null
  /** The last: whoever begins behind it misses nothing that comes. */
  readonly end: number
}

export interface EventFeed {
  bounds(organizationId: number): Promise<Bounds>
  /** From behind `after`. */
  follow(organizationId: number, after: number, follower: Follower): Following
  /** How many follow. */
  size(): number
  close(): void
}

interface Cursor {
  readonly organizationId: number
  readonly follower: Follower
  at: number
  state: 'behind' | 'live' | 'paused' | 'ended'
}

interface Reader {
  /** Every listener has been given everything up to here. */
  head: number
  readonly listeners: Set<Cursor>
  reading: boolean
  /** There was word of more while reading. */
  again: boolean
}

interface Feed {
  readonly database: Database
  readonly log: Log
  readonly readers: Map<number, Reader>
  readonly cursors: Set<Cursor>
  readonly timers: Set<NodeJS.Timeout>
  readonly turns: Turns<Cursor>
}

const retryMs = 500

export function openFeed({ database, bus, log }: { database: Database; bus: Bus; log: Log }): EventFeed {
  const complain = (error: unknown) => log.warn({ err: error }, 'could not read the event feed; trying again')
  const turns = openTurns<Cursor>(openPages(database), (cursor, page) => serve(feed, cursor, page), complain)
  const feed: Feed = { database, log, readers: new Map(), cursors: new Set(), timers: new Set(), turns }
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
        return { resume() {}, stop() {} }
      }
      const cursor: Cursor = { organizationId, follower, at: after, state: 'behind' }
      feed.cursors.add(cursor)
      turns.queue(cursor)
      return { resume: () => resume(feed, cursor), stop: () => leave(feed, cursor) }
    },
    bounds: sharedBounds(database),
    size: () => feed.cursors.size,
    close() {
      closed = true
      for (const unsubscribe of subscriptions) unsubscribe()
      for (const timer of feed.timers) clearTimeout(timer)
      turns.close()
      for (const { follower } of [...feed.cursors]) follower.onEnd()
      feed.cursors.clear()
      feed.readers.clear()
    },
  }
}

function leave(feed: Feed, cursor: Cursor): void {
  cursor.state = 'ended'
  feed.cursors.delete(cursor)
  feed.turns.leave(cursor)
  forgetListener(feed, cursor)
}

function forgetListener({ readers }: Feed, cursor: Cursor): void {
  const reader = readers.get(cursor.organizationId)
  if (reader?.listeners.delete(cursor) && reader.listeners.size === 0) readers.delete(cursor.organizationId)
}

function resume(feed: Feed, cursor: Cursor): void {
  if (cursor.state !== 'paused') return
  cursor.state = 'behind'
  feed.turns.queue(cursor)
}

/** What of the page it has not been given. @returns whether it takes more */
function give(cursor: Cursor, { parts, reaches }: Page): boolean {
  for (const part of parts) {
    const last = part.at(-1)?.seq ?? 0
    if (last <= cursor.at) continue
    const events = behind(part, cursor.at)
    cursor.at = last
    if (!cursor.follower.onEvents(events)) return false
    if (cursor.state === 'ended') return true
  }
  cursor.at = Math.max(cursor.at, reaches)
  return true
}

/** A page for somebody who is behind. With all that the others have, it joins them in that same moment. */
function serve(feed: Feed, cursor: Cursor, page: Page): void {
  if (cursor.state !== 'behind') return
  const takesMore = give(cursor, page)
  if (cursor.state !== 'behind') return
  if (!takesMore) cursor.state = 'paused'
  else if (cursor.at < page.end || !join(feed, cursor)) feed.turns.queue(cursor)
}

/** False when the others have been given more in the meantime. */
function join(feed: Feed, cursor: Cursor): boolean {
  const reader = feed.readers.get(cursor.organizationId) ?? { head: cursor.at, listeners: new Set(), reading: false, again: false }
  if (cursor.at < reader.head) return false
  feed.readers.set(cursor.organizationId, reader)
  reader.listeners.add(cursor)
  cursor.state = 'live'
  void advance(feed, cursor.organizationId) // what was committed since the last read had nobody to hear of it
  return true
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
      const page = await readEvents(feed.database, organizationId, reader.head, reader.head + pageSize)
      reader.again ||= page.reaches < page.end
      deliver(feed, reader, page)
    }
  } catch (error) {
    feed.log.warn({ err: error, organizationId }, 'could not read the event feed; trying again')
    later(feed, () => void advance(feed, organizationId))
  } finally {
    reader.reading = false
  }
}

function deliver(feed: Feed, reader: Reader, page: Page): void {
  reader.head = page.reaches
  for (const cursor of reader.listeners) {
    if (give(cursor, page) || cursor.state !== 'live') continue
    cursor.state = 'paused'
    forgetListener(feed, cursor)
  }
}

function later({ timers }: Feed, work: () => void): void {
  const timer = setTimeout(() => {
    timers.delete(timer)
    work()
  }, retryMs)
  timers.add(timer)
}

/** Those who ask at the same time share the answer: what is a moment old tells a newcomer of more, never of less. */
function sharedBounds(database: Database): (organizationId: number) => Promise<Bounds> {
  const asked = new Map<number, Promise<Bounds>>()
  return (organizationId) => {
    const already = asked.get(organizationId)
    if (already) return already
    const asking = readBounds(database, organizationId).finally(() => asked.delete(organizationId))
    asked.set(organizationId, asking)
    return asking
  }
}

async function readBounds(database: Database, organizationId: number): Promise<Bounds> {
  const [row] = (await database.read(organizationId, selectFeedBounds, {})) as Bounds[]
  return row ?? { first: null, end: 0 }
}
