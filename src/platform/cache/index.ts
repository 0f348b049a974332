// What was read lately, kept near (S17): in this process's memory, and in Memcached or Redis where they are configured.
// A dead, slow or lying tier never breaks a read; a drop reaches memory, tier and the other processes before it resolves.
import { randomUUID } from 'node:crypto'
import type { Bus } from '../events/index.ts'
import type { Log } from '../telemetry/index.ts'
import type { Clock } from '../time/index.ts'
import type { Sign } from './envelope.ts'
import { type CacheFamily, type FamilyFigures, type FamilyOptions, type OpenFamily, openFamily } from './family.ts'
import { memcachedTier } from './memcached-tier.ts'
import { redisTier } from './redis-tier.ts'
import { rememberDrops } from './tier.ts'

export type { CacheFamily, FamilyOptions } from './family.ts'

/** What can be done to a family without knowing its values. */
export type Droppable = Pick<CacheFamily<unknown>, 'drop' | 'clear'>

export interface TierFigures {
  readonly hits: number
  readonly misses: number
  /** Entries; null when the tier does not say. */
  readonly size: number | null
  readonly up: boolean
}

export interface CacheStats {
  /** The tiers there are: memory always, the others when configured. */
  readonly tiers: Readonly<Partial<Record<'memory' | 'memcached' | 'redis', TierFigures>>>
  readonly families: Readonly<Record<string, Readonly<FamilyFigures> & { readonly size: number; readonly tier: string }>>
}

export interface Caches {
  /** Once for each name. */
  family<V>(options: FamilyOptions<V>): CacheFamily<V>
  find(name: string): Droppable | undefined
  clearAll(): Promise<void>
  /** Since this process started. */
  stats(): Promise<CacheStats>
  configured(tier: 'memcached' | 'redis'): boolean
  /** A real round trip. @throws what went wrong, also when the tier is not configured */
  check(tier: 'memcached' | 'redis'): Promise<void>
  close(): Promise<void>
}

export interface CacheOptions {
  readonly memcached?: { readonly host: string; readonly port: number } | undefined
  readonly redis?: { readonly url: string } | undefined
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  /** The vault's signer: with it nobody can put a value into a tier but us. */
  readonly sign?: Sign
  readonly timeoutMs?: number
}

const channel = 'cache.drop'
const longestWaitMs = 50
const unsigned: Sign = () => 'v1'

type RememberingTier = ReturnType<typeof rememberDrops>
interface OpenedFamily {
  readonly tier: RememberingTier | undefined
  readonly opened: Pick<OpenFamily<unknown>, 'forget' | 'figures' | 'size'>
  readonly family: Droppable
}

export function openCaches(options: CacheOptions): Caches {
  const { bus, clock, log, sign = unsigned, timeoutMs = longestWaitMs } = options
  const tiers = openTiers(options, timeoutMs)
  const families = new Map<string, OpenedFamily>()
  const self = randomUUID()

  const tell = (name: string) => (key: string | null, tierDone: boolean) =>
    bus.publish(channel, { from: self, family: name, key, tierDone }).catch((error: unknown) => {
      // The write is done; on reconnecting every process starts with an empty memory, until then theirs lives as long as its ttl.
      log.error({ err: error, family: name }, 'other processes could not be told to drop a cached value')
    })
  const forgetAll = () => {
    for (const { opened } of families.values()) opened.forget(null)
  }
  const subscriptions = [
    bus.subscribe('resync', forgetAll),
    bus.subscribe(channel, (payload) => {
      const drop = parseDrop(payload)
      if (drop && drop.from !== self) hear(families.get(drop.family), drop)
    }),
  ]

  return {
    family: (wanted) => {
      if (families.has(wanted.name)) throw new Error(`The cache family ${wanted.name} is there already.`)
      const tier = wanted.tier === 'memory' ? undefined : tiers.get(wanted.tier)
      const opened = openFamily(wanted, { clock, sign, tier, tell: tell(wanted.name) })
      families.set(wanted.name, { tier, opened, family: opened.family })
      return opened.family
    },
    find: (name) => families.get(name)?.family,
    clearAll: async () => {
      for (const { family } of families.values()) await family.clear()
    },
    stats: () => figuresOf(tiers, families),
    configured: (name) => tiers.has(name),
    check: async (name) => {
      const tier = tiers.get(name)
      if (!tier) throw new Error(`${name} is not configured`)
      await tier.check()
    },
    close: async () => {
      for (const unsubscribe of subscriptions) unsubscribe()
      for (const tier of tiers.values()) await tier.close()
    },
  }
}

function openTiers({ memcached, redis, clock, log }: CacheOptions, timeoutMs: number): Map<'memcached' | 'redis', RememberingTier> {
  const tiers = new Map<'memcached' | 'redis', RememberingTier>()
  if (memcached) tiers.set('memcached', rememberDrops(memcachedTier({ ...memcached, timeoutMs, clock, log })))
  if (redis) tiers.set('redis', rememberDrops(redisTier({ ...redis, timeoutMs, clock, log })))
  return tiers
}

interface Drop {
  readonly from: string
  readonly family: string
  readonly key: string | null
  readonly tierDone: boolean
}

function parseDrop(payload: unknown): Drop | null {
  if (typeof payload !== 'object' || payload === null || !('from' in payload) || !('family' in payload) || !('key' in payload)) return null
  const { from, family, key } = payload
  if (typeof from !== 'string' || typeof family !== 'string' || !(typeof key === 'string' || key === null)) return null
  return { from, family, key, tierDone: 'tierDone' in payload && payload.tierDone === true }
}

/** When the dropping process could not reach the tier, whoever can does it in its place, and whoever cannot remembers to. */
function hear(family: OpenedFamily | undefined, { family: name, key, tierDone }: Drop): void {
  family?.opened.forget(key)
  if (tierDone || !family?.tier) return
  const { tier } = family
  // `bury` remembers by itself what it could not do.
  if (key !== null) tier.bury(`${name}:${key}`).catch(() => {})
  else tier.clear(name).catch(() => {})
}

async function figuresOf(tiers: ReadonlyMap<string, RememberingTier>, families: ReadonlyMap<string, OpenedFamily>): Promise<CacheStats> {
  const all = [...families].map(
    ([name, { opened, tier }]) => [name, { ...opened.figures, size: opened.size(), tier: tier?.name ?? 'memory' }] as const,
  )
  const sum = (pick: (figures: (typeof all)[number][1]) => number, tier?: string) =>
    all.reduce((total, [, figures]) => total + (tier === undefined || figures.tier === tier ? pick(figures) : 0), 0)
  const memory = { hits: sum((one) => one.hits), misses: sum((one) => one.misses), size: sum((one) => one.size), up: true }
  const others = await Promise.all(
    [...tiers].map(async ([name, tier]) => {
      const size = await tier.size().catch(() => null)
      return [name, { hits: sum((one) => one.tierHits, name), misses: sum((one) => one.tierMisses, name), size, up: tier.up() }] as const
    }),
  )
  return { tiers: { memory, ...Object.fromEntries(others) }, families: Object.fromEntries(all) }
}
