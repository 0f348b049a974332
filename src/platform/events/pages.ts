// Reads the feed in pages that begin at the same places for everybody, so that a crowd resuming at once shares its reads.
// A page is kept for a moment and no longer: what is erased from the table is not served from here.
import { LRUCache } from 'lru-cache'
import type { Database } from '../db/index.ts'
import { type EventRow, type PageRow, selectEventsBetween } from './events.sql.ts'

export interface FeedEvent extends EventRow {
  readonly organizationId: number
}

export interface Page {
  /** In sequence, and in parts small enough to be given to somebody at once. */
  readonly parts: readonly (readonly FeedEvent[])[]
  /** Everything up to here is in it, or was before it. */
  readonly reaches: number
  /** Where the feed ended when it was read. */
  readonly end: number
}

export interface Pages {
  /** One with something behind `after`, if it is at hand. */
  atHand(organizationId: number, after: number): Page | null
  /** Read now, or being read by somebody else. */
  load(organizationId: number, after: number): Promise<Page>
}

export const pageSize = 500
const keptMs = 2_000
const mostKeptBytes = 16 * 1024 * 1024

export function openPages(database: Database): Pages {
  const kept = new LRUCache<string, Page>({ maxSize: mostKeptBytes, sizeCalculation: bytesOf, ttl: keptMs })
  const loading = new Map<string, Promise<Page>>()
  const startOf = (after: number) => Math.floor(after / pageSize) * pageSize

  async function read(organizationId: number, start: number, key: string): Promise<Page> {
    try {
      const page = await readEvents(database, organizationId, start, start + pageSize)
      kept.set(key, page)
      return page
    } finally {
      loading.delete(key)
    }
  }

  return {
    atHand(organizationId, after) {
      const page = kept.get(`${organizationId} ${startOf(after)}`)
      return page && page.reaches > after ? page : null
    },
    load(organizationId, after) {
      const key = `${organizationId} ${startOf(after)}`
      const already = loading.get(key)
      if (already) return already
      const reading = read(organizationId, startOf(after), key)
      loading.set(key, reading)
      return reading
    },
  }
}

export async function readEvents(database: Database, organizationId: number, after: number, until: number): Promise<Page> {
  const rows = (await database.read(organizationId, selectEventsBetween, { after, until })) as PageRow[]
  const end = rows[0]?.end ?? 0
  const events = rows.flatMap(({ end: _, ...row }) => (row.seq === null ? [] : [{ ...row, organizationId }]))
  return { parts: partsOf(events), end, reaches: Math.max(after, Math.min(end, until)) }
}

/** What a part holds, unless a single event is larger. */
const partBytes = 64 * 1024
const rowBytes = 300
const sizeOf = ({ data }: FeedEvent): number => rowBytes + data.length

function partsOf(events: readonly FeedEvent[]): FeedEvent[][] {
  const parts: FeedEvent[][] = []
  let room = 0
  for (const event of events) {
    room -= sizeOf(event)
    if (room >= 0) parts.at(-1)?.push(event)
    else {
      parts.push([event])
      room = partBytes - sizeOf(event)
    }
  }
  return parts
}

const bytesOf = ({ parts }: Page): number => parts.flat().reduce((sum, event) => sum + 2 * sizeOf(event), rowBytes)

/** What of a part is behind `after`: the same array for everybody who asks for the same, so that it is rendered once. */
export function behind(part: readonly FeedEvent[], after: number): readonly FeedEvent[] {
  const first = part[0]
  if (!first || first.seq > after) return part
  const known = rests.get(part) ?? new Map<number, readonly FeedEvent[]>()
  rests.set(part, known)
  const rest = known.get(after) ?? part.filter(({ seq }) => seq > after)
  known.set(after, rest)
  return rest
}
const rests = new WeakMap<readonly FeedEvent[], Map<number, readonly FeedEvent[]>>()
