// A cache that all processes share: what it must do, and how a drop stays a drop in it.
// A drop leaves a mark in the value's place for a few seconds, and values are only ever added where nothing is: so a load
// that began before the drop, in whichever process, cannot put its stale value back.

export interface Tier {
  readonly name: 'memcached' | 'redis'
  get(key: string): Promise<string | null>
  /** Only where nothing is, neither a value nor a mark. */
  add(key: string, text: string, ttlS: number): Promise<void>
  /** Puts the mark in the place of whatever is there. */
  bury(key: string): Promise<void>
  /** Takes away what is there, for a value that cannot be read. */
  erase(key: string): Promise<void>
  /** Everything of a family; all there is where families cannot be told apart. */
  clear(family: string): Promise<void>
  size(): Promise<number>
  up(): boolean
  /** Writes, reads and removes something, and waits for the connection first. @throws what went wrong */
  check(): Promise<void>
  close(): Promise<void>
}

/** Longer than any load that may still store its value, see `longestLoadMs`. */
export const graveTtlS = 10
export const longestLoadMs = 8000
export const grave = '-'

const mostOwed = 10_000

/**
 * Remembers the drops that a tier did not take while it was away, and makes up for them before it is used again:
 * what comes back with the tier may be from before the drop.
 */
export function rememberDrops(tier: Tier): Tier {
  const owed = new Set<string>()
  const families = new Set<string>()
  const owe = (key: string) => {
    if (owed.size < mostOwed) owed.add(key)
    else families.add(key.split(':', 1)[0] ?? key)
  }
  const pay = async (): Promise<void> => {
    for (const family of families) {
      await tier.clear(family)
      families.delete(family)
    }
    for (const key of owed) {
      await tier.bury(key)
      owed.delete(key)
    }
  }
  let paying: Promise<void> | null = null
  const settled = (): Promise<void> => {
    if (owed.size === 0 && families.size === 0) return Promise.resolve()
    paying ??= pay().finally(() => {
      paying = null
    })
    return paying
  }
  return {
    ...tier,
    get: (key) => settled().then(() => tier.get(key)),
    add: (key, text, ttlS) => settled().then(() => tier.add(key, text, ttlS)),
    bury: (key) =>
      tier.bury(key).catch((error: unknown) => {
        owe(key)
        throw error
      }),
    clear: (family) =>
      tier.clear(family).catch((error: unknown) => {
        families.add(family)
        throw error
      }),
  }
}
