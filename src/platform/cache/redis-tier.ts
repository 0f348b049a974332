import { randomUUID } from 'node:crypto'
import { openRedis } from '../redis/index.ts'
import type { Log } from '../telemetry/index.ts'
import type { Clock } from '../time/index.ts'
import { grave, graveTtlS, type Tier } from './tier.ts'

export function redisTier(input: { url: string; timeoutMs: number; clock: Clock; log: Log }): Tier {
  const redis = openRedis(input)
  return {
    name: 'redis',
    get: (key) => redis.run((client) => client.get(key)),
    add: async (key, text, ttlS) => void (await redis.run((client) => client.set(key, text, 'EX', ttlS, 'NX'))),
    bury: async (key) => {
      const answer = await redis.run((client) => client.set(key, grave, 'EX', graveTtlS))
      if (answer !== 'OK') throw new Error('redis answered something else than that it was done')
    },
    size: () => redis.run((client) => client.dbsize()),
    up: () => redis.up(),
    check: async () => {
      const client = await redis.ready()
      const key = `check:${randomUUID()}`
      await client.set(key, key, 'EX', 10)
      const found = await client.get(key)
      await client.del(key)
      if (found !== key) throw new Error('redis did not give back what it was given')
    },
    close: () => redis.close(),
  }
}
