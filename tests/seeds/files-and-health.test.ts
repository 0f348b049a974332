// Files, caches, events and health as documented: sapien's, with the paths that sei and bella share.
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { asker, lacking, second, uuid7, type Wire } from './asking.ts'
import { type EventReader, readEvents } from './event-reader.ts'

let house: TestHouse
let token: string
beforeAll(async () => {
  house = await openTestHouse({ env: { MAX_BLOB_BYTES: '300000' } })
  token = await house.token()
})
afterAll(() => house?.close())

const anybody = asker(() => house)
const ask = asker(
  () => house,
  () => ({ token }),
)

describe('/v1/blobs', () => {
  const form = (parts: Record<string, string | Blob>, filename = 'recording.wav'): FormData => {
    const made = new FormData()
    for (const [name, part] of Object.entries(parts)) typeof part === 'string' ? made.append(name, part) : made.append(name, part, filename)
    return made
  }
  const wav = (size = 2000): Buffer => {
    const head = Buffer.alloc(44)
    head.write('RIFF', 0)
    head.writeUInt32LE(size - 8, 4)
    head.write('WAVEfmt ', 8)
    return Buffer.concat([head, randomBytes(size - 44)])
  }
  const upload = (bytes: Buffer, more: Record<string, string> = {}, filename?: string, type = 'audio/wav') =>
    ask('POST', '/v1/blobs', { body: form({ file: new Blob([new Uint8Array(bytes)], { type }), ...more }, filename) })

  test('takes the documented form and answers as documented', async () => {
    const bytes = wav()
    const { status, headers, body } = await upload(bytes, { type: 'recording', metadata: '{"room":"7"}' })
    expect(status).toBe(201)
    expect(lacking({ id: '', filename: 'recording.wav', size: 2_457_600, mimeType: 'audio/wav', url: 'https://...' }, body)).toEqual([])
    expect(body).toMatchObject({
      filename: 'recording.wav',
      size: 2000,
      mimeType: expect.stringMatching(/wav/),
      type: 'recording',
      metadata: { room: '7' },
    })
    expect(body.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect([body.id, body.createdAt]).toEqual([expect.stringMatching(uuid7), expect.stringMatching(second)])
    expect(headers.get('location')).toBe(`/v1/blobs/${body.id}`)
    expect(body.url).toContain(body.id)

    const path = `/v1/blobs/${body.id}`
    const whole = await house.request('GET', path, { token })
    expect([whole.status, whole.headers.get('accept-ranges')]).toEqual([200, 'bytes'])
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true)
    const part = await house.request('GET', path, { token, headers: { range: 'bytes=44-53' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 44-53/2000'])
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(44, 54))).toBe(true)
    expect((await ask('GET', path, { headers: { range: 'bytes=2000-' } })).status).toBe(416)
    const head = await house.request('HEAD', path, { token })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '2000'])
    const foreign = await house.token({ organizationId: 200 })
    for (const method of ['GET', 'DELETE']) expect((await ask(method, path, { token: foreign })).status).toBe(404)
    expect((await anybody('GET', path)).status).toBe(401)
    expect((await ask('DELETE', path)).status).toBe(204)
    expect((await ask('GET', path)).status).toBe(404)
  })

  test('does not believe what a file says it is', async () => {
    const { body } = await upload(Buffer.from('<html><script>alert(1)</script></html>'), { type: 'asset' }, '../../etc/passwd.wav')
    expect(body.mimeType).not.toMatch(/audio/)
    expect(body.filename).not.toMatch(/[/\\]/)
    const { headers } = await ask('GET', `/v1/blobs/${body.id}`)
    expect(headers.get('content-disposition')).toMatch(/^attachment/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('is 413 past the limit, 400 with a wrong part, 415 without a form', async () => {
    expect((await upload(wav(300_001))).status).toBe(413)
    expect((await upload(wav(300_000))).status).toBe(201)
    expect((await upload(wav(), { type: 'song' })).body.error.details[0].field).toBe('type')
    expect((await upload(wav(), { metadata: '{' })).body.error.details[0].field).toBe('metadata')
    const none = await ask('POST', '/v1/blobs', { body: form({ type: 'asset' }) })
    expect([none.status, none.body.error.details[0].field]).toEqual([400, 'file'])
    expect((await ask('POST', '/v1/blobs', { json: { file: 'x' } })).status).toBe(415)
    for (const id of ['blob-uuid-123', '1', '0195567e-2f80-7cc3-98e5-1f2a3b4c5d6e'])
      expect((await ask('GET', `/v1/blobs/${id}`)).status).toBe(404)
  })

  test('/v1/storage counts them by type beside the quota', async () => {
    const before = (await ask('GET', '/v1/storage')).body
    const { body } = await upload(wav(1234), { type: 'asset' })
    const after = (await ask('GET', '/v1/storage')).body
    expect([after.used - before.used, after.types.asset.bytes - before.types.asset.bytes]).toEqual([1234, 1234])
    expect(after.quota).toBeGreaterThan(after.used)
    await ask('DELETE', `/v1/blobs/${body.id}`)
    expect((await ask('GET', '/v1/storage')).body.used).toBe(before.used)
  })
})

describe('health', () => {
  test.for(['/hello', '/v1/hello'])('%s greets as documented', async (path) => {
    const { status, body } = await anybody('GET', path)
    expect([status, body]).toEqual([200, { status: 'ok', timestamp: expect.stringMatching(second) }])
  })

  test('/v1/hello/all tells of every documented part; each is asked for by its name', async () => {
    const { status, body } = await anybody('GET', '/v1/hello/all')
    expect(status).toBe(200)
    for (const part of ['database', 'memcache', 'redis', 's3', 'sse']) {
      expect(body[part]).toBe('ok')
      expect(typeof body.backends[part]).toBe('string')
      expect((await anybody('GET', `/v1/hello/${part}`)).body[part]).toBe('ok')
    }
    for (const part of ['dgapi', 'coreapi']) {
      expect(body[part]).toBe('disabled')
      const alone = await anybody('GET', `/v1/hello/${part}`)
      expect([alone.status, alone.body[part]]).toEqual([200, 'disabled'])
    }
  })

  test('/health, / and /metrics answer as sei documents them', async () => {
    const health = await anybody('GET', '/health')
    const dependencies = { timescaledb: 'connected', postgresql: 'connected', redis: 'connected' }
    expect(lacking({ status: '', version: '', timestamp: '', dependencies, uptime: 1 }, health.body)).toEqual([])
    expect(health.body).toMatchObject({
      status: 'healthy',
      timestamp: expect.stringMatching(second),
      dependencies: { postgresql: 'connected' },
    })
    const root = await anybody('GET', '/')
    expect(root.body).toMatchObject({
      service: expect.any(String),
      version: health.body.version,
      status: 'operational',
      docs: '/docs',
      health: '/health',
    })
    expect((await anybody('GET', '/', { headers: { accept: 'text/html,*/*' } })).status).toBe(302)
    const { text } = await anybody('GET', '/metrics')
    for (const name of [
      'api_requests_total',
      'api_requests_duration_seconds',
      'api_requests_failed_total',
      'api_active_connections',
      'api_database_queries_total',
    ])
      expect(text).toMatch(new RegExp(`^# TYPE ${name} `, 'm'))
    await ask('GET', '/v1/users/4711')
    const after = (await anybody('GET', '/metrics')).text
    expect(after).toMatch(/\/v1\/users\/:id/)
    expect(after).not.toMatch(/users\/4711/)
  })
})

describe('/admin/cache', () => {
  test('is cleared by the documented commands, and counts', async () => {
    await ask('GET', `/v1/users/${house.org.adminId}`)
    await ask('GET', `/v1/users/${house.org.adminId}`)
    const { status, body } = await ask('GET', '/admin/cache/stats')
    expect([status, lacking({ tiers: { memory: { hits: 1, misses: 1, size: 1 } } }, body)]).toEqual([200, []])
    expect(body.families.user.hits).toBeGreaterThan(0)
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await ask('POST', '/admin/cache/clear')).status).toBe(200)
    expect((await ask('POST', '/admin/cache/clear', { json: {} })).status).toBe(200)
    expect((await ask('POST', '/admin/cache/clear', { body: '{"type": "user", "id": 12345}', headers })).status).toBe(200)
    const token = await house.token({ roles: ['supervisor'] })
    expect((await ask('POST', '/admin/cache/clear', { token })).status).toBe(403)
    expect((await ask('GET', '/admin/cache/stats', { token })).status).toBe(403)
    expect((await anybody('POST', '/admin/cache/clear')).status).toBe(401)
  })
})

describe('GET /v1/events', () => {
  let reader: EventReader | null = null
  afterAll(() => reader?.close())
  const add = async (): Promise<number> => {
    const username = `listener.${randomBytes(4).toString('hex')}`
    const json = { username, email: `${username}@example.com`, firstName: 'Some', lastName: 'Body' }
    return (await ask('POST', '/v1/users', { json })).body.id
  }

  test('tells each change once, in order, and goes on after the last one that was heard', async () => {
    const open = (headers: Record<string, string> = {}) =>
      readEvents(`${house.url}/v1/events?types=user.*`, { authorization: `Bearer ${token}`, ...headers })
    reader = await open()
    expect(reader.headers.get('content-type')).toMatch(/^text\/event-stream/)
    const ids = [await add(), await add()]
    const [first, next] = [await reader.next(), await reader.next()]
    for (const [index, heard] of [first, next].entries()) {
      expect(lacking({ id: '', seq: 1, type: '', organizationId: 100, occurredAt: '', data: {} }, heard.data)).toEqual([])
      expect(heard.data).toMatchObject({
        seq: Number(heard.id),
        type: 'user.created',
        organizationId: 100,
        occurredAt: expect.stringMatching(second),
      })
      expect(Object.values((heard.data as Wire).data)).toContain(ids[index])
    }
    reader.close()
    const missed = await add()
    reader = await open({ 'last-event-id': first.id })
    expect((await reader.next()).id).toBe(next.id)
    expect(JSON.stringify((await reader.next()).data)).toContain(String(missed))
  })

  test('is opened by a ticket where no header can be sent, and by nothing else', async () => {
    const { status, body } = await ask('POST', '/v1/events/ticket')
    expect([status, body.expiresIn]).toEqual([201, 60])
    const heard = await readEvents(body.url, {})
    expect(heard.status).toBe(200)
    heard.close()
    expect((await anybody('GET', '/v1/events')).status).toBe(401)
    expect((await anybody('GET', `/v1/events?ticket=${body.ticket.slice(0, -2)}`)).status).toBe(401)
    expect((await anybody('GET', `/v1/events?token=${token}`)).status).toBe(401)
    expect((await ask('GET', '/v1/events', { headers: { 'last-event-id': 'abc' } })).status).toBe(400)
  })
})

test('other origins may read what browsers must be let read', async () => {
  const { headers } = await anybody('OPTIONS', '/v1/users', {
    headers: { origin: 'https://app.example', 'access-control-request-method': 'PUT', 'access-control-request-headers': 'authorization' },
  })
  expect(headers.get('access-control-allow-origin')).toBe('*')
  expect(headers.get('access-control-allow-methods')).toContain('PUT')
  expect(headers.get('access-control-allow-headers')).toMatch(/authorization/i)
  const answered = await ask('GET', '/v1/users', { headers: { origin: 'https://app.example' } })
  const exposed = answered.headers.get('access-control-expose-headers')?.toLowerCase().split(', ')
  for (const name of [
    'x-request-id',
    'location',
    'retry-after',
    'x-ratelimit-remaining',
    'ratelimit',
    'etag',
    'content-range',
    'content-disposition',
  ])
    expect(exposed).toContain(name)
})
