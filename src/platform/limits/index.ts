// Decides whether one more request is allowed (P8): a token bucket for each rule and key, shared through Redis where there is one.
// A Redis that is dead or slow never refuses and never delays for long: this process counts by itself meanwhile, from what
// was left when it last heard. So any number of processes without Redis give at most a bucket each, and none gives one anew.
import { openRedis } from '../redis/index.ts'
import type { Log } from '../telemetry/index.ts'
import type { Clock } from '../time/index.ts'
import { memoryBuckets } from './memory.ts'
import type { Limit, LimitOutcome } from './rule.ts'
import { takeShared } from './shared.ts'

export { memoryBuckets } from './memory.ts'
export { type Limit, type LimitOutcome, type LimitRule, limitHeaders, parseLimit } from './rule.ts'

export interface Limiter {
  /** At once when this process counts alone; by promise when Redis does. Never rejects. */
  take(rule: Limit, key: string): LimitOutcome | Promise<LimitOutcome>
  close(): Promise<void>
}

/** A busy moment is not to be taken for a dead Redis: then each process would give a bucket of its own. Only the first few wait that long for a dead one. */
const redisTimeoutMs = 100
const maxBuckets = 100_000

export function openLimiter(input: {
  redis?: { readonly url: string; readonly timeoutMs?: number } | undefined
  clock: Clock
  log: Log
  maxBuckets?: number
}): Limiter {
  const { clock, log } = input
  const memory = memoryBuckets({ clock, maxBuckets: input.maxBuckets ?? maxBuckets })
  if (!input.redis) return { take: memory.take, close: async () => {} }

  const redis = openRedis({ url: input.redis.url, timeoutMs: input.redis.timeoutMs ?? redisTimeoutMs, clock, log })
  return {
    take: (rule, key) => {
      if (!redis.up()) {
        // A resting link lets one request through as a probe; a missing connection answers at once. Either way this one is counted here.
        void takeShared(redis, clock, rule, key).catch(ignoreDown)
        return memory.take(rule, key)
      }
      // Whatever is wrong with Redis, the link has logged it; a limit is no reason to fail a request.
      return takeShared(redis, clock, rule, key).then(
        (outcome) => {
          memory.learn(rule, key, outcome.remaining)
          return outcome
        },
        () => memory.take(rule, key),
      )
    },
    close: () => redis.close(),
  }
}

const ignoreDown = (): void => {}
