import { parquetReadObjects } from 'hyparquet'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { addTurns, advanceCall, noteCallEvent, openCall } from '../../domain/calls/index.ts'

let house: TestHouse
let token: string
beforeAll(async () => {
  house = await openTestHouse()
  token = await house.token()
})
afterAll(() => house.close())

interface Body {
  id: string
  calls: { id: string }[]
  legs: { kind: string }[]
  events: { type: string }[]
  total: number
  nextCursor: string | null
  recording: unknown
  error: unknown
}

let made = 0
const day = Date.parse('2026-11-20T00:00:00Z')
const at = (seconds: number) => new Date(day + seconds * 1000)

async function makeCall(options: { start?: number; end?: 'completed' | 'busy' | null; userId?: number; from?: string; org?: number } = {}) {
  const { start = 0, end = 'completed', userId = null, from = '+441632960111', org = 100 } = options
  const session = house.session(org)
  const { callId } = await openCall(session, {
    direction: 'inbound',
    from,
    to: '+15005550006',
    provider: 'twilio',
    sid: `CA-http-${++made}`,
    at: at(start),
    status: 'ringing',
    userId,
    legs: [{ kind: 'caller', number: from }],
  })
  if (end === 'completed') await advanceCall(session, callId, { status: 'in_progress', at: at(start + 5) })
  if (end) await advanceCall(session, callId, { status: end, at: at(start + 305) })
  return callId
}
/** Every column of a row that may be NULL is. */
async function empty(owner: pg.Client, table: string, key: string, id: string): Promise<void> {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT quote_ident(attname) AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND NOT attnotnull`,
    [table],
  )
  await owner.query(`UPDATE ${table} SET ${rows.map(({ name }) => `${name} = NULL`).join(', ')} WHERE ${key} = $1`, [id])
}
/** RFC 4180, as far as our own files go: another reading than the writer's. */
function parse(text: string): string[][] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? ''),
    )
}
const get = async (path: string, as = token) => {
  const response = await house.request('GET', path, { token: as })
  return { status: response.status, body: (await response.json()) as Body }
}

describe('GET /v1/calls', () => {
  test('answers as the seed shows it', async () => {
    const id = await makeCall()
    const { status, body } = await get('/v1/calls')
    expect(status).toBe(200)
    expect(body).toMatchObject({ total: 1, limit: 20, offset: 0, nextCursor: null })
    expect(body.calls).toMatchObject([
      {
        id,
        direction: 'inbound',
        from: '+441632960111',
        to: '+15005550006',
        startTime: '2026-11-20T00:00:00Z',
        endTime: '2026-11-20T00:05:05Z',
        duration: 300,
        status: 'completed',
        recording: null,
      },
    ])
  })

  test.each([
    ['from=yesterday', 'from'],
    ['from=2026-02-30T00:00:00Z', 'from'],
    ['to=2026-11-20T10:00:00', 'to'],
    ['from=0000-01-01T00:00:00Z', 'from'],
    ['from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z', 'to'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=ten', 'limit'],
    ['offset=-1', 'offset'],
    ['direction=sideways', 'direction'],
    ['status=done', 'status'],
    ['userId=abc', 'userId'],
    ['sort=from', 'sort'],
    ['cursor=nonsense', 'cursor'],
    ['agentId=7', 'agentId'],
    ['number=Alice', 'number'],
  ])('%s is 400 and names the field', async (query, field) => {
    const { status, body } = await get(`/v1/calls?${query}`)
    expect(status).toBe(400)
    expect(body.error).toMatchObject({ code: 'invalid_request', details: [{ field }] })
  })

  test('from and to take any offset, written as it should be or not encoded at all', async () => {
    const id = await makeCall({ start: 86_400 * 2 })
    for (const from of [
      '2026-11-22T00:00:00Z',
      '2026-11-22T05:30:00%2B05:30',
      '2026-11-22T05:30:00+05:30',
      '2026-11-21T16:00:00.000-08:00',
    ]) {
      const { body } = await get(`/v1/calls?from=${from}&to=2026-11-22T00:00:01Z`)
      expect(body.calls.map((call) => call.id)).toEqual([id])
    }
  })

  test('filters by direction, status, number and agent', async () => {
    const busy = await makeCall({ start: 500, end: 'busy', from: '+441632960777' })
    const ids = async (query: string) => (await get(`/v1/calls?${query}`)).body.calls.map(({ id }) => id)
    expect(await ids('status=busy')).toEqual([busy])
    expect(await ids('number=%2B441632960777')).toEqual([busy])
    expect(await ids('number=+441632960777')).toEqual([busy])
    expect(await ids('direction=outbound')).toEqual([])
    expect(await ids(`agentId=${house.org.agentId}`)).toEqual([])
  })

  test('pages by cursor are the pages by offset, in every order, also while calls come in', async () => {
    for (let index = 0; index < 12; index++) await makeCall({ start: 10_000 + (index % 5), from: '+441632960555' })
    const list = 'number=%2B441632960555'
    for (const sort of ['startTime', '-startTime', 'duration', '-duration']) {
      const whole = (await get(`/v1/calls?${list}&sort=${sort}&limit=100`)).body.calls
      const seen: string[] = []
      let cursor = ''
      for (let page = 0; page < 5; page++) {
        const { body } = await get(`/v1/calls?${list}&sort=${sort}&limit=5${cursor}`)
        seen.push(...body.calls.map(({ id }) => id))
        expect(body.total).toBe(12)
        if (body.nextCursor === null) break
        cursor = `&cursor=${body.nextCursor}`
      }
      expect(seen).toEqual(whole.map(({ id }) => id))
      const byOffset = (await get(`/v1/calls?${list}&sort=${sort}&limit=5&offset=5`)).body.calls
      expect(byOffset.map(({ id }) => id)).toEqual(seen.slice(5, 10))
    }
    const { body } = await get(`/v1/calls?${list}&sort=startTime&limit=1`)
    expect((await get(`/v1/calls?${list}&sort=duration&cursor=${body.nextCursor}`)).status).toBe(400)
  })

  test('a page by cursor says how many there are of what is asked with it, whoever had the cursor and for what', async () => {
    for (let index = 0; index < 3; index++) await makeCall({ start: 15_000 + index, from: '+441632960557' })
    const three = 'number=%2B441632960557'
    const every = (await get('/v1/calls?limit=1')).body
    expect(every.total).toBeGreaterThan(3)
    const narrowed = await get(`/v1/calls?${three}&limit=1&cursor=${every.nextCursor}`)
    expect(narrowed.body.total).toBe(3)
    const first = (await get(`/v1/calls?${three}&limit=1`)).body
    const widened = (await get(`/v1/calls?limit=1&cursor=${first.nextCursor}`)).body
    expect(widened.total).toBe(every.total)
    expect((await get(`/v1/calls?limit=1&cursor=${widened.nextCursor}`)).body.total).toBe(every.total)
  })

  test('a call and a recording of which nothing is known that the tables do not insist on are shown with nulls', async () => {
    const id = await makeCall({ start: 20_000, end: null, from: '+441632960556' })
    const owner = new pg.Client({ connectionString: house.databaseUrl })
    await owner.connect()
    await owner.query(
      `INSERT INTO recordings.recordings (organization_id, id, call_id, provider, provider_sid, status, started_at, created_at)
       VALUES (100, gen_random_uuid(), $1, 'twilio', 'RE-little', 'in_progress', now(), now())`,
      [id],
    )
    await empty(owner, 'calls.calls', 'id', id)
    await empty(owner, 'recordings.recordings', 'call_id', id)
    await owner.end()
    const [listed] = (await get('/v1/calls?number=%2B441632960556')).body.calls
    expect(listed).toMatchObject({ id, answerTime: null, duration: null, outcome: null, hangupCause: null, userId: null, agentId: null })
    expect(listed).toMatchObject({ recording: { duration: null, size: null, status: 'in_progress', url: null } })
    expect((await get(`/v1/calls/${id}`)).body).toMatchObject(listed ?? {})
  })

  test("another organisation's calls are not there, and a user sees their own alone", async () => {
    const mine = await makeCall({ start: 90_000, userId: house.org.adminId })
    const theirs = await makeCall({ start: 90_001, org: 200 })
    const user = await house.token({ subject: `user:${house.org.adminId}`, roles: ['user'] })
    expect((await get('/v1/calls?limit=100', user)).body).toMatchObject({ calls: [{ id: mine }], total: 1 })
    expect((await get(`/v1/calls/${mine}`, user)).status).toBe(200)
    expect((await get(`/v1/calls/${await makeCall({ start: 90_002 })}`, user)).status).toBe(404)
    expect((await get(`/v1/calls/${theirs}`)).body.error).toMatchObject({ code: 'call_not_found' })
    expect((await get('/v1/calls/not-a-uuid')).body.error).toMatchObject({ code: 'call_not_found' })
  })

  test('without a token it is 401', async () => {
    expect((await house.request('GET', '/v1/calls')).status).toBe(401)
  })
})

describe('GET /v1/calls/{id}', () => {
  test('tells the whole call: parties, history, words and cost', async () => {
    const id = await makeCall({ start: 95_000 })
    const session = house.session()
    await noteCallEvent(session, id, 'dtmf', at(95_010), { digits: '1' })
    await addTurns(session, id, [{ speaker: 'caller', text: 'Tuesday please', startMs: 900, endMs: 2100, confidence: 0.9 }])
    const { body } = await get(`/v1/calls/${id}`)
    expect(body).toMatchObject({
      id,
      status: 'completed',
      duration: 300,
      hangupCause: 'NORMAL_CLEARING',
      recording: null,
      cost: { amountMicros: 5 * 8500, currency: 'USD' },
      legs: [{ kind: 'caller', number: '+441632960111', hangupCause: 'NORMAL_CLEARING', endTime: '2026-11-21T02:28:25Z' }],
      transcript: [{ speaker: 'caller', text: 'Tuesday please', startMs: 900, endMs: 2100 }],
    })
    expect(body.events.map(({ type }) => type)).toEqual(['ringing', 'answered', 'dtmf', 'completed'])
  })
})

describe('GET /v1/calls/export', () => {
  const everyCall = async () => Number((await get('/v1/calls?limit=1')).body.total)

  test('CSV has every call once, and no cell that a spreadsheet would run', async () => {
    const { callId } = await openCall(house.session(), {
      direction: 'inbound',
      from: '=HYPERLINK("http://x","y")',
      to: '+15005550006',
      provider: 'twilio',
      sid: 'CA-formula',
      at: at(96_000),
      status: 'ringing',
      legs: [],
    })
    const response = await house.request('GET', '/v1/calls/export?format=csv', { token })
    expect(response.headers.get('content-type')).toContain('text/csv')
    const rows = parse(await response.text())
    expect(rows).toHaveLength((await everyCall()) + 1)
    expect(rows[0]?.slice(0, 4)).toEqual(['id', 'direction', 'from', 'to'])
    const row = rows.find(([id]) => id === callId)
    expect(row?.[2]).toBe(`'=HYPERLINK("http://x","y")`)
    expect(row?.[3]).toBe('+15005550006')
  })

  test('NDJSON has every call once', async () => {
    const response = await house.request('GET', '/v1/calls/export?format=ndjson', { token })
    const lines = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(new Set(lines.map(({ id }) => id)).size).toBe(await everyCall())
    expect(lines[0]).toMatchObject({ direction: 'inbound', startTime: '2026-11-20T00:00:00Z', cost: { currency: 'USD' } })
  })

  test('Parquet is read by another reader, with times and numbers as such', async () => {
    const response = await house.request('GET', '/v1/calls/export?format=parquet', { token })
    const rows = await parquetReadObjects({ file: await response.arrayBuffer() })
    expect(rows).toHaveLength(await everyCall())
    expect(rows[0]).toMatchObject({ startTime: new Date('2026-11-20T00:00:00Z'), duration: 300, costMicros: 42500n, direction: 'inbound' })
  })

  test('nothing to export is an empty file of its format', async () => {
    const none = 'from=2031-01-01T00:00:00Z'
    expect(parse(await (await house.request('GET', `/v1/calls/export?${none}`, { token })).text())).toHaveLength(1)
    expect(await (await house.request('GET', `/v1/calls/export?format=ndjson&${none}`, { token })).text()).toBe('')
    const parquet = await (await house.request('GET', `/v1/calls/export?format=parquet&${none}`, { token })).arrayBuffer()
    expect(await parquetReadObjects({ file: parquet })).toEqual([])
  })

  test('a format that is not known is 400, a role that may not export 403', async () => {
    expect((await get('/v1/calls/export?format=xlsx')).body.error).toMatchObject({ details: [{ field: 'format' }] })
    expect((await get('/v1/calls/export', await house.token({ roles: ['user'] }))).status).toBe(403)
  })
})

describe('POST /v1/calls', () => {
  const post = async (json: object, headers = {}) => {
    const response = await house.request('POST', '/v1/calls', { token, json, headers })
    return { response, body: (await response.json()) as Body }
  }
  const from = '+15005550006'

  test('an agent calls: 201 with Location, queued, both parties shown', async () => {
    const { response, body } = await post({ from, to: '+441632960444', agentId: house.org.agentId })
    expect(response.status).toBe(201)
    expect(response.headers.get('location')).toBe(`/v1/calls/${body.id}`)
    expect(body).toMatchObject({ direction: 'outbound', status: 'queued', from, to: '+441632960444', agentId: house.org.agentId })
    expect(body.legs.map(({ kind }) => kind).sort()).toEqual(['agent', 'number'])
  })

  test('the same key places one call', async () => {
    const wanted = { from, to: '+441632960445', agentId: house.org.agentId }
    const first = await post(wanted, { 'idempotency-key': 'call-once' })
    const second = await post(wanted, { 'idempotency-key': 'call-once' })
    expect(second.body.id).toBe(first.body.id)
    expect(second.response.headers.get('idempotent-replayed')).toBe('true')
  })

  test.each([
    [{ to: '+441632960444', agentId: 'agent' }, 400, 'invalid_request'],
    [{ from, to: 'somebody', agentId: 'agent' }, 400, 'invalid_request'],
    [{ from, to: '+441632960444' }, 400, 'invalid_request'],
    [{ from, to: '+441632960444', agentId: 'agent', userId: 1 }, 400, 'invalid_request'],
    [{ from: '+441632960999', to: '+441632960444', agentId: 'agent' }, 422, 'unknown_number'],
    [{ from, to: '+441632960444', userId: 999_999 }, 422, 'unknown_user'],
    [{ from, to: '+441632960444', agentId: '01890000-0000-7000-8000-000000000000' }, 422, 'unknown_agent'],
  ])('%j is %i %s', async (body, status, code) => {
    const json = 'agentId' in body && body.agentId === 'agent' ? { ...body, agentId: house.org.agentId } : body
    const answer = await post(json)
    expect(answer.response.status).toBe(status)
    expect(answer.body.error).toMatchObject({ code })
  })

  test("an agent's call belongs to the user who asked for it, and they see it", async () => {
    const user = await house.token({ subject: `user:${house.org.adminId}`, roles: ['user'] })
    const json = { from, to: '+441632960449', agentId: house.org.agentId }
    const response = await house.request('POST', '/v1/calls', { token: user, json })
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({ userId: house.org.adminId })
  })

  test('a person without a phone is 422 no_device', async () => {
    expect((await post({ from, to: '+441632960444', userId: house.org.adminId })).body.error).toMatchObject({ code: 'no_device' })
  })
})

describe('acting on a call', () => {
  const act = async (id: string, action: string, json: object = {}) => {
    const response = await house.request('POST', `/v1/calls/${id}/${action}`, { token, json })
    return { status: response.status, body: (await response.json()) as Body }
  }

  test('one that waits to be rung is cancelled by hanging up', async () => {
    const made = await house.request('POST', '/v1/calls', {
      token,
      json: { from: '+15005550006', to: '+441632960446', agentId: house.org.agentId },
    })
    const { id } = (await made.json()) as { id: string }
    expect((await act(id, 'hangup')).body).toMatchObject({ status: 'cancelled', hangupCause: 'NORMAL_CLEARING' })
    expect(await act(id, 'hangup')).toMatchObject({ status: 422, body: { error: { code: 'call_not_live' } } })
  })

  test('one that has ended can be neither transferred nor held nor recorded', async () => {
    const id = await makeCall({ start: 97_000 })
    for (const [action, body] of [
      ['transfer', { to: '+441632960447' }],
      ['hold', {}],
      ['recording/pause', {}],
    ] as const) {
      expect(await act(id, action, body)).toMatchObject({ status: 422, body: { error: { code: 'call_not_live' } } })
    }
  })

  test('one that is not recorded cannot be paused', async () => {
    const id = await makeCall({ start: 97_500, end: null })
    expect((await act(id, 'recording/pause')).body.error).toMatchObject({ code: 'not_recording' })
  })

  test('a transfer needs one place to go', async () => {
    const id = await makeCall({ start: 98_000, end: null })
    expect((await act(id, 'transfer')).status).toBe(400)
    expect((await act('nonsense', 'transfer', { to: '+441632960447' })).status).toBe(404)
  })
})
