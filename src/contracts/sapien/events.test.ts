import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import type { EventFeed, FeedEvent, Follower } from '../../platform/events/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { openStream } from './event-stream.ts'

let house: TestHouse
let token: string
beforeAll(async () => {
  house = await openTestHouse()
  token = await house.token()
})
afterAll(() => house.close())

interface Heard {
  id: string
  event: { seq: number; type: string; organizationId: number; occurredAt: string; data: Record<string, unknown> }
}

/** A client of its own, as the HTML standard reads a stream: id and data lines, an empty line between events. */
async function listen(query = '', { as = token, headers = {} }: { as?: string | null; headers?: Record<string, string> } = {}) {
  const controller = new AbortController()
  const authorization: Record<string, string> = as === null ? {} : { authorization: `Bearer ${as}` }
  const response = await fetch(`${house.url}/v1/events${query}`, { headers: { ...authorization, ...headers }, signal: controller.signal })
  const heard: Heard[] = []
  let text = ''
  const reading = (async () => {
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString('utf8')
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const lines = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
        if (lines.has('data')) heard.push({ id: lines.get('id') ?? '', event: JSON.parse(lines.get('data') ?? '') })
      }
    }
  })().catch(() => {}) // the client hung up
  return {
    response,
    heard,
    types: () => heard.map(({ event }) => event.type),
    async close() {
      controller.abort()
      await reading
    },
  }
}

const emit = (type: string, data: object = {}, users: number[] = [], session: Session = house.session()) =>
  session.write(async (tx) => tx.emit(type, data, { users, audit: false }))
/** The end of the feed as the table has it, past row-level security. */
async function feedEnd(): Promise<number> {
  let seq = 0
  await house.house.database.transaction(100, async (connection) => {
    const [row] = (await connection.run({ name: 'test_feed_end', text: 'SELECT seq FROM platform.feeds', parameters: [] }, {})) as {
      seq: number
    }[]
    seq = row?.seq ?? 0
  })
  return seq
}

describe('GET /v1/events', () => {
  test('tells what happens as it happens, in the settled form', async () => {
    const client = await listen('?types=call.*')
    expect(client.response.headers.get('content-type')).toContain('text/event-stream')
    await expect.poll(() => house.house.feed.size()).toBe(1)
    const before = await feedEnd()
    await emit('call.started', { callId: 'c1' })
    await expect.poll(() => client.heard.length).toBe(1)
    const { id, event } = client.heard[0] as Heard
    expect(id).toBe(String(before + 1))
    expect(event).toMatchObject({ seq: before + 1, type: 'call.started', organizationId: 100, data: { callId: 'c1' } })
    expect(Date.parse(event.occurredAt)).not.toBeNaN()
    await client.close()
    await expect.poll(() => house.house.feed.size()).toBe(0)
  })

  test('resumed by Last-Event-ID, it loses nothing and repeats nothing, however often it breaks, while events pour in', async () => {
    const start = await feedEnd()
    let writing = true
    const writers = Promise.all(
      [1, 2, 3, 4].map(async (writer) => {
        for (let index = 0; index < 60; index++) await emit('call.ringing', { writer, index })
      }),
    ).finally(() => {
      writing = false
    })
    const seen: Heard[] = []
    while (writing || seen.length < 240) {
      const last: Record<string, string> = { 'last-event-id': seen.at(-1)?.id ?? String(start) }
      const client = await listen('?types=call.ringing', { headers: last })
      const target = Math.min(240, seen.length + 25)
      await expect.poll(() => seen.length + client.heard.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(target)
      await client.close()
      seen.push(...client.heard)
    }
    await writers
    expect(seen.map(({ event }) => event.seq)).toEqual([...new Set(seen.map(({ event }) => event.seq))].sort((a, b) => a - b))
    expect(new Set(seen.map(({ event }) => `${event.data.writer}:${event.data.index}`)).size).toBe(240)
    expect(seen).toHaveLength(240)
  })

  test('many clients, early and late, all hear the same', async () => {
    const start = await feedEnd()
    const early = await Promise.all(Array.from({ length: 10 }, () => listen('?types=call.*')))
    await expect.poll(() => house.house.feed.size()).toBe(10)
    const writing = Promise.all(Array.from({ length: 40 }, (_, index) => emit('call.answered', { index })))
    const late = await Promise.all(
      Array.from({ length: 10 }, () => listen('?types=call.*', { headers: { 'last-event-id': String(start) } })),
    )
    await writing
    const expected = Array.from({ length: 40 }, (_, index) => start + 1 + index)
    for (const client of [...early, ...late]) {
      await expect.poll(() => client.heard.map(({ event }) => event.seq), { timeout: 10_000 }).toEqual(expected)
    }
    await Promise.all([...early, ...late].map((client) => client.close()))
  })

  test('types choose, and a word that is no type is 400', async () => {
    const client = await listen('?types=call.completed,availability.*')
    await expect.poll(() => house.house.feed.size()).toBe(1)
    for (const type of ['call.started', 'call.completed', 'callback.made', 'availability.changed']) await emit(type)
    await expect.poll(() => client.types()).toEqual(['call.completed', 'availability.changed'])
    await client.close()
    const wrong = await house.request('GET', '/v1/events?types=call.**', { token })
    expect(await wrong.json()).toMatchObject({ error: { code: 'invalid_request', details: [{ field: 'types' }] } })
    expect((await house.request('GET', '/v1/events', { token, headers: { 'last-event-id': 'x' } })).status).toBe(400)
  })

  test('a user hears of themself and of nobody else, a role without the permission hears nothing of the thing', async () => {
    const [own, foreign] = await Promise.all([
      listen('', { as: await house.token({ subject: 'user:7', roles: ['user'] }) }),
      listen('', { as: await house.token({ organizationId: 200 }) }),
    ])
    await expect.poll(() => house.house.feed.size()).toBe(2)
    await emit('call.started', { of: 8 }, [8])
    await emit('alert.raised', {}, [7])
    await emit('call.started', { of: 7 }, [7])
    await emit('call.started', { of: 200 }, [], house.session(200))
    await expect.poll(() => own.heard.map(({ event }) => event.data)).toEqual([{ of: 7 }])
    await expect.poll(() => foreign.heard.map(({ event }) => event.data)).toEqual([{ of: 200 }])
    await Promise.all([own.close(), foreign.close()])
  })

  test('a ticket opens it without a header, for a minute, with what its owner may hear', async () => {
    const made = await house.request('POST', '/v1/events/ticket', { token, json: {} })
    expect(made.status).toBe(201)
    const { ticket, expiresIn } = (await made.json()) as { ticket: string; expiresIn: number }
    expect(expiresIn).toBe(60)
    const client = await listen(`?ticket=${ticket}`, { as: null })
    await expect.poll(() => house.house.feed.size()).toBe(1)
    await emit('appointment.booked')
    await expect.poll(() => client.types()).toEqual(['appointment.booked'])
    await client.close()
    expect((await house.request('GET', `/v1/events?ticket=${ticket.slice(0, -4)}AAAA`)).status).toBe(401)
    expect((await house.request('GET', '/v1/events')).status).toBe(401)
  })
})

describe('a stream', () => {
  const followers = new Map<number, Follower>()
  const feed: EventFeed = {
    follow(organizationId, _after, follower) {
      followers.set(organizationId, follower)
      return () => void followers.delete(organizationId)
    },
    end: async () => 0,
    size: () => followers.size,
    close() {},
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

  test('whose client does not read is let go before it fills the memory, and stops following', async () => {
    const stream = openStream({ feed }, 1, 0, () => true)
    const closed = new Promise((resolve) => stream.once('close', resolve))
    let given = 0
    while (!stream.destroyed && given < 1000) followers.get(1)?.onEvent(event(given++, 'x'.repeat(10_000)))
    await closed
    expect(given).toBeLessThan(120)
    expect(followers.size).toBe(0)
  })

  test('ends when the feed ends', async () => {
    const stream = openStream({ feed }, 2, 0, () => true)
    followers.get(2)?.onEnd()
    const text = (await stream.toArray()).map(String).join('')
    expect(text).toContain('retry: 1000')
    await expect.poll(() => followers.size).toBe(0)
  })
})
