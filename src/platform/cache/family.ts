// One kind of cached value: memory first, then the tier, then the load. One load a key at a time, however many ask.
// A flight is one such way to a value. A drop marks the flights under way as stale: they still answer who asked before, and store nothing.
import { LRUCache } from 'lru-cache'
import type { Clock } from '../time/index.ts'
import { type Sign, unwrap, wrap } from './envelope.ts'
import { grave, longestLoadMs, type Tier } from './tier.ts'

export interface CacheFamily<V> {
  /** The value may be shared with other callers: it is not to be changed. `ttlS` shortens or lengthens the family's, by the value if need be. */
  get(key: string, load: () => Promise<V>, options?: { readonly ttlS?: number | ((value: V) => number) }): Promise<V>
  /** Resolves once memory and tier have dropped it here and the other processes were told. Call it after the write has been committed. */
  drop(key: string): Promise<void>
  clear(): Promise<void>
}

export type FamilyOptions<V> = {
  /** Keys in a tier are `${name}:${key}`. */
  readonly name: string
  readonly ttlS: number
  /** In the memory of one process. */
  readonly maxEntries: number
} & (
  | { readonly tier: 'memory' }
  | {
      readonly tier: 'memcached' | 'redis'
      /** Makes a value of what JSON gave back; null when it is none. Values go through JSON: no dates, maps or undefined without this. */
      readonly parse: (value: unknown) => V | null
    }
)

export interface FamilyFigures {
  hits: number
  misses: number
  loads: number
  tierHits: number
  tierMisses: number
}

export interface FamilyRoom {
  readonly clock: Clock
  readonly sign: Sign
  /** Absent when the tier is not configured: then memory alone serves. */
  readonly tier: Tier | undefined
  /** Tells the other processes; `null` for all keys. */
  readonly tell: (key: string | null, tierDone: boolean) => Promise<void>
}

interface Flight {
  stale: boolean
}

export interface OpenFamily<V> {
  readonly family: CacheFamily<V>
  /** Drops from this process's memory alone; `null` for everything. */
  forget(key: string | null): void
  readonly figures: FamilyFigures
  size(): number
}

export function openFamily<V>(options: FamilyOptions<V>, room: FamilyRoom): OpenFamily<V> {
  const { clock, tier } = room
  const memory = new LRUCache<string, { readonly value: V; readonly expiresMs: number }>({ max: options.maxEntries })
  const flights = new Map<string, { readonly flight: Flight; readonly arrival: Promise<V> }>()
  const figures: FamilyFigures = { hits: 0, misses: 0, loads: 0, tierHits: 0, tierMisses: 0 }
  const nowMs = () => clock.now().getTime()
  const tierKey = (key: string) => `${options.name}:${key}`

  const keep = (key: string, flight: Flight, value: V, expiresMs: number): void => {
    if (!flight.stale && value !== undefined) memory.set(key, { value, expiresMs })
  }
  const fromTier = async (key: string) => {
    if (!tier || options.tier === 'memory') return null
    const found = await readTier(tier, room.sign, tierKey(key), nowMs(), options.parse)
    figures[found ? 'tierHits' : 'tierMisses'] += 1
    return found
  }
  const fly = async (key: string, flight: Flight, load: () => Promise<V>, ttlOf: (value: V) => number): Promise<V> => {
    const found = await fromTier(key)
    // What the tier held may be from before a drop that came meanwhile.
    if (found && !flight.stale) {
      keep(key, flight, found.value, found.expiresMs)
      return found.value
    }
    const beganMs = nowMs()
    figures.loads += 1
    const value = await load()
    const ttlS = Math.floor(ttlOf(value))
    if (ttlS < 1 || value === undefined) return value
    const expiresMs = nowMs() + ttlS * 1000
    keep(key, flight, value, expiresMs)
    // The mark of a drop is gone by the time that a very slow load ends.
    if (tier && !flight.stale && nowMs() - beganMs < longestLoadMs)
      store(tier, tierKey(key), wrap(room.sign, tierKey(key), expiresMs, value), ttlS)
    return value
  }
  const forget = (key: string | null): void => {
    for (const [name, { flight }] of flights) {
      if (key !== null && name !== key) continue
      flight.stale = true
      flights.delete(name)
    }
    if (key === null) memory.clear()
    else memory.delete(key)
  }

  const family: CacheFamily<V> = {
    get: (key, load, { ttlS = options.ttlS } = {}) => {
      const held = memory.get(key)
      if (held && held.expiresMs > nowMs()) {
        figures.hits += 1
        return Promise.resolve(held.value)
      }
      figures.misses += 1
      const under = flights.get(key)
      if (under) return under.arrival
      const flight: Flight = { stale: false }
      const arrival = fly(key, flight, load, typeof ttlS === 'number' ? () => ttlS : ttlS).finally(() => {
        if (flights.get(key)?.flight === flight) flights.delete(key)
      })
      flights.set(key, { flight, arrival })
      return arrival
    },
    drop: async (key) => {
      forget(key)
      const tierDone = await attempt(tier && (() => tier.bury(tierKey(key))))
      // Whoever asked while the tier was being told may have found the old value there.
      forget(key)
      await room.tell(key, tierDone)
    },
    clear: async () => {
      forget(null)
      const tierDone = await attempt(tier && (() => tier.clear(options.name)))
      forget(null)
      await room.tell(null, tierDone)
    },
  }
  return { family, forget, figures, size: () => memory.size }
}

async function readTier<V>(tier: Tier, sign: Sign, key: string, nowMs: number, parse: (value: unknown) => V | null) {
  try {
    const text = await tier.get(key)
    if (text === null || text === grave) return null
    const wrapped = unwrap(sign, key, nowMs, text)
    const value = wrapped && parse(wrapped.value)
    if (wrapped && value !== null) return { value, expiresMs: wrapped.expiresMs }
    // Nothing can be added in its place while it lies there.
    await tier.erase(key)
    return null
  } catch {
    // A tier that is away or talks nonsense is a miss; its link has logged it.
    return null
  }
}

/** In the background: nobody waits for the tier to have taken a value, and one that it did not take is loaded again. */
function store(tier: Tier, key: string, text: string, ttlS: number): void {
  tier.add(key, text, ttlS).catch(() => {})
}

/** False when the tier could not be told; the drop is then owed (see `rememberDrops`) and the others are asked to tell it. */
async function attempt(act: (() => Promise<void>) | undefined): Promise<boolean> {
  try {
    await act?.()
    return true
  } catch {
    return false
  }
}
