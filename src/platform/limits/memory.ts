// Token buckets of this process. A bucket that was not asked for longest is forgotten first: their number is bounded.
import { LRUCache } from 'lru-cache'
import type { Clock } from '../time/index.ts'
import { type Limit, type LimitOutcome, outcomeOf } from './rule.ts'

interface Bucket {
  tokens: number
  atMs: number
}

export function memoryBuckets(input: { clock: Clock; maxBuckets: number }) {
  const buckets = new LRUCache<string, Bucket>({ max: input.maxBuckets })
  return {
    take(rule: Limit, key: string): LimitOutcome {
      const nowMs = input.clock.now().getTime()
      const name = `${rule.name}\n${key}`
      const bucket = buckets.get(name) ?? { tokens: rule.burst, atMs: nowMs }
      const elapsedMs = Math.max(0, nowMs - bucket.atMs)
      bucket.tokens = Math.min(rule.burst, bucket.tokens + (elapsedMs * rule.limit) / (rule.periodS * 1000))
      bucket.atMs = nowMs
      const allowed = bucket.tokens >= 1 - 1e-9
      if (allowed) bucket.tokens = Math.max(0, bucket.tokens - 1)
      buckets.set(name, bucket)
      return outcomeOf(rule, allowed, bucket.tokens, nowMs)
    },
    size: () => buckets.size,
  }
}
