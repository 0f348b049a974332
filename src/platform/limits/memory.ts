// Token buckets of this process. A bucket that was not asked for longest is forgotten first: their number is bounded.
import { LRUCache } from 'lru-cache'
import type { Clock } from '../time/index.ts'
import { type Limit, type LimitOutcome, outcomeOf } from './rule.ts'

interface Bucket {
  tokens: number
  atMs: number
}

export interface MemoryBuckets {
  take(rule: Limit, key: string): LimitOutcome
  /** Somebody who counts for all says what is left: this process gives no more, should it have to count alone. */
  learn(rule: Limit, key: string, remaining: number): void
  size(): number
}

export function memoryBuckets(input: { clock: Clock; maxBuckets: number }): MemoryBuckets {
  // Bounded by size, each being 1: a bound by number would set aside room for all of them at once.
  const buckets = new LRUCache<string, Bucket>({ maxSize: input.maxBuckets, sizeCalculation: () => 1 })
  const refilled = (rule: Limit, key: string, nowMs: number): Bucket => {
    const name = `${rule.name}\n${key}`
    const bucket = buckets.get(name)
    if (!bucket) {
      const full = { tokens: rule.burst, atMs: nowMs }
      buckets.set(name, full)
      return full
    }
    const elapsedMs = Math.max(0, nowMs - bucket.atMs)
    bucket.tokens = Math.min(rule.burst, bucket.tokens + (elapsedMs * rule.limit) / (rule.periodS * 1000))
    bucket.atMs = nowMs
    return bucket
  }
  return {
    take(rule, key) {
      const nowMs = input.clock.now().getTime()
      const bucket = refilled(rule, key, nowMs)
      const allowed = bucket.tokens >= 1 - 1e-9
      if (allowed) bucket.tokens = Math.max(0, bucket.tokens - 1)
      return outcomeOf(rule, allowed, bucket.tokens, nowMs)
    },
    learn(rule, key, remaining) {
      const bucket = refilled(rule, key, input.clock.now().getTime())
      bucket.tokens = Math.min(bucket.tokens, remaining)
    },
    size: () => buckets.size,
  }
}
