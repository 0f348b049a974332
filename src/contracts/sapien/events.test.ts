import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openWire } from '../../../tests/hostile/wire.ts'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import type { Session } from '../../platform/session/index.ts'

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
  let [all, text] = ['', '']
  const reading = (async () => {
    for await (const chunk of response.body ?? []) {
      all += Buffer.from(chunk as Uint8Array).toString('utf8')
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
    ended: reading,
    text: () => all,
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

/** As an operator would who keeps events for a while only. */
async function prune(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: house.databaseUrl })
  await client.connect()
  await client.query(sql)
  await client.end()
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

  test('that breaks before its first event has been told where it stood, and resumes from there', async () => {
    const first = await listen('?types=thing.*')
    await expect.poll(() => first.text()).toContain(': connected')
    await first.close()
    const place = /^id: (\d+)$/m.exec(first.text())?.[1] ?? ''
    expect(Number(place)).toBe(await feedEnd())
    await emit('thing.missed')
    const second = await listen('?types=thing.*', { headers: { 'last-event-id': place } })
    await expect.poll(() => second.types()).toEqual(['thing.missed'])
    await second.close()
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

  test('a ticket opens it without a header, once, with what its owner may hear', async () => {
    const made = await house.request('POST', '/v1/events/ticket', { token, json: {} })
    expect(made.status).toBe(201)
    const { ticket, expiresIn } = (await made.json()) as { ticket: string; expiresIn: number }
    expect(expiresIn).toBe(60)
    const client = await listen(`?ticket=${ticket}`, { as: null })
    await expect.poll(() => house.house.feed.size()).toBe(1)
    await emit('appointment.booked')
    await expect.poll(() => client.types()).toEqual(['appointment.booked'])
    await client.close()
    expect((await house.request('GET', `/v1/events?ticket=${ticket}`)).status).toBe(401)
    expect((await house.request('GET', `/v1/events?ticket=${ticket.slice(0, -4)}AAAA`)).status).toBe(401)
    expect((await house.request('GET', '/v1/events')).status).toBe(401)
  })
})

describe('where a stream begins', () => {
  const refused = async (lastEventId: string) => {
    const response = await house.request('GET', '/v1/events', { token, headers: { 'last-event-id': lastEventId } })
    return [response.status, await response.json()]
  }

  test.each(['-1', 'x', '1e3', '1.5', '9999999999999999', '0x1', '1 2'])('is no %j: 400 names the header', async (id) => {
    expect(await refused(id)).toMatchObject([400, { error: { code: 'invalid_request', details: [{ field: 'Last-Event-ID' }] } }])
  })

  test('is not ahead of what has happened: an id of somewhere else is told so', async () => {
    const end = await feedEnd()
    expect(await refused(String(end + 1))).toMatchObject([400, { error: { details: [{ field: 'Last-Event-ID' }] } }])
    expect(await refused('999999999999999')).toMatchObject([400, { error: { code: 'invalid_request' } }])
  })

  test('is not behind what is kept: 410, instead of a hole that nobody sees', async () => {
    for (let index = 0; index < 3; index++) await emit('call.started', { of: 200 }, [], house.session(200))
    const { end } = await house.house.feed.bounds(200)
    await prune(`DELETE FROM platform.events WHERE organization_id = 200 AND seq < ${end}`)
    const other = await house.token({ organizationId: 200 })
    const ask = (id: number) => house.request('HEAD', '/v1/events', { token: other, headers: { 'last-event-id': String(id) } })
    expect((await ask(end - 2)).status).toBe(410)
    expect((await ask(end - 1)).status).toBe(200)
    await prune('DELETE FROM platform.events WHERE organization_id = 200')
    expect((await ask(end - 1)).status).toBe(410)
    expect((await ask(end)).status).toBe(200)
    const said = await house.request('GET', '/v1/events', { token: other, headers: { 'last-event-id': '1' } })
    expect([said.status, await said.json()]).toMatchObject([410, { error: { code: 'events_gone' } }])
  })
})

describe('a stream ends', () => {
  const ended = async (client: Awaited<ReturnType<typeof listen>>) => {
    const began = performance.now()
    await client.ended
    return performance.now() - began
  }

  test('when its token runs out, and the next needs another', async () => {
    const client = await listen('', { as: await house.token({ ttlS: 2 }) })
    await expect.poll(() => house.house.feed.size()).toBe(1)
    await client.ended
    expect(client.text()).toContain(': the credential has ended')
    await expect.poll(() => house.house.feed.size()).toBe(0)
  })

  test('within a second of its user’s roles being changed, and of a sign-in being revoked; nobody else’s does', async () => {
    const made = await house.request('POST', '/v1/users', {
      token,
      json: { username: 'listener', email: 'listener@example.com', firstName: 'L', lastName: 'I', roles: ['admin'] },
    })
    const { id } = (await made.json()) as { id: number }
    const as = await house.token({ subject: `user:${id}` })
    const ticket = (await (await house.request('POST', '/v1/events/ticket', { token: as })).json()) as { ticket: string }
    const [own, byTicket, other] = await Promise.all([listen('', { as }), listen(`?ticket=${ticket.ticket}`, { as: null }), listen()])
    const unused = (await (await house.request('POST', '/v1/events/ticket', { token: as })).json()) as { ticket: string }
    await expect.poll(() => house.house.feed.size()).toBe(3)
    const changed = await house.request('PUT', `/v1/users/${id}`, { token, json: { roles: ['user'] } })
    expect(changed.status).toBe(200)
    expect(await ended(own)).toBeLessThan(1_000)
    expect(await ended(byTicket)).toBeLessThan(1_000)
    expect(house.house.feed.size()).toBe(1)
    expect((await house.request('GET', `/v1/events?ticket=${unused.ticket}`)).status).toBe(401)
    await other.close()
  })

  test('whose client does not read is given no more than it takes, and hears the rest when it reads', async () => {
    const start = await feedEnd()
    const wire = await openWire(house.url)
    wire.write(`GET /v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\nlast-event-id: ${start}\r\n\r\n`)
    await expect.poll(() => house.house.feed.size()).toBe(1)
    wire.socket.pause()
    const quick = await listen('', { headers: { 'last-event-id': String(start) } })
    const size = 200_000
    for (let index = 0; index < 60; index++) await emit('call.ringing', { index, text: 'x'.repeat(size) })
    await expect.poll(() => quick.heard.length, { timeout: 10_000 }).toBe(60)
    await quick.close()
    let text = ''
    wire.socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    wire.socket.resume()
    await expect
      .poll(() => [...text.matchAll(/^id: (\d+)$/gm)].map(([, seq]) => Number(seq)), { timeout: 15_000 })
      .toEqual(Array.from({ length: 60 }, (_, index) => start + 1 + index))
    wire.socket.destroy()
    await expect.poll(() => house.house.feed.size()).toBe(0)
  })
})

describe('how many streams', () => {
  test('one caller may hold, and one organisation: the next is told to close one, and a closed one makes room', async () => {
    const small = await openTestHouse({ env: { EVENT_STREAMS_PER_CALLER: '2', EVENT_STREAMS_PER_ORGANIZATION: '3' } })
    try {
      const open = async (subject: string) => {
        const controller = new AbortController()
        const headers = { authorization: `Bearer ${await small.token({ subject })}` }
        const { status, headers: answered } = await fetch(`${small.url}/v1/events`, { headers, signal: controller.signal })
        return { status, retryAfter: answered.get('retry-after'), close: () => controller.abort() }
      }
      const [first, second] = [await open('client:a'), await open('client:a')]
      expect(await open('client:a')).toMatchObject({ status: 429, retryAfter: '5' })
      const third = await open('client:b')
      expect((await open('client:c')).status).toBe(429)
      first.close()
      await expect.poll(async () => (await open('client:a')).status).toBe(200)
      second.close()
      third.close()
    } finally {
      await small.close()
    }
  })
})
