import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTenants, type Tenants } from '../../../tests/support/tenants.ts'
import { type Bus, type EventFeed, type FeedEvent, openFeed } from './index.ts'

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
function follow(feed: EventFeed, after: number, organizationId = 100) {
  const heard: number[] = []
  const state = { ended: false }
  const stop = feed.follow(organizationId, after, {
    onEvent: (event: FeedEvent) => void heard.push(event.seq),
    onEnd: () => {
      state.ended = true
    },
  })
  return { heard, state, stop }
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + 1 + index)

describe('the event feed', () => {
  test('a backlog of more than a page comes whole and in order, without a word on the bus', async () => {
    const feed = openFeed({ ...tenants, bus: muteBus() })
    const start = await feed.end(100)
    await emit(1300)
    const { heard } = follow(feed, start)
    await expect.poll(() => heard.length, { timeout: 10_000 }).toBe(1300)
    expect(heard).toEqual(range(start, start + 1300))
    feed.close()
  })

  test('what was said while nobody heard it is read when the connection is back', async () => {
    const bus = muteBus()
    const feed = openFeed({ ...tenants, bus })
    const start = await feed.end(100)
    const { heard } = follow(feed, start)
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
    const start = await feed.end(100)
    const { heard } = follow(feed, start)
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
    const start = await feed.end(100)
    const behind = follow(feed, start)
    await emit(5)
    const ahead = follow(feed, start + 5)
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
    const start = await feed.end(100)
    const early = follow(feed, start)
    await emit(1)
    bus.say('events', { organizationId: 100, seq: start + 1 })
    await expect.poll(() => early.heard).toEqual([start + 1])
    broken = true
    await emit(3)
    bus.say('events', { organizationId: 100, seq: start + 4 })
    const late = follow(feed, start)
    broken = false
    await expect.poll(() => early.heard).toEqual(range(start, start + 4))
    await expect.poll(() => late.heard).toEqual(range(start, start + 4))
    feed.close()
  })

  test('who stops hears no more, and closing ends everybody', async () => {
    const bus = muteBus()
    const feed = openFeed({ ...tenants, bus })
    const start = await feed.end(100)
    const [gone, there] = [follow(feed, start), follow(feed, start)]
    gone.stop()
    await emit(1)
    bus.say('events', { organizationId: 100, seq: start + 1 })
    await expect.poll(() => there.heard).toEqual([start + 1])
    expect(gone.heard).toEqual([])
    feed.close()
    expect(there.state.ended).toBe(true)
    expect(follow(feed, start).state.ended).toBe(true)
  })
})
