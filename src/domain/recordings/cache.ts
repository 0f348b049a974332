// `recording:{id}`, 30 minutes (S17): who asks for a recording again gets it without the database.
import type { CacheFamily, Caches } from '../../platform/cache/index.ts'

export interface Recording {
  readonly id: string
  readonly callId: string
  readonly userId: number | null
  readonly status: 'in_progress' | 'paused' | 'available' | 'failed'
  /** Seconds; null until the file is here. */
  readonly duration: number | null
  readonly size: number | null
  readonly format: string
  readonly channels: number | null
  readonly legalHold: boolean
  readonly key: string | null
  readonly mimeType: string | null
  readonly sha256: string | null
  readonly startTime: string
  readonly createdAt: string
}

export interface RecordingCaches {
  readonly caches: Caches
}

/** One family for each set of caches: its name is unique in a process. */
const families = new WeakMap<Caches, CacheFamily<Recording>>()

export function cachedRecordings({ caches }: RecordingCaches): CacheFamily<Recording> {
  const known = families.get(caches)
  if (known) return known
  const family = caches.family<Recording>({ name: 'recording', tier: 'redis', ttlS: 1800, maxEntries: 10_000, parse: parseCached })
  families.set(caches, family)
  return family
}

/** What we put in is what comes out: values of a shared tier are signed, so a few members are enough to know ours. */
const parseCached = (value: unknown): Recording | null =>
  typeof value === 'object' && value !== null && 'callId' in value && 'format' in value ? (value as Recording) : null
