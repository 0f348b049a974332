import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FaultProxy, faultProxy } from '../../../tests/support/fault-proxy.ts'
import { type Peer, redisInstalled, startRedis } from '../../../tests/support/peers.ts'
import { soon } from '../../../tests/support/soon.ts'
import { createLogger } from '../telemetry/index.ts'
import { movableClock, systemClock } from '../time/index.ts'
import { type Limit, type LimitOutcome, limitHeaders, openLimiter, parseLimit } from './index.ts'

const log = createLogger({ level: 'silent' })
const rule = { name: 'sapien', limit: 100, periodS: 1, burst: 200 } satisfies Limit
const hourly = { name: 'bella', limit: 1000, periodS: 3600, burst: 1000 } satisfies Limit

function atOnce(outcome: LimitOutcome | Promise<LimitOutcome>): LimitOutcome {
  if (outcome instanceof Promise) throw new Error('this was to be decided at once')
  return outcome
}

function alone(maxBuckets?: number) {
  const clock = movableClock('2026-11-24T09:00:00Z')
  const limiter = openLimiter({ clock, log, ...(maxBuckets === undefined ? {} : { maxBuckets }) })
  return { clock, take: (limit: Limit, key: string) => atOnce(limiter.take(limit, key)) }
}

describe('a bucket in memory', () => {
  test('gives its burst, then no more, then as many as were refilled', () => {
    const { take, clock } = alone()
    const many = (count: number) => Array.from({ length: count }, () => take(rule, 'key')).filter((outcome) => outcome.allowed).length
    expect(many(300)).toBe(200)
    clock.advance(0.5)
    expect(many(300)).toBe(50)
    clock.advance(3600)
    expect(many(300)).toBe(200)
  })

  test('is one for each key and for each rule', () => {
    const { take } = alone()
    const tight = { ...rule, burst: 1 }
    expect([take(tight, 'a').allowed, take(tight, 'a').allowed, take(tight, 'b').allowed]).toEqual([true, false, true])
    expect(take({ ...tight, name: 'other' }, 'a').allowed).toBe(true)
  })

  test('says when the next request is allowed, and keeps its word', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.constantFrom(1, 60, 3600),
        fc.integer({ min: 1, max: 50 }),
        (limit, periodS, burst) => {
          const { take, clock } = alone()
          const limited = { name: 'x', limit, periodS, burst }
          for (let count = 0; count < burst; count++) expect(take(limited, 'key').allowed).toBe(true)
          const refused = take(limited, 'key')
          expect(refused).toMatchObject({ allowed: false, remaining: 0 })
          expect(refused.retryAfterS).toBeGreaterThanOrEqual(1)
          clock.advance(refused.retryAfterS)
          expect(take(limited, 'key').allowed).toBe(true)
        },
      ),
    )
  })

  test('never lets through more than the burst and what time has refilled', () => {
    const waits = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(waits, (waitsMs) => {
        const { take, clock } = alone()
        const limited = { name: 'x', limit: 10, periodS: 1, burst: 5 }
        let [elapsedMs, allowed] = [0, 0]
        for (const waitMs of waitsMs) {
          clock.advance(waitMs / 1000)
          elapsedMs += waitMs
          if (take(limited, 'key').allowed) allowed += 1
          expect(allowed).toBeLessThanOrEqual(5 + elapsedMs / 100 + 1e-6)
        }
      }),
    )
  })

  test('a clock that goes back refills nothing and takes nothing', () => {
    const { take, clock } = alone()
    take(rule, 'key')
    clock.advance(-3600)
    expect(take(rule, 'key').remaining).toBe(198)
  })

  test('the number of buckets is bounded, and the busy ones stay', () => {
    const { take } = alone(10)
    for (let other = 0; other < 1000; other++) {
      take(hourly, 'busy')
      take(hourly, `other ${other}`)
    }
    expect(take(hourly, 'busy')).toMatchObject({ allowed: false })
    expect(take(hourly, 'other 0').remaining).toBe(999)
  })
})

describe('what an answer tells', () => {
  test('an allowed request: what is left and when all is back', () => {
    const { take } = alone()
    take(hourly, 'key')
    expect(limitHeaders(hourly, take(hourly, 'key'))).toEqual({
      'x-ratelimit-limit': '1000',
      'x-ratelimit-remaining': '998',
      'x-ratelimit-reset': String(Date.parse('2026-11-24T09:00:00Z') / 1000 + 8),
      'ratelimit-policy': '"bella";q=1000;w=3600',
      ratelimit: '"bella";r=998;t=8',
    })
  })

  test('a refused one also when to come back, and a burst is named', () => {
    const { take } = alone()
    for (let count = 0; count < 200; count++) take(rule, 'key')
    expect(limitHeaders(rule, take(rule, 'key'))).toMatchObject({
      'x-ratelimit-remaining': '0',
      'ratelimit-policy': '"sapien";q=100;w=1;burst=200',
      ratelimit: '"sapien";r=0;t=2',
      'retry-after': '1',
    })
  })

  test('nothing where there is no limit', () => {
    expect(limitHeaders('off', alone().take(rule, 'key'))).toEqual({})
  })
})

describe('a limit as a setting', () => {
  test.each([
    ['100/s;burst=200', { limit: 100, periodS: 1, burst: 200 }],
    ['1000/h', { limit: 1000, periodS: 3600, burst: 1000 }],
    [' 600 / MIN ', { limit: 600, periodS: 60, burst: 600 }],
  ])('%s is understood', (text, expected) => {
    expect(parseLimit('x', text)).toEqual({ name: 'x', ...expected })
  })

  test('off is off', () => expect(parseLimit('x', 'off')).toBe('off'))

  test.each(['', '0/s', '-1/s', '100', '100/', '100/fortnight', '1/s;burst=0', '1/s;burst', '1e3/s', '100/constructor'])(
    '%j is none',
    (text) => {
      expect(parseLimit('x', text)).toBeNull()
    },
  )
})

describe.skipIf(!redisInstalled)('buckets in Redis (needs redis-server)', () => {
  let redis: Peer
  let proxy: FaultProxy
  const limiters: { close(): Promise<void> }[] = []
  const process = (port: number, timeoutMs?: number) => {
    const redis = { url: `redis://127.0.0.1:${port}`, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
    const limiter = openLimiter({ redis, clock: systemClock, log })
    limiters.push(limiter)
    return limiter
  }
  const connected = (limiter: ReturnType<typeof process>) =>
    soon(() => expect(limiter.take({ ...hourly, name: 'warm' }, 'up')).toBeInstanceOf(Promise))

  beforeAll(async () => {
    redis = await startRedis()
    proxy = await faultProxy(redis.port)
  })
  afterAll(async () => {
    for (const limiter of limiters) await limiter.close()
    await proxy.stop()
    await redis.stop()
  })

  test('are shared: two processes together let through what one may', async () => {
    const [one, two] = [process(redis.port, 5000), process(redis.port, 5000)]
    await Promise.all([connected(one), connected(two)])
    const limited = { name: 'shared', limit: 50, periodS: 3600, burst: 50 }
    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, index) => (index % 2 ? one : two).take(limited, 'key')))
    expect(outcomes.filter((outcome) => outcome.allowed)).toHaveLength(50)
    expect(outcomes.find((outcome) => !outcome.allowed)?.retryAfterS).toBeGreaterThan(60)
  })

  test('a Redis that is silent costs a few short waits, then nothing, and no request', async () => {
    const limiter = process(proxy.port)
    await connected(limiter)
    proxy.mode = 'silent'
    const limited = { name: 'silent', limit: 10, periodS: 3600, burst: 10 }
    const began = performance.now()
    let allowed = 0
    for (let count = 0; count < 50; count++) allowed += (await limiter.take(limited, 'key')).allowed ? 1 : 0
    expect(allowed).toBe(10)
    expect(performance.now() - began).toBeLessThan(1000)
    proxy.mode = 'pass'
    await connected(limiter)
  })

  test('a Redis that is killed is not missed, and used again when it is back', async () => {
    const mortal = await startRedis()
    const limiter = process(mortal.port)
    await connected(limiter)
    await mortal.stop()
    for (let count = 0; count < 20; count++) expect((await limiter.take(hourly, 'key')).allowed).toBe(true)
    const reborn = await startRedis(mortal.port)
    await connected(limiter)
    await reborn.stop()
  })

  test('what was used up while Redis counted is used up when it is gone: a failure gives nobody a bucket anew', async () => {
    const mortal = await startRedis()
    const limiter = process(mortal.port, 5000)
    await connected(limiter)
    const limited = { name: 'learnt', limit: 20, periodS: 3600, burst: 20 }
    for (let count = 0; count < 20; count++) expect((await limiter.take(limited, 'key')).allowed).toBe(true)
    await mortal.stop()
    for (let count = 0; count < 5; count++) expect((await limiter.take(limited, 'key')).allowed).toBe(false)
    expect((await limiter.take(limited, 'another')).allowed).toBe(true)
  })

  test('a Redis that tells of impossible buckets is not believed', async () => {
    const limiter = process(proxy.port, 5000)
    await connected(limiter)
    const lie = (said: string) => said.replace(/^\*2\r\n:\d/, '*2\r\n:1').replace(/(\$\d+\r\n)\d/, (_, length) => `${length}9`)
    proxy.lie = (answer) => Buffer.from(lie(answer.toString('latin1')), 'latin1')
    const limited = { name: 'lying', limit: 5, periodS: 3600, burst: 5 }
    let allowed = 0
    for (let count = 0; count < 20; count++) allowed += (await limiter.take(limited, 'key')).allowed ? 1 : 0
    expect(allowed).toBe(5)
    proxy.lie = null
  })

  test('a Redis that was never there neither delays nor fails', async () => {
    const limiter = process(1)
    expect(limiter.take(hourly, 'key')).toMatchObject({ allowed: true, remaining: 999 })
  })
})
