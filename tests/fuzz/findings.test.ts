// What the generator has found, kept so that it stays gone.
import { connect } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Judge, judgeOf } from '../conformance/documented.ts'
import { type Arena, openArena } from '../hostile/arena.ts'
import { until } from '../support/until.ts'
import { openWire } from './wire.ts'

let arena: Arena
let judge: Judge
beforeAll(async () => {
  arena = await openArena()
  judge = judgeOf((await (await arena.house.request('GET', '/openapi.json')).json()) as object)
})
afterAll(() => arena?.close())

const post = async (path: string, headers: Record<string, string> = {}, form: Record<string, string> = {}) => {
  const fields = { CallSid: 'CAnobodys', From: '+441632960111', To: arena.own.founded.phoneNumber ?? '', ...form }
  const signed = await arena.headersFor({ endpoint: { permission: 'public', verify: () => {} } } as never, path, fields)
  const { 'x-twilio-signature': signature = '' } = signed
  return arena.send(
    'POST',
    path,
    { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature, ...headers },
    new URLSearchParams(fields).toString(),
  )
}
const nobodys = '0195567e-2f80-7cc3-98e5-1f2a3b4c5d6e'

describe('a documented status', () => {
  test.each([
    ['/twilio/voice/transfer', `?call=${nobodys}&to=%2B441632960222`],
    ['/twilio/voice/answer', `?call=${nobodys}`],
  ])('is what the carrier gets at %s for a call that nobody knows', async (path, query) => {
    const { status, headers, body } = await post(`${path}${query}`)
    expect(status).toBe(404)
    expect(judge({ path, method: 'POST', status, type: headers['content-type'] ?? null, body })).toBeNull()
  })

  test('is what every format of the export comes as', async () => {
    for (const format of ['csv', 'ndjson', 'parquet']) {
      const { status, headers, body } = await arena.send('GET', `/v1/calls/export?format=${format}`, await arena.credentials())
      expect(status).toBe(200)
      expect(judge({ path: '/v1/calls/export', method: 'GET', status, type: headers['content-type'] ?? null, body })).toBeNull()
    }
  })
})

test('a party that was rung for a call of nobody’s is let go', async () => {
  const answer = await post('/twilio/voice/dialled', {}, { DialCallStatus: 'busy', To: '+15005550099' })
  expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('<Hangup/>')])
})

test('a signed post has no credential to remember an idempotency key by: the header is not read', async () => {
  const answer = await post('/twilio/voice/status', { 'idempotency-key': 'a key with spaces' }, { CallStatus: 'completed' })
  expect(answer.status).toBe(204)
})

test.each([
  ['application/json', '{"a":1}'],
  ['text/plain', 'words'],
  ['application/octet-stream', '{'],
])('the body of a GET means nothing, whatever it is (%s)', async (type, body) => {
  const wire = openWire(arena.house.url)
  const head = `GET /hello HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`
  const answer = await wire.send(Buffer.from(head + body), { method: 'GET', alone: false })
  wire.close()
  expect(answer?.status).toBe(200)
})

test.each([
  ['an expectation that nobody has', 'GET /hello HTTP/1.1\r\nhost: x\r\nexpect: the-unexpected\r\n\r\n', 200],
  ['an OPTIONS that is no preflight', 'OPTIONS /v1/users HTTP/1.1\r\nhost: x\r\n\r\n', 204],
  ['a preflight', 'OPTIONS /v1/users HTTP/1.1\r\nhost: x\r\norigin: https://a.example\r\naccess-control-request-method: GET\r\n\r\n', 204],
])('%s is answered with the request’s id', async (_, text, status) => {
  const wire = openWire(arena.house.url)
  const answer = await wire.send(Buffer.from(text), { method: text.split(' ')[0] ?? '', alone: false })
  wire.close()
  expect(answer?.status).toBe(status)
  expect(answer?.headers['x-request-id']).toMatch(/^req_/)
})

test.each(['../../x', 'CA/..', 'CA?a=b', 'a b', 'é'])('a call named %s is no call of the carrier’s: it is not opened', async (CallSid) => {
  const before = await arena.picture()
  const { status, headers, body } = await post('/twilio/voice', {}, { CallSid })
  expect(status).toBe(422)
  expect(judge({ path: '/twilio/voice', method: 'POST', status, type: headers['content-type'] ?? null, body })).toBeNull()
  expect(await arena.picture()).toEqual(before)
})

test('two Authorization headers mean nothing where none is read', async () => {
  const wire = openWire(arena.house.url)
  const answers = ['/hello', '/userinfo'].map((path) =>
    wire.send(Buffer.from(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: a\r\nauthorization: b\r\n\r\n`), {
      method: 'GET',
      alone: false,
    }),
  )
  expect((await Promise.all(answers)).map((answer) => answer?.status)).toEqual([200, 401])
  wire.close()
})

test('the document says of which parts an upload is made', async () => {
  const document = (await (await arena.house.request('GET', '/openapi.json')).json()) as {
    paths: Record<string, { post: { requestBody: { content: Record<string, { schema: { properties?: object } }> } } }>
  }
  const { schema } = document.paths['/v1/blobs']?.post.requestBody.content['multipart/form-data'] ?? {}
  expect(Object.keys(schema?.properties ?? {})).toEqual(['file', 'type', 'metadata'])
})

test('whoever asks for an export and hangs up before it begins keeps no connection to the database', async () => {
  const { database, server } = arena.house.house
  const { hostname, port } = new URL(arena.house.url)
  const { authorization = '' } = await arena.credentials()
  const count = async (sql: string) => Number((await arena.db.query<{ n: string }>(sql)).rows[0]?.n)
  const connections = () => new Promise<number>((resolve) => server.server.getConnections((_error, held) => resolve(held)))
  await arena.own.call() // an export of nothing is over before it begins
  const held = await connections()
  const holder = new pg.Client({ connectionString: arena.house.databaseUrl })
  await holder.connect()
  await holder.query('BEGIN; LOCK TABLE calls.calls IN ACCESS EXCLUSIVE MODE')
  const sockets = Array.from({ length: 4 }, () => {
    const socket = connect(Number(port), hostname).on('error', () => {}) // it is we who hang up
    socket.write(`GET /v1/calls/export HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n\r\n`)
    return socket
  })
  const waiting = `SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%pages%'`
  await until('the exports to wait for the table', async () => (await count(waiting)) === sockets.length)
  for (const socket of sockets) socket.resetAndDestroy()
  await until('the server to notice', async () => (await connections()) <= held)
  await holder.end()
  await until('every connection to be free again', async () => database.pool.idleCount === database.pool.totalCount)
})

test.each([
  '+275760-09-13T00:00:00Z',
  '-271821-04-20T00:00:00Z',
  '+012026-01-01T00:00:00Z',
  '0000-12-31T00:00:00Z',
  '+275760-09-13',
  '-000001-01-01',
])('%s is past all calendars: no appointment is looked for around it', async (from) => {
  const said: unknown[] = []
  const onWarning = (warning: Error) => void said.push(warning.message)
  process.on('warning', onWarning)
  for (const path of ['/appointments/availability', '/appointments']) {
    const answer = await arena.send('GET', `${path}?from=${encodeURIComponent(from)}`, await arena.credentials())
    expect(answer.status).toBe(422)
    expect(answer.body).toContain('"loc":["query","from"]')
  }
  process.off('warning', onWarning)
  expect(said).toEqual([])
})
