// A cache that all processes share: what it must do, and how a drop stays a drop in it.
// A drop leaves a mark in the value's place for a few seconds, and values are only ever added where nothing is: so a load
// that began before the drop, in whichever process, cannot put its stale value back.

export interface Tier {
  readonly name: 'memcached' | 'redis'
  get(key: string): Promise<string | null>
  /** Only where nothing is, neither a value nor a mark. */
  add(key: string, text: string, ttlS: number): Promise<void>
  /** Puts the mark in the place of whatever is there. @throws when that cannot be said to have been done */
  bury(key: string): Promise<void>
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
