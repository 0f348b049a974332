// What was read lately, kept near (S17): in this process's memory, and in Memcached or Redis where they are configured.
// A dead, slow or lying tier never breaks a read; a drop resolves once every process has forgotten the value (see accord.ts).
import type { Log } from '../telemetry/index.ts'
import type { Clock } from '../time/index.ts'
import type { Accord } from './accord.ts'
import type { Sign } from './envelope.ts'
import { type CacheFamily, type FamilyFigures, type FamilyOptions, type OpenFamily, openFamily } from './family.ts'
import { memcachedTier } from './memcached-tier.ts'
import { redisTier } from './redis-tier.ts'
import type { Tier } from './tier.ts'

export { type Accord, openAccord } from './accord.ts'
export type { CacheFamily, FamilyOptions } from './family.ts'
export { memoryAccord } from './memory-accord.ts'

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
  /** Of every family: all of a scope (an organisation's), or everything. */
  clearAll(scope?: string): Promise<void>
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
  readonly accord: Accord
  readonly clock: Clock
  readonly log: Log
  /** The vault's signer: with it nobody can put a value into a tier but us. */
  readonly sign?: Sign
  readonly timeoutMs?: number
}

const longestWaitMs = 50
const unsigned: Sign = () => 'v1'

interface OpenedFamily {
  readonly tier: Tier | undefined
  readonly opened: Pick<OpenFamily<unknown>, 'forget' | 'figures' | 'size'>
  readonly family: Droppable
}

export function openCaches(options: CacheOptions): Caches {
  const { accord, clock, sign = unsigned, timeoutMs = longestWaitMs } = options
  const tiers = openTiers(options, timeoutMs)
  const families = new Map<string, OpenedFamily>()
  accord.onForget((drop) => {
    if (drop) families.get(drop.family)?.opened.forget(drop)
    else for (const { opened } of families.values()) opened.forget({})
  })

  return {
    family: (wanted) => {
      if (families.has(wanted.name)) throw new Error(`The cache family ${wanted.name} is there already.`)
      const tier = wanted.tier === 'memory' ? undefined : tiers.get(wanted.tier)
      const opened = openFamily(wanted, { clock, sign, tier, accord })
      families.set(wanted.name, { tier, opened, family: opened.family })
      return opened.family
    },
    find: (name) => families.get(name)?.family,
    clearAll: async (scope) => void (await Promise.all([...families.values()].map(({ family }) => family.clear(scope)))),
    stats: () => figuresOf(tiers, families),
    configured: (name) => tiers.has(name),
    check: async (name) => {
      const tier = tiers.get(name)
      if (!tier) throw new Error(`${name} is not configured`)
      await tier.check()
    },
    close: async () => {
      await accord.close()
      for (const tier of tiers.values()) await tier.close()
    },
  }
}

function openTiers({ memcached, redis, clock, log }: CacheOptions, timeoutMs: number): Map<'memcached' | 'redis', Tier> {
  const tiers = new Map<'memcached' | 'redis', Tier>()
  if (memcached) tiers.set('memcached', memcachedTier({ ...memcached, timeoutMs, clock, log }))
  if (redis) tiers.set('redis', redisTier({ ...redis, timeoutMs, clock, log }))
  return tiers
}

async function figuresOf(tiers: ReadonlyMap<string, Tier>, families: ReadonlyMap<string, OpenedFamily>): Promise<CacheStats> {
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
