import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTenants, type Tenants } from '../../../tests/support/tenants.ts'
import type { Bus } from './bus.ts'
import { type EventFeed, openFeed } from './feed.ts'
import { pageSize } from './pages.ts'

let tenants: Tenants
beforeAll(async () => {
  tenants = await openTenants()
})
afterAll(() => tenants.close())

/** A bus that says only what a test lets it say. */
function muteBus(): Bus & { say(channel: string, payload: unknown): void } {
  const listeners = new Map<string, Set<(payload: unknown) => void>>()
  return {
    publish: async () => {},
    subscribe(channel, listener) {
      const set = listeners.get(channel) ?? new Set()
      listeners.set(channel, set.add(listener))
      return () => void set.delete(listener)
    },
    say: (channel, payload) => {
      for (const listener of listeners.get(channel) ?? []) listener(payload)
    },
  }
}
const emit = (count: number, organizationId = 100) =>
  tenants.session(organizationId).write(async (tx) => {
    for (let index = 0; index < count; index++) tx.emit('call.ringing', { index }, { audit: false })
  })
interface Ears {
  readonly after: number
  /** How many events it takes before it has enough; all when left out. */
  readonly takes?: () => number
}
function follow(feed: EventFeed, { after, takes = () => Number.POSITIVE_INFINITY }: Ears, organizationId = 100) {
  const heard: number[] = []
  const state = { ended: false, enough: takes() }
  const { stop, resume } = feed.follow(organizationId, after, {
    onEvents(events) {
      heard.push(...events.map(({ seq }) => seq))
      state.enough -= events.length
      return state.enough > 0
    },
    onEnd: () => {
      state.ended = true
    },
  })
  const takeMore = () => {
    state.enough = takes()
    resume()
  }
  return { heard, state, stop, takeMore }
}
const endOf = async (feed: EventFeed) => (await feed.bounds(100)).end
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + 1 + index)

describe('the event feed', () => {
  test('a backlog of more than a page comes whole and in order, without a word on the bus', async () => {
    const feed = openFeed({ ...tenants, bus: muteBus() })
    const start = await endOf(feed)
    await emit(1300)
    const { heard } = follow(feed, { after: start })
    await expect.poll(() => heard.length, { timeout: 10_000 }).toBe(1300)
    expect(heard).toEqual(range(start, start + 1300))
    feed.close()
  })

  test('what was said while nobody heard it is read when the connection is back', async () => {
    const bus = muteBus()
    const feed = openFeed({ ...tenants, bus })
    const start = await endOf(feed)
    const { heard } = follow(feed, { after: start })
    await emit(3)
    bus.say('events', { organizationId: 100, seq: start + 3 })
    await expect.poll(() => heard.length).toBe(3)
    await emit(4)
    bus.say('resync', null)
    await expect.poll(() => heard).toEqual(range(start, start + 7))
    feed.close()
  })

  test('words repeated, early or about others change nothing', async () => {
    const bus = muteBus()
    const feed = openFeed({ ...tenants, bus })
    const start = await endOf(feed)
    const { heard } = follow(feed, { after: start })
    await emit(2)
    await emit(2, 200)
    for (let time = 0; time < 20; time++) {
      bus.say('events', { organizationId: 100, seq: start + time })
      bus.say('events', { organizationId: 200, seq: time })
    }
    await expect.poll(() => heard).toEqual(range(start, start + 2))
    feed.close()
  })

  test('somebody far ahead hears nothing twice when others behind are served', async () => {
    const bus = muteBus()
    const feed = openFeed({ ...tenants, bus })
    const start = await endOf(feed)
    const behind = follow(feed, { after: start })
    await emit(5)
    const ahead = follow(feed, { after: start + 5 })
    await emit(5)
    bus.say('events', { organizationId: 100, seq: start + 10 })
    await expect.poll(() => behind.heard).toEqual(range(start, start + 10))
    await expect.poll(() => ahead.heard).toEqual(range(start + 5, start + 10))
    feed.close()
  })

  test('a database that fails for a while costs no event', async () => {
    const bus = muteBus()
    let broken = false
    const read: typeof tenants.database.read = (...about) => (broken ? Promise.reject(new Error('gone')) : tenants.database.read(...about))
    const feed = openFeed({ log: tenants.log, bus, database: { ...tenants.database, read } })
    const start = await endOf(feed)
    const early = follow(feed, { after: start })
    await emit(1)
    bus.say('events', { organizationId: 100, seq: start + 1 })
    await expect.poll(() => early.heard).toEqual([start + 1])
    broken = true
    await emit(3)
    bus.say('events', { organizationId: 100, seq: start + 4 })
    const late = follow(feed, { after: start })
    broken = false
    await expect.poll(() => early.heard).toEqual(range(start, start + 4))
    await expect.poll(() => late.heard).toEqual(range(start, start + 4))
    feed.close()
  })

  test('who stops hears no more, and closing ends everybody', async () => {
    const bus = muteBus()
    const feed = openFeed({ ...tenants, bus })
    const start = await endOf(feed)
    const [gone, there] = [follow(feed, { after: start }), follow(feed, { after: start })]
    gone.stop()
    await emit(1)
    bus.say('events', { organizationId: 100, seq: start + 1 })
    await expect.poll(() => there.heard).toEqual([start + 1])
    expect(gone.heard).toEqual([])
    feed.close()
    expect(there.state.ended).toBe(true)
    expect(follow(feed, { after: start }).state.ended).toBe(true)
  })

  test('who has enough is given no more and costs the others nothing, and then goes on where it was', async () => {
    const bus = muteBus()
    const feed = openFeed({ ...tenants, bus })
    const start = await endOf(feed)
    const slow = follow(feed, { after: start, takes: () => 3 })
    const quick = follow(feed, { after: start })
    for (let round = 1; round <= 4; round++) {
      await emit(2)
      bus.say('events', { organizationId: 100, seq: start + 2 * round })
      const heard = [2 * round, Math.min(2 * round, 4)]
      await expect.poll(() => [quick.heard.length, slow.heard.length], { timeout: 10_000 }).toEqual(heard)
    }
    expect(slow.heard).toEqual(range(start, start + 4))
    slow.takeMore()
    await expect.poll(() => slow.heard).toEqual(range(start, start + 8))
    slow.takeMore()
    await emit(1)
    bus.say('events', { organizationId: 100, seq: start + 9 })
    await expect.poll(() => [slow.heard, quick.heard]).toEqual([range(start, start + 9), range(start, start + 9)])
    feed.close()
  })

  test('a crowd that resumes at once shares its reads, wherever in the page each of them was', async () => {
    let reads = 0
    const read: typeof tenants.database.read = (...about) => {
      reads++
      return tenants.database.read(...about)
    }
    const feed = openFeed({ ...tenants, bus: muteBus(), database: { ...tenants.database, read } })
    await emit(3 * pageSize)
    const end = await endOf(feed)
    const start = end - 2 * pageSize
    const crowd = Array.from({ length: 2_000 }, (_, index) => ({
      after: start + (index % 7),
      ...follow(feed, { after: start + (index % 7) }),
    }))
    await expect.poll(() => crowd.every(({ heard, after }) => heard.length === end - after), { timeout: 15_000 }).toBe(true)
    for (const { heard, after } of crowd) expect(heard).toEqual(range(after, end))
    expect(reads).toBeLessThan(40)
    feed.close()
  }, 30_000)

  test('knows where it begins and ends, also where nothing ever happened', async () => {
    const feed = openFeed({ ...tenants, bus: muteBus() })
    const start = await endOf(feed)
    expect(await feed.bounds(100)).toEqual({ first: 1, end: start })
    expect(await feed.bounds(999)).toEqual({ first: null, end: 0 })
    feed.close()
  })

  test('whoever comes when, and however often each has enough: everybody is given everything once, in order', async () => {
    const bus = muteBus()
    const feed = openFeed({ ...tenants, bus })
    const someone = fc.record({
      back: fc.nat({ max: 700 }),
      takes: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }),
    })
    const rounds = fc.array(fc.record({ emit: fc.nat({ max: 3 }), come: fc.array(someone, { maxLength: 3 }) }), {
      minLength: 1,
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(rounds, async (plan) => {
        const all: { after: number; heard: number[]; takeMore(): void; stop(): void }[] = []
        for (const { emit: count, come } of plan) {
          const end = await endOf(feed)
          for (const { back, takes } of come) {
            const after = Math.max(0, end - back)
            let turn = 0
            all.push({ after, ...follow(feed, { after, takes: () => takes[turn++ % takes.length] ?? 1 }) })
          }
          if (count > 0) await emit(count)
          bus.say('events', { organizationId: 100, seq: end + count })
          for (const each of all) each.takeMore()
        }
        const end = await endOf(feed)
        const done = () => {
          for (const each of all) each.takeMore()
          return all.every(({ heard, after }) => (heard.at(-1) ?? after) === end)
        }
        await expect.poll(done, { timeout: 10_000, interval: 1 }).toBe(true)
        for (const { heard, after } of all) expect(heard).toEqual(range(after, end))
        for (const { stop } of all) stop()
      }),
      { numRuns: 25 },
    )
    feed.close()
  }, 60_000)
})
