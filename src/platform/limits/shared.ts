// The same token buckets in Redis, shared by all processes. One script a request: read, refill, take, by Redis's own clock.
import { createHash } from 'node:crypto'
import type { RedisLink } from '../redis/index.ts'
import type { Clock } from '../time/index.ts'
import { type Limit, type LimitOutcome, outcomeOf } from './rule.ts'

const script = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local burst, perMs = tonumber(ARGV[1]), tonumber(ARGV[2])
local stored = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(stored[1]) or burst, tonumber(stored[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * perMs)
local allowed = 0
if tokens >= 1 - 1e-9 then
  allowed = 1
  tokens = math.max(0, tokens - 1)
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.9f', tokens), 'at', string.format('%.3f', math.max(now, at)))
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) / perMs) + 1000)
return {allowed, string.format('%.9f', tokens)}
`
const scriptHash = createHash('sha1').update(script).digest('hex')

/** @throws LinkDown, ReplyError */
export async function takeShared(redis: RedisLink, clock: Clock, rule: Limit, key: string): Promise<LimitOutcome> {
  // The key may name a credential or an address: Redis needs to tell them apart, not to know them.
  const name = `limit:${rule.name}:${createHash('sha256').update(key).digest('base64url')}`
  const args = [name, String(rule.burst), String(rule.limit / (rule.periodS * 1000))] as const
  const reply = await redis.run(async (client) => {
    try {
      return await client.evalsha(scriptHash, 1, ...args)
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('NOSCRIPT')) return client.eval(script, 1, ...args)
      throw error
    }
  })
  const [allowed, tokens]: unknown[] = Array.isArray(reply) ? reply : []
  const left = Number(tokens)
  if ((allowed !== 0 && allowed !== 1) || !(left >= 0 && left <= rule.burst))
    throw new TypeError('redis answered something that is no bucket')
  return outcomeOf(rule, allowed === 1, left, clock.now().getTime())
}
