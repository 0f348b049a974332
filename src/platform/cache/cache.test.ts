import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type FaultProxy, faultProxy } from '../../../tests/support/fault-proxy.ts'
import { memcachedInstalled, type Peer, redisInstalled, startMemcached, startRedis } from '../../../tests/support/peers.ts'
import { soon } from '../../../tests/support/soon.ts'
import { openVault } from '../secrets/index.ts'
import { createLogger } from '../telemetry/index.ts'
import { type Clock, movableClock, systemClock } from '../time/index.ts'
import { type CacheOptions, type Caches, memoryAccord, openCaches } from './index.ts'

interface Person {
  readonly name: string
}
const log = createLogger({ level: 'silent' })
const sign = openVault({ key: 'a long enough key for the tests', previous: [] }).signer('cache')
const parse = (value: unknown): Person | null =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string' ? { name: value.name } : null
const ada = async (): Promise<Person> => ({ name: 'Ada' })
const bob = async (): Promise<Person> => ({ name: 'Bob' })

const opened: Caches[] = []
afterEach(async () => {
  for (const caches of opened.splice(0)) await caches.close()
})

function process(options: Partial<CacheOptions> & { clock?: Clock } = {}) {
  const caches = openCaches({ accord: memoryAccord().join(), clock: systemClock, log, sign, timeoutMs: 1000, ...options })
  opened.push(caches)
  return caches
}
const inMemory = (caches: Caches, ttlS = 300, maxEntries = 1000) =>
  caches.family<Person>({ name: 'user', tier: 'memory', ttlS, maxEntries })

describe('a cache in memory', () => {
  test('a thousand who ask at once make one load', async () => {
    const users = inMemory(process())
    const load = vi.fn(ada)
    const found = await Promise.all(Array.from({ length: 1000 }, () => users.get('1', load)))
    expect(load).toHaveBeenCalledTimes(1)
    expect(new Set(found.map((person) => person.name))).toEqual(new Set(['Ada']))
    await users.get('1', load)
    await users.get('2', load)
    expect(load).toHaveBeenCalledTimes(2)
  })

  test('a load that fails fails for all who waited, and the next one tries again', async () => {
    const users = inMemory(process())
    const failing = async (): Promise<Person> => {
      throw new Error('no database')
    }
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => users.get('1', failing)))
    expect(outcomes.every((outcome) => outcome.status === 'rejected')).toBe(true)
    expect(await users.get('1', ada)).toEqual({ name: 'Ada' })
  })

  test('a value is kept for its time and no longer', async () => {
    const clock = movableClock('2026-11-24T09:00:00Z')
    const users = inMemory(process({ clock }), 300)
    await users.get('1', ada)
    clock.advance(299)
    expect(await users.get('1', bob)).toEqual({ name: 'Ada' })
    clock.advance(1)
    expect(await users.get('1', bob)).toEqual({ name: 'Bob' })
  })

  test('a value can say how long it is good for, and that it is not to be kept at all', async () => {
    const clock = movableClock('2026-11-24T09:00:00Z')
    const users = inMemory(process({ clock }), 300)
    await users.get('1', ada, { ttlS: ({ name }) => (name === 'Ada' ? 10 : 0) })
    clock.advance(10)
    expect(await users.get('1', bob, { ttlS: () => 0 })).toEqual({ name: 'Bob' })
    expect(await users.get('1', ada)).toEqual({ name: 'Ada' })
  })

  test('what was dropped is loaded again, and a load that began before the drop does not put its value back', async () => {
    const users = inMemory(process())
    const slow = Promise.withResolvers<Person>()
    const before = users.get('1', () => slow.promise)
    await users.drop('1')
    const after = users.get('1', bob)
    slow.resolve({ name: 'Ada' })
    expect([await before, await after]).toEqual([{ name: 'Ada' }, { name: 'Bob' }])
    expect(await users.get('1', ada)).toEqual({ name: 'Bob' })
  })

  test('clearing forgets everything, loads under way included', async () => {
    const users = inMemory(process())
    const slow = Promise.withResolvers<Person>()
    await users.get('1', ada)
    const before = users.get('2', () => slow.promise)
    await users.clear()
    slow.resolve({ name: 'Ada' })
    await before
    expect([await users.get('1', bob), await users.get('2', bob)]).toEqual([{ name: 'Bob' }, { name: 'Bob' }])
  })

  test('it holds no more than it may', async () => {
    const caches = process()
    const users = inMemory(caches, 300, 10)
    for (let id = 0; id < 100; id++) await users.get(String(id), ada)
    expect((await caches.stats()).tiers.memory?.size).toBe(10)
  })

  test('it counts hits, misses and loads', async () => {
    const caches = process()
    const users = inMemory(caches)
    await users.get('1', ada)
    await users.get('1', ada)
    await users.get('2', ada)
    expect(await caches.stats()).toEqual({
      tiers: { memory: { hits: 1, misses: 2, size: 2, up: true } },
      families: { user: { hits: 1, misses: 2, loads: 2, tierHits: 0, tierMisses: 0, size: 2, tier: 'memory' } },
    })
  })

  test('what is dropped in one process is gone from the other', async () => {
    const among = memoryAccord()
    const [here, there] = [inMemory(process({ accord: among.join() })), inMemory(process({ accord: among.join() }))]
    await there.get('1', ada)
    await there.get('2', ada)
    await here.drop('1')
    expect([await there.get('1', bob), await there.get('2', bob)]).toEqual([{ name: 'Bob' }, { name: 'Ada' }])
    await here.clear()
    expect(await there.get('2', bob)).toEqual({ name: 'Bob' })
  })

  test('clearing a scope leaves what belongs to others', async () => {
    const among = memoryAccord()
    const [here, there] = [inMemory(process({ accord: among.join() })), inMemory(process({ accord: among.join() }))]
    const keys = ['100:1', '100:2', '1000:1', '200:1']
    for (const users of [here, there]) for (const key of keys) await users.get(key, ada)
    await here.clear('100')
    const names = (users: typeof here) => Promise.all(keys.map(async (key) => (await users.get(key, bob)).name))
    for (const users of [here, there]) expect(await names(users)).toEqual(['Bob', 'Bob', 'Ada', 'Ada'])
  })

  test('nothing that is near is believed while it cannot be known what was dropped', async () => {
    const among = memoryAccord()
    const users = inMemory(process({ accord: among.join() }))
    await users.get('1', ada)
    among.cut(true)
    expect([await users.get('1', bob), await users.get('2', bob)]).toEqual([{ name: 'Bob' }, { name: 'Bob' }])
    among.cut(false)
    expect([await users.get('1', ada), await users.get('2', ada)]).toEqual([{ name: 'Ada' }, { name: 'Ada' }])
  })

  test('what is a process’s own needs nobody’s word', async () => {
    const among = memoryAccord()
    const own = process({ accord: among.join() }).family<Person>({ name: 'own', tier: 'memory', local: true, ttlS: 300, maxEntries: 10 })
    among.cut(true)
    await own.get('1', ada)
    expect(await own.get('1', bob)).toEqual({ name: 'Ada' })
    await own.drop('1')
    expect(await own.get('1', bob)).toEqual({ name: 'Bob' })
  })
})

const kinds = [
  { tier: 'redis', installed: redisInstalled, start: startRedis },
  { tier: 'memcached', installed: memcachedInstalled, start: startMemcached },
] as const

describe.each(kinds)('a cache over $tier', ({ tier, installed, start }) => {
  describe.skipIf(!installed)(`(needs ${tier} on the path)`, () => {
    let server: Peer
    let proxy: FaultProxy
    let next = 0
    beforeAll(async () => {
      server = await start()
      proxy = await faultProxy(server.port)
    })
    afterAll(async () => {
      await proxy.stop()
      await server.stop()
    })
    afterEach(() => {
      proxy.mode = 'pass'
      proxy.delayMs = 0
      proxy.lie = null
    })

    const at = (port: number) =>
      tier === 'redis' ? { redis: { url: `redis://127.0.0.1:${port}` } } : { memcached: { host: '127.0.0.1', port } }
    const over = async (options: Partial<CacheOptions> = {}, port = server.port) => {
      const caches = process({ ...at(port), ...options })
      await caches.check(tier)
      return { caches, users: caches.family<Person>({ name: 'user', tier, ttlS: 300, maxEntries: 100, parse }) }
    }
    /** A key of this test alone. */
    const fresh = () => `${tier}-${next++}`
    /** In the tier, as a process sees it that has nothing in its memory. */
    const inTier = async (key: string): Promise<string> => {
      const { users } = await over()
      return (await users.get(key, async () => ({ name: 'nobody' }), { ttlS: () => 0 })).name
    }
    const stored = (key: string, name: string) => soon(async () => expect(await inTier(key)).toBe(name))

    test('what one process loaded the next one finds', async () => {
      const key = fresh()
      const { users } = await over()
      await users.get(key, ada)
      await stored(key, 'Ada')
      const { users: there, caches } = await over()
      expect(await there.get(key, bob)).toEqual({ name: 'Ada' })
      expect((await caches.stats()).tiers[tier]).toMatchObject({ hits: 1, misses: 0, up: true })
      expect((await caches.stats()).tiers[tier]?.size).toBeGreaterThan(0)
    })

    test('a key of any length and letters is a key', async () => {
      const { users } = await over()
      for (const key of ['ü ber', 'a\r\nset b 0 0 1\r\nx', 'k'.repeat(1000)]) {
        await users.get(key, ada)
        await stored(key, 'Ada')
      }
    })

    test('what was dropped is gone for all, and a load that began before cannot bring it back, here or elsewhere', async () => {
      const key = fresh()
      const among = memoryAccord()
      const [here, there] = [await over({ accord: among.join() }), await over({ accord: among.join() })]
      const slow = Promise.withResolvers<Person>()
      const loading = there.users.get(key, () => slow.promise)
      await soon(async () => expect((await there.caches.stats()).families.user?.loads).toBe(1))
      await here.users.drop(key)
      slow.resolve({ name: 'Ada' })
      await loading
      // A process that never heard of the drop puts its stale value back, or tries to.
      const deaf = await over()
      await deaf.users.get(key, ada)
      expect(await inTier(key)).toBe('nobody')
      expect(await there.users.get(key, bob)).toEqual({ name: 'Bob' })
    })

    test('a tier that lies is not believed', async () => {
      const key = fresh()
      const { users } = await over()
      await users.get(key, ada)
      await stored(key, 'Ada')
      proxy.lie = (answer) => Buffer.from(answer.toString('latin1').replaceAll('Ada', 'Eve'), 'latin1')
      const { users: deceived } = await over({}, proxy.port)
      expect(await deceived.get(key, bob)).toEqual({ name: 'Bob' })
    })

    test('a value of another key, another shape, or signed by somebody else is a miss, and makes room', async () => {
      const [key, other] = [fresh(), fresh()]
      const forger = await over({ sign: () => 'forged' })
      await forger.users.get(key, async () => ({ name: 'Eve' }))
      const shapeless = process(at(server.port)).family<number>({ name: 'user', tier, ttlS: 300, maxEntries: 1, parse: () => null })
      await soon(async () => {
        await shapeless.get(other, async () => 7)
        expect(await inTier(key)).toBe('nobody')
      })
      for (const name of [key, other]) {
        const { users } = await over()
        expect(await users.get(name, bob)).toEqual({ name: 'Bob' })
      }
    })

    test('a tier that is silent slows a few reads, breaks none, and is used again afterwards', async () => {
      const { users, caches } = await over({ timeoutMs: 50 }, proxy.port)
      proxy.mode = 'silent'
      const began = performance.now()
      for (let count = 0; count < 100; count++) expect(await users.get(fresh(), ada)).toEqual({ name: 'Ada' })
      expect(performance.now() - began).toBeLessThan(3000)
      expect((await caches.stats()).tiers[tier]?.up).toBe(false)
      proxy.mode = 'pass'
      await soon(async () => {
        await users.get(fresh(), ada)
        expect((await caches.stats()).tiers[tier]?.up).toBe(true)
      })
    }, 20_000)

    test('a tier that answers garbage breaks no read', async () => {
      const { users } = await over({ timeoutMs: 50 }, proxy.port)
      proxy.lie = (answer) => Buffer.alloc(answer.length, 0x2a)
      for (let count = 0; count < 20; count++) expect(await users.get(fresh(), ada)).toEqual({ name: 'Ada' })
    })

    test('a drop while the tier was away holds when it is back, for whoever comes', async () => {
      const key = fresh()
      const among = memoryAccord()
      const { users: first } = await over({ accord: among.join() })
      await first.get(key, ada)
      await first.get(`other:${key}`, ada)
      const seen = async (name: string) => {
        const { users } = await over({ accord: among.join() })
        return (await users.get(name, async () => ({ name: 'nobody' }), { ttlS: () => 0 })).name
      }
      for (const name of [key, `other:${key}`]) await soon(async () => expect(await seen(name)).toBe('Ada'))
      const { users } = await over({ accord: among.join(), timeoutMs: 50 }, proxy.port)
      proxy.mode = 'silent'
      await users.drop(key)
      proxy.mode = 'pass'
      expect([await seen(key), await seen(`other:${key}`)]).toEqual(['nobody', 'Ada'])
    }, 20_000)

    test('a tier that was never there costs nothing but its absence', async () => {
      const caches = process({ ...at(1), timeoutMs: 50 })
      const users = caches.family<Person>({ name: 'user', tier, ttlS: 300, maxEntries: 100, parse })
      expect(await users.get('1', ada)).toEqual({ name: 'Ada' })
      await users.drop('1')
      await expect(caches.check(tier)).rejects.toThrow()
      expect((await caches.stats()).tiers[tier]).toMatchObject({ size: null })
    })

    test('clearing empties memory and tier', async () => {
      const key = fresh()
      const among = memoryAccord()
      const { users, caches } = await over({ accord: among.join() })
      await users.get(key, ada)
      await stored(key, 'Ada')
      await caches.find('user')?.clear()
      const { users: later } = await over({ accord: among.join() })
      expect(await later.get(key, async () => ({ name: 'nobody' }), { ttlS: () => 0 })).toEqual({ name: 'nobody' })
      expect(await users.get(key, bob)).toEqual({ name: 'Bob' })
    })
  })
})

test('a tier that is not configured is memory alone, and says so when checked', async () => {
  const caches = process()
  const users = caches.family<Person>({ name: 'user', tier: 'memcached', ttlS: 300, maxEntries: 10, parse })
  await users.get('1', ada)
  expect(await users.get('1', bob)).toEqual({ name: 'Ada' })
  expect(caches.configured('memcached')).toBe(false)
  await expect(caches.check('memcached')).rejects.toThrow('memcached is not configured')
})
