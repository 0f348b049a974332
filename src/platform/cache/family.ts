// One kind of cached value: memory first, then the tier, then the load. One load a key at a time, however many ask.
// A flight is one such way to a value. A drop marks the flights under way as stale: they still answer who asked before, and store nothing.
import { LRUCache } from 'lru-cache'
import type { Clock } from '../time/index.ts'
import type { Accord, DropTx } from './accord.ts'
import { type Drop, scopeOf } from './drop.ts'
import { type Sign, unwrap, wrap } from './envelope.ts'
import { grave, longestLoadMs, type Tier } from './tier.ts'

export interface CacheFamily<V> {
  /** The value may be shared with other callers: it is not to be changed. `ttlS` shortens or lengthens the family's, by the value if need be. */
  get(key: string, load: () => Promise<V>, options?: { readonly ttlS?: number | ((value: V) => number) }): Promise<V>
  /** With a change: by its commit all processes are told, and its caller goes on once they have forgotten. */
  dropWith(tx: DropTx, key: string): Promise<void>
  /** Resolves once every process has forgotten it. Only for what no transaction of ours has changed. */
  drop(key: string): Promise<void>
  /** All of a scope (what stands before the colon of its keys: the organisation's), or everything. */
  clear(scope?: string): Promise<void>
}

export type FamilyOptions<V> = {
  /** Keys in a tier are `${name}:${key}`. */
  readonly name: string
  readonly ttlS: number
  /** In the memory of one process. */
  readonly maxEntries: number
} & (
  | {
      readonly tier: 'memory'
      /** Of this process alone: no other has the like, so none is told. */
      readonly local?: boolean
    }
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
  readonly accord: Accord
}

/** A way to a value: `stale` once what it will bring may be from before a drop. */
interface Flight {
  stale: boolean
}

export interface OpenFamily<V> {
  readonly family: CacheFamily<V>
  /** Drops from this process's memory alone. */
  forget(drop: Pick<Drop, 'key' | 'scope'>): void
  readonly figures: FamilyFigures
  size(): number
}

interface Held<V> {
  readonly value: V
  readonly expiresMs: number
}

/** A drop is buried again when the change took so long to commit that the first mark may be gone before the last stale load is. */
const buryAgainMs = 1_000

export function openFamily<V>(options: FamilyOptions<V>, room: FamilyRoom): OpenFamily<V> {
  const { tier, accord } = room
  const { name } = options
  const local = options.tier === 'memory' && options.local === true
  // Bounded by size, each being 1: a bound by number would set aside room for all of them at once.
  const memory = new LRUCache<string, Held<V>>({ maxSize: options.maxEntries, sizeCalculation: () => 1 })
  const flights = new Map<string, { readonly flight: Flight; readonly arrival: Promise<V> }>()
  const figures: FamilyFigures = { hits: 0, misses: 0, loads: 0, tierHits: 0, tierMisses: 0 }
  const nowMs = () => room.clock.now().getTime()
  const raised = (key: string) => `${name}:${scopeOf(key)}`
  const tierKey = (key: string) => `${name}:${accord.epoch(name)}.${accord.epoch(raised(key))}:${key}`

  const forget = ({ key, scope }: Pick<Drop, 'key' | 'scope'>): void => {
    const meant = (one: string) => (key === undefined ? scope === undefined || scopeOf(one) === scope : one === key)
    for (const [one, { flight }] of key === undefined ? flights : only(flights, key)) {
      if (!meant(one)) continue
      flight.stale = true
      flights.delete(one)
    }
    if (key !== undefined) memory.delete(key)
    else if (scope === undefined) memory.clear()
    else for (const one of [...memory.keys()]) if (meant(one)) memory.delete(one)
  }

  const fly = async (key: string, flight: Flight, load: () => Promise<V>, ttlOf: (value: V) => number): Promise<V> => {
    const keep = (held: Held<V>) => void (flight.stale || held.value === undefined || memory.set(key, held))
    // Named before it is loaded: what is loaded before a number was raised is kept under the old one.
    const nameThere = tierKey(key)
    const found = tier && options.tier !== 'memory' ? await readTier(tier, room.sign, nameThere, nowMs(), options.parse) : null
    if (tier) figures[found ? 'tierHits' : 'tierMisses'] += 1
    // What the tier held may be from before a drop that came meanwhile.
    if (found && !flight.stale) {
      keep(found)
      return found.value
    }
    const beganMs = nowMs()
    figures.loads += 1
    const value = await load()
    const ttlS = Math.floor(ttlOf(value))
    if (ttlS < 1 || value === undefined) return value
    const expiresMs = nowMs() + ttlS * 1000
    keep({ value, expiresMs })
    // The mark of a drop is gone by the time that a very slow load ends; and who is out of touch may not know of it.
    if (tier && !flight.stale && accord.trusted() && nowMs() - beganMs < longestLoadMs)
      store(tier, nameThere, wrap(room.sign, nameThere, expiresMs, value), ttlS)
    return value
  }

  /** Memory, then whoever is on the way already, then a way of one's own. */
  const near = (key: string, load: () => Promise<V>, ttlS: number | ((value: V) => number)): Promise<V> => {
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
  }
  /** Neither memory nor tier nor somebody else's way can be relied on. */
  const far = (load: () => Promise<V>): Promise<V> => {
    figures.misses += 1
    figures.loads += 1
    return load()
  }

  /** The scope that must be left behind when the tier cannot be told of a drop. */
  const bury = async (key: string): Promise<string | undefined> => {
    if (!tier) return undefined
    try {
      await tier.bury(tierKey(key))
      return undefined
    } catch {
      // Its link has logged it.
      return raised(key)
    }
  }

  const family: CacheFamily<V> = {
    get: (key, load, { ttlS = options.ttlS } = {}) =>
      local || accord.trusted() ? near(key, load, ttlS) : accord.trust().then((trusted) => (trusted ? near(key, load, ttlS) : far(load))),
    dropWith: async (tx, key) => {
      const beganMs = nowMs()
      const lost = await bury(key)
      // What was read meanwhile, before the commit, is the old value still.
      tx.afterCommit(async () => {
        forget({ key })
        if (nowMs() - beganMs > buryAgainMs) await bury(key)
      })
      await accord.tellWith(tx, { family: name, key }, lost)
    },
    drop: async (key) => {
      forget({ key })
      if (local) return
      const lost = await bury(key)
      // Whoever asked while the tier was being told may have found the old value there.
      forget({ key })
      await accord.tell({ family: name, key }, lost)
    },
    clear: async (scope) => {
      await accord.tell({ family: name, ...(scope === undefined ? {} : { scope }) }, scope === undefined ? name : `${name}:${scope}`)
      forget(scope === undefined ? {} : { scope })
    },
  }
  return { family, forget, figures, size: () => memory.size }
}

function only<T>(all: ReadonlyMap<string, T>, key: string): [string, T][] {
  const one = all.get(key)
  return one === undefined ? [] : [[key, one]]
}

async function readTier<V>(tier: Tier, sign: Sign, key: string, nowMs: number, parse: (value: unknown) => V | null) {
  try {
    const text = await tier.get(key)
    if (text === null || text === grave) return null
    const wrapped = unwrap(sign, key, nowMs, text)
    const value = wrapped && parse(wrapped.value)
    if (wrapped && value !== null) return { value, expiresMs: wrapped.expiresMs }
    // Nothing can be added in its place while it lies there; and what is put there instead must not hide a drop.
    await tier.bury(key)
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
