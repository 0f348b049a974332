import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemPrincipal } from '../../platform/auth/index.ts'
import type { EventFeed, FeedEvent } from '../../platform/events/index.ts'
import { type EventStreams, openStreams } from './event-streams.ts'

type Follower = Parameters<EventFeed['follow']>[2]

/** A feed that gives what a test gives, and says how often it was asked to go on. */
function handFed() {
  const followers: Follower[] = []
  const asked = { resumed: 0, stopped: 0 }
  const feed: EventFeed = {
    follow(_organizationId, _after, follower) {
      followers.push(follower)
      return { resume: () => void asked.resumed++, stop: () => void asked.stopped++ }
    },
    bounds: async () => ({ first: null, end: 0 }),
    size: () => followers.length,
    close() {},
  }
  return { feed, followers, asked }
}

const event = (seq: number, text: string): FeedEvent => ({
  seq,
  id: 'e',
  type: 'call.started',
  organizationId: 1,
  occurredAt: new Date(0),
  userIds: [],
  data: JSON.stringify({ text }),
})

let hand: ReturnType<typeof handFed>
let streams: EventStreams
let server: Server
let outlets: ServerResponse[]
let lasts: boolean
let tellRevoked: () => void

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  hand = handFed()
  lasts = true
  outlets = []
  streams = openStreams({
    feed: hand.feed,
    tokens: { lasts: () => lasts, issuer: '', audience: '', issue: async () => '', verify: async () => systemPrincipal(1, 'a') },
    bus: {
      publish: async () => {},
      subscribe(_channel, listener) {
        tellRevoked = () => listener(null)
        return () => {}
      },
    },
    standing: { isActive: () => true },
    settings: { eventStreams: { perCaller: 100, perOrganization: 100 } },
  })
  server = createServer((_request, outlet) => {
    outlets.push(outlet)
    outlet.removeHeader('transfer-encoding')
    outlet.writeHead(200).flushHeaders()
    streams.admit({ principal: systemPrincipal(1, 'a'), after: 0, resumes: false, audience: { hears: () => true, crowd: 'all' } })(outlet)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  vi.useRealTimers()
  server.closeAllConnections()
  server.close()
})

async function client(): Promise<{ socket: Socket; text: () => string; closed: Promise<unknown> }> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += String(chunk)
  })
  socket.on('error', () => {}) // being cut off is an end too
  const closed = once(socket, 'close')
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await expect.poll(() => text).toContain(': connected')
  return { socket, text: () => text, closed }
}

/** Until the stream wants no more. @returns how many bytes were given */
function feedUp(): number {
  let bytes = 0
  const [follower] = hand.followers
  for (let seq = 1; bytes < 64 * 1024 * 1024; seq++) {
    bytes += 10_000
    if (!follower?.onEvents([event(seq, 'x'.repeat(10_000))])) break
  }
  return bytes
}

describe('a client that does not read', () => {
  test('is given no more than its connection takes and a little, and goes on when it has read', async () => {
    const { socket, text } = await client()
    socket.pause()
    const given = feedUp()
    expect(given).toBeLessThan(32 * 1024 * 1024)
    expect(outlets[0]?.writableLength).toBeLessThan(128 * 1024)
    expect(hand.asked.resumed).toBe(0)
    socket.resume()
    await expect.poll(() => hand.asked.resumed).toBe(1)
    await expect.poll(() => text().length).toBeGreaterThan(given)
  })

  test('is cut off after half a minute, and not before; it is not pinged meanwhile', async () => {
    const { socket, closed } = await client()
    socket.pause()
    feedUp()
    const waiting = outlets[0]?.writableLength
    vi.advanceTimersByTime(30_000)
    expect([outlets[0]?.destroyed, outlets[0]?.writableLength]).toEqual([false, waiting])
    vi.advanceTimersByTime(2_000)
    expect(outlets[0]?.destroyed).toBe(true)
    socket.resume()
    await closed
    await expect.poll(() => hand.asked.stopped).toBeGreaterThan(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('everybody hears from the server once in fifteen seconds, not all in the same', async () => {
  const clients = await Promise.all(Array.from({ length: 5 }, client))
  const pings = () => clients.map(({ text }) => text().split(': ping\n\n').length - 1)
  const total = () => pings().reduce((sum, count) => sum + count, 0)
  const steps: number[] = []
  for (let second = 1; second <= 15; second++) {
    const written = outlets.map((outlet) => outlet.socket?.bytesWritten ?? 0)
    vi.advanceTimersByTime(1_000)
    steps.push(outlets.filter((outlet, index) => (outlet.socket?.bytesWritten ?? 0) > (written[index] ?? 0)).length)
  }
  await expect.poll(total).toBe(5)
  expect(pings()).toEqual([1, 1, 1, 1, 1])
  expect(Math.max(...steps)).toBe(1)
})

test('a credential’s end ends the stream at the next second, and at once when its revocation is told', async () => {
  const [first] = [await client()]
  lasts = false
  vi.advanceTimersByTime(1_000)
  await first.closed
  expect(first.text()).toContain(': the credential has ended')
  lasts = true
  const second = await client()
  lasts = false
  tellRevoked()
  await second.closed
})

test('the feed’s end ends the stream in so many words', async () => {
  const { closed, text } = await client()
  hand.followers[0]?.onEnd()
  await closed
  expect(text()).toMatch(/retry: \d+\n/)
  expect(text()).toContain(': the server is closing; come again')
})
