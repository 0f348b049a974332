// Sapien's calls, and recordings as documented, on what a newcomer has: ./patchbay up in an empty folder.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lacking, second, uuid7, type Wire } from './asking.ts'
import { type Newcomer, openNewcomer } from './newcomer.ts'

let newcomer: Newcomer
let ask: Newcomer['ask']
beforeAll(async () => {
  newcomer = await openNewcomer()
  ask = newcomer.ask
}, 120_000)
afterAll(() => newcomer?.patchbay.stop())

const get = async (path: string): Promise<Wire> => (await ask('GET', path)).body
const hour = (iso: string, hours: number) => `${new Date(Date.parse(iso) + hours * 3_600_000).toISOString().slice(0, 19)}Z`

describe('/v1/calls', () => {
  const documented = {
    id: 'call-uuid-123',
    direction: 'inbound',
    from: '+441',
    to: '+441',
    startTime: '2025-01-20T14:30:00Z',
    endTime: '2025-01-20T14:35:00Z',
    duration: 300,
    status: 'completed',
    recording: {},
  }

  test('lists completed calls as documented, newest first', async () => {
    const { body } = await ask('GET', '/v1/calls?status=completed&limit=100')
    expect(lacking({ calls: [], total: 1500, limit: 20, offset: 0 }, body)).toEqual([])
    const recorded = body.calls.filter(({ recording }: Wire) => recording)
    expect(recorded.length).toBeGreaterThanOrEqual(3)
    for (const call of recorded) expect(lacking(documented, call)).toEqual([])
    for (const { id, startTime, endTime, duration, from, to } of body.calls) {
      expect([id, startTime, endTime]).toEqual([expect.stringMatching(uuid7), expect.stringMatching(second), expect.stringMatching(second)])
      expect(Number.isInteger(duration)).toBe(true)
      for (const number of [from, to]) expect(number).toMatch(/^\+[1-9]\d{6,14}$/)
    }
    const starts = body.calls.map(({ startTime }: Wire) => startTime)
    expect(starts).toEqual(starts.toSorted().toReversed())
  })

  test('narrows by time with any offset, person, direction, number and status, alone and together', async () => {
    const { calls } = await get('/v1/calls?limit=100')
    const count = async (query: string) => (await get(`/v1/calls?limit=1&${query}`)).total
    const among = (judge: (call: Wire) => boolean) => calls.filter(judge).length
    const middle = calls[Math.floor(calls.length / 2)].startTime
    const local = encodeURIComponent(`${hour(middle, 2).slice(0, -1)}+02:00`)
    expect(calls.length).toBe(await count(''))
    expect(await count(`from=${middle}`)).toBe(among(({ startTime }) => startTime >= middle))
    expect(await count(`from=${local}`)).toBe(await count(`from=${middle}`))
    for (const { startTime } of calls.slice(0, 3)) {
      expect(await count(`to=${startTime}`)).toBe(among((call) => call.startTime <= startTime))
      expect(await count(`from=${startTime}&to=${startTime}`)).toBe(among((call) => call.startTime === startTime))
    }
    for (const direction of ['inbound', 'outbound', 'internal'])
      expect(await count(`direction=${direction}`)).toBe(among((call) => call.direction === direction))
    const { userId } = calls.find((call: Wire) => call.userId)
    expect(await count(`userId=${userId}`)).toBe(among((call) => call.userId === userId))
    expect(await count(`userId=${userId}&direction=outbound&from=${middle}`)).toBe(
      among((call) => call.userId === userId && call.direction === 'outbound' && call.startTime >= middle),
    )
    const { from } = calls[0]
    expect(await count(`number=${encodeURIComponent(from)}`)).toBe(among((call) => call.from === from || call.to === from))
    expect(await count('userId=999999')).toBe(0)
  })

  test('pages by offset and by cursor give each call once', async () => {
    const { calls, total } = await get('/v1/calls?limit=100')
    const ids = calls.map(({ id }: Wire) => id)
    const byOffset: string[] = []
    for (let offset = 0; offset < total; offset += 7)
      byOffset.push(...(await get(`/v1/calls?limit=7&offset=${offset}`)).calls.map(({ id }: Wire) => id))
    const byCursor: string[] = []
    let next: string | null = ''
    while (next !== null) {
      const page: Wire = await get(`/v1/calls?limit=7${next ? `&cursor=${next}` : ''}`)
      byCursor.push(...page.calls.map(({ id }: Wire) => id))
      next = page.nextCursor
    }
    expect(byOffset).toEqual(ids)
    expect(byCursor).toEqual(ids)
    expect((await get('/v1/calls?offset=100000')).calls).toEqual([])
    const lengths = (await get('/v1/calls?sort=-duration&status=completed&limit=5')).calls.map(({ duration }: Wire) => duration)
    expect(lengths).toEqual(lengths.toSorted((a: number, b: number) => b - a))
  })

  test.for([
    'from=yesterday',
    'to=2025-13-01T00:00:00Z',
    'from=2025-01-20T14:30:00',
    'userId=john',
    'direction=sideways',
    'limit=101',
    'limit=0',
    'offset=-1',
    'status=odd',
    'cursor=x',
    'sort=size',
  ])('refuses %s by name', async (query) => {
    const { status, body } = await ask('GET', `/v1/calls?${query}`)
    expect([status, body.error.details[0].field]).toEqual([400, query.split('=')[0]])
  })

  test('shows one with its legs, events, recording, transcript and cost', async () => {
    const { calls } = await get('/v1/calls?status=completed&limit=100')
    const { id } = calls.find(({ recording }: Wire) => recording?.status === 'available')
    const call = await get(`/v1/calls/${id}`)
    const leg = { startTime: '', answerTime: '', endTime: '', hangupCause: 'NORMAL_CLEARING' }
    const told = { ...documented, legs: [leg], events: [{ type: 'answered' }], recording: {}, transcript: [{}] }
    expect(lacking(told, call)).toEqual([])
    expect(call.events[0].type).toBe('ringing')
    expect(call.events.map(({ type }: Wire) => type)).toEqual(expect.arrayContaining(['ringing', 'answered', 'recording-started']))
    expect([Number.isInteger(call.cost.amountMicros), call.cost.currency]).toEqual([true, expect.stringMatching(/^[A-Z]{3}$/)])
    const missed = await get('/v1/calls?status=no_answer&limit=1')
    const { legs } = await get(`/v1/calls/${missed.calls[0].id}`)
    expect(legs.every(({ answerTime }: Wire) => answerTime === null || typeof answerTime === 'string')).toBe(true)
    for (const unknown of ['1', 'call-uuid-123', '0195567e-2f80-7cc3-98e5-1f2a3b4c5d6e', `${id}x`])
      expect((await ask('GET', `/v1/calls/${unknown}`)).status).toBe(404)
    expect((await ask('GET', `/v1/calls/${id}`, { as: newcomer.foreign })).status).toBe(404)
    expect((await ask('GET', '/v1/calls', { as: newcomer.foreign })).body).toMatchObject({ calls: [], total: 0 })
  })

  test('places one: a person who has no phone is 422, an unknown number of ours too', async () => {
    const from = newcomer.patchbay.credentials.twilio?.phoneNumber
    const { users } = await get('/v1/users?search=admin')
    const place = (json: object) => ask('POST', '/v1/calls', { json })
    const noPhone = await place({ from, to: '+15005550100', userId: users[0].id })
    expect([noPhone.status, noPhone.body.error.code]).toEqual([422, 'no_device'])
    expect((await place({ from: '+442079460000', to: '+15005550100', userId: users[0].id })).status).toBe(422)
    for (const json of [{}, { from }, { from, to: 'me' }]) expect((await place(json)).status).toBe(400)
    for (const action of ['hangup', 'hold', 'transfer'])
      expect((await ask('POST', `/v1/calls/0195567e-2f80-7cc3-98e5-1f2a3b4c5d6e/${action}`, { json: { to: '+15005550100' } })).status).toBe(
        404,
      )
  })

  test('exports every one of them, as CSV and NDJSON', async () => {
    const { total } = await get('/v1/calls?limit=1')
    const csv = await ask('GET', '/v1/calls/export?format=csv')
    expect(csv.headers.get('content-type')).toMatch(/^text\/csv/)
    expect(csv.headers.get('content-disposition')).toMatch(/^attachment/)
    expect(csv.text.trimEnd().split(/\r?\n/)).toHaveLength(total + 1)
    const lines = (await ask('GET', '/v1/calls/export?format=ndjson')).text.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).id)).toHaveLength(total)
    expect((await ask('GET', '/v1/calls/export?format=xml')).status).toBe(400)
  })
})

describe('/v1/recordings', () => {
  const documented = {
    id: 'rec-uuid-123',
    callId: 'call-uuid-123',
    duration: 300,
    size: 2457600,
    format: 'wav',
    url: 'https://...',
    createdAt: '2025-01-20T14:35:00Z',
  }
  let recording: Wire
  beforeAll(async () => {
    recording = (await get('/v1/recordings?limit=1')).recordings[0]
  })

  test('are listed and shown as documented, by call and time', async () => {
    const { body } = await ask('GET', '/v1/recordings')
    expect(lacking({ recordings: [documented], total: 1, limit: 20, offset: 0 }, body)).toEqual([])
    expect(recording.createdAt).toMatch(second)
    expect((await get(`/v1/recordings/${recording.id}`)).createdAt).toBe(recording.createdAt)
    const of = async (query: string) => (await get(`/v1/recordings?${query}`)).recordings.map(({ id }: Wire) => id)
    expect(await of(`callId=${recording.callId}`)).toEqual([recording.id])
    expect(await of('callId=0195567e-2f80-7cc3-98e5-1f2a3b4c5d6e')).toEqual([])
    expect(await of(`from=${hour(recording.startTime, 1)}`)).not.toContain(recording.id)
    expect(await of(`from=${recording.startTime}&to=${hour(recording.startTime, 1)}`)).toContain(recording.id)
    for (const query of ['from=x', 'to=x', 'userId=x', 'callId=x', 'limit=0']) {
      const { status, body } = await ask('GET', `/v1/recordings?${query}`)
      expect([status, body.error.details[0].field]).toEqual([400, query.split('=')[0]])
    }
  })

  test('are downloaded by a link that needs no token, whole, in part, and by ETag', async () => {
    const redirect = await ask('GET', `/v1/recordings/${recording.id}/download`)
    const link = redirect.headers.get('location') ?? ''
    expect([redirect.status, new URL(link).origin]).toEqual([302, newcomer.patchbay.credentials.baseUrl])
    const fetched = (headers: Record<string, string> = {}, method = 'GET') => fetch(link, { headers, method })
    const whole = await fetched()
    const bytes = Buffer.from(await whole.arrayBuffer())
    expect([whole.status, whole.headers.get('content-type'), whole.headers.get('accept-ranges')]).toEqual([200, 'audio/wav', 'bytes'])
    expect(whole.headers.get('content-disposition')).toMatch(/^attachment; filename=".+\.wav"/)
    expect([bytes.length, bytes.toString('latin1', 0, 4)]).toEqual([recording.size, 'RIFF'])
    const etag = whole.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[^"]+"$/)
    const head = await fetched({}, 'HEAD')
    expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([200, String(bytes.length), etag])
    const ranges: [string, number, number][] = [
      ['bytes=0-99', 0, 99],
      ['bytes=100-', 100, bytes.length - 1],
      ['bytes=-5', bytes.length - 5, bytes.length - 1],
      [`bytes=10-${bytes.length + 1000}`, 10, bytes.length - 1],
    ]
    for (const [range, start, end] of ranges) {
      const part = await fetched({ range })
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes ${start}-${end}/${bytes.length}`])
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(start, end + 1))).toBe(true)
    }
    const past = await fetched({ range: `bytes=${bytes.length}-` })
    expect([past.status, past.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`])
    for (const range of ['bytes=0-1,4-5', 'bytes=5-2', 'lines=1-2', 'bytes=-']) expect((await fetched({ range })).status).toBe(200)
    expect((await fetched({ 'if-none-match': etag })).status).toBe(304)
    expect((await fetched({ range: 'bytes=0-9', 'if-range': '"another"' })).status).toBe(200)
    expect((await fetched({ range: 'bytes=0-9', 'if-range': etag })).status).toBe(206)
  })

  test('by a link that was changed, are not', async () => {
    const link = (await ask('GET', `/v1/recordings/${recording.id}/download`)).headers.get('location') ?? ''
    const [payload = '', mark = ''] = link.slice(link.lastIndexOf('/') + 1).split('.')
    const later = Buffer.from(
      Buffer.from(payload, 'base64url')
        .toString()
        .replace(/"expires":\d+/, '"expires":9999999999999'),
    ).toString('base64url')
    for (const changed of [`${payload}.`, payload, `${later}.${mark}`, `${payload}.${mark.slice(0, -1)}`]) {
      const { status } = await ask('GET', `/blobs/${changed}`, { as: null })
      expect([403, 404, 410]).toContain(status)
    }
  })

  test('are nobody else’s; those of another shape of id are not there', async () => {
    for (const path of [recording.id, `${recording.id}/download`])
      expect((await ask('GET', `/v1/recordings/${path}`, { as: newcomer.foreign })).status).toBe(404)
    expect((await ask('DELETE', `/v1/recordings/${recording.id}`, { as: newcomer.foreign })).status).toBe(404)
    for (const id of ['rec-uuid-123', '1', recording.callId]) expect((await ask('GET', `/v1/recordings/${id}/download`)).status).toBe(404)
    const user = (await newcomer.patchbay.run('token', '--roles', 'user')).out.trim()
    expect((await ask('GET', `/v1/recordings/${recording.id}`, { as: user })).status).toBe(404)
    expect((await ask('DELETE', `/v1/recordings/${recording.id}`, { as: user })).status).toBe(403)
  })

  test('are deleted with their audio; their call stays', async () => {
    const { recordings } = await get('/v1/recordings?limit=100')
    const { id, callId } = recordings.at(-1)
    const link = (await ask('GET', `/v1/recordings/${id}/download`)).headers.get('location') ?? ''
    const removed = await ask('DELETE', `/v1/recordings/${id}`)
    expect([removed.status, removed.text]).toEqual([204, ''])
    expect((await ask('GET', `/v1/recordings/${id}`)).status).toBe(404)
    expect((await ask('DELETE', `/v1/recordings/${id}`)).status).toBe(404)
    await expect.poll(async () => (await fetch(link)).status).toBe(410) // a job takes the file away
    expect((await get(`/v1/calls/${callId}`)).recording).toBeNull()
  })
})
