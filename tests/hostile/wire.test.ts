// What no client library sends: lies about lengths, halves of bodies, floods of headers, senders that take their time.
import { readdirSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Operation, operations } from '../isolation/operations.ts'
import { type Arena, openArena, pathOf } from './arena.ts'
import { openWire, statusOf } from './wire.ts'

let arena: Arena
beforeAll(async () => {
  arena = await openArena({ env: { BODY_TIMEOUT_S: '1', MAX_BLOB_BYTES: String(8 * 1024 * 1024) } })
})
afterAll(() => arena?.close())

const json = 'content-type: application/json\r\n'
const withBody = operations.filter(({ endpoint }) => endpoint.body && endpoint.method !== 'GET')

async function headOf(operation: Operation, extra: string, method = operation.endpoint.method): Promise<string> {
  const path = pathOf(operation.endpoint, await arena.right(operation))
  const headers = Object.entries(await arena.headersFor(operation, path)).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\nhost: ${new URL(arena.house.url).host}\r\n${headers.join('')}${extra}\r\n`
}
const alive = async () => (await arena.house.request('GET', '/hello')).status
const named = (name: string): Operation => {
  const found = operations.find(({ endpoint }) => endpoint.operation === name)
  if (!found) throw new Error(`there is no operation ${name}`)
  return found
}

describe('a body that ends in the middle', () => {
  test.each(withBody.map((operation) => [operation.endpoint.operation, operation] as const))('does nothing at %s', async (_, operation) => {
    const type = operation.endpoint.accepts?.[0] === 'form' ? 'content-type: application/x-www-form-urlencoded\r\n' : json
    const heads = [
      await headOf(operation, `${type}transfer-encoding: chunked\r\n`),
      await headOf(operation, `${type}content-length: 500\r\n`),
    ]
    const before = await arena.picture()
    for (const [index, head] of heads.entries()) {
      const wire = await openWire(arena.house.url)
      wire.write(index === 0 ? `${head}5\r\n{"use\r\n` : `${head}{"use`)
      await new Promise<void>((resolve) => wire.socket.end(() => resolve()))
      const text = await wire.ended()
      if (text !== '') expect(statusOf(text)).toBeGreaterThanOrEqual(400)
      expect(statusOf(text)).toBeLessThan(500)
    }
    expect(await arena.picture()).toEqual(before)
    expect(await alive()).toBe(200)
  })
})

describe('a length that lies', () => {
  const create = () => named('users.create')
  test.each([
    ['two lengths', 'content-length: 2\r\ncontent-length: 5\r\n', '{}'],
    ['a length and chunks', 'content-length: 2\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n'],
    ['a length that is none', 'content-length: two\r\n', '{}'],
    ['a length below nothing', 'content-length: -1\r\n', '{}'],
    ['a length with a sign', 'content-length: +2\r\n', '{}'],
    ['a length beyond all', `content-length: ${'9'.repeat(40)}\r\n`, '{}'],
    ['an encoding after chunks', 'transfer-encoding: chunked, gzip\r\n', '{}'],
    ['a chunk whose size is none', 'transfer-encoding: chunked\r\n', 'zz\r\n{}\r\n0\r\n\r\n'],
    ['a chunk larger than all', 'transfer-encoding: chunked\r\n', 'ffffffffffffffffff\r\n{}\r\n0\r\n\r\n'],
  ])('(%s) is refused, ends the connection, and smuggles nothing', async (_, lie, body) => {
    const before = await arena.picture()
    const wire = await openWire(arena.house.url)
    wire.write(`${await headOf(create(), json + lie)}${body}${await headOf(named('userinfo.get'), '')}`)
    const text = await wire.ended()
    expect(statusOf(text)).toBe(400)
    expect(text).toContain('x-request-id: ')
    expect(text).toContain('"error"')
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
    expect(await arena.picture()).toEqual(before)
  })

  test('a body longer than it says is cut there: what follows is another request, and none of ours', async () => {
    const before = await arena.picture()
    const wire = await openWire(arena.house.url)
    wire.write(`${await headOf(create(), `${json}content-length: 2\r\n`)}{}{"username":"smuggled"}\r\n\r\n`)
    const text = await wire.ended()
    // The second may be judged before the first has been answered: then the connection ends with one answer to both.
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
    expect(new Set(statuses)).toEqual(new Set(['400']))
    expect(await arena.picture()).toEqual(before)
  })
})

describe('what is no HTTP', () => {
  test.each([
    [
      'a flood of headers',
      () =>
        `GET /hello HTTP/1.1\r\nhost: a\r\n${Array.from({ length: 3000 }, (_, index) => `x-${index}: ${'a'.repeat(20)}\r\n`).join('')}\r\n`,
      431,
    ],
    ['one header without an end', () => `GET /hello HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`, 431],
    ['an address without an end', () => `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, 431],
    ['noise', () => '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'.repeat(20), 400],
    ['a NUL in a header', () => 'GET /hello HTTP/1.1\r\nhost: a\r\nx: a\u0000b\r\n\r\n', 400],
    ['a header without a name', () => 'GET /hello HTTP/1.1\r\nhost: a\r\n: b\r\n\r\n', 400],
    ['a method that is none', () => 'GE\u0001T /hello HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  ])('(%s) is answered in our words, with an id, and ends the connection', async (_, request, status) => {
    const wire = await openWire(arena.house.url)
    wire.write(request())
    const text = await wire.ended()
    expect(statusOf(text)).toBe(status)
    expect(text.toLowerCase()).toContain('connection: close')
    const id = /x-request-id: (\S+)/i.exec(text)?.[1]
    expect(id).toMatch(/^req_/)
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))).toMatchObject({
      error: { code: expect.any(String), message: expect.any(String), requestId: id },
    })
    expect(await alive()).toBe(200)
  })

  test.each([
    '/v1/users/..',
    '/v1/users/%2e%2e',
    '/v1/users/../../etc/passwd',
    '/v1/blobs/../../../../etc/passwd',
    '/docs/assets/../../../package.json',
    '/docs/assets/..%2f..%2fpackage.json',
  ])('the path %s leads nowhere, as it is written', async (path) => {
    const { authorization = '' } = await arena.credentials()
    const wire = await openWire(arena.house.url)
    wire.write(`GET ${path} HTTP/1.1\r\nhost: a\r\nauthorization: ${authorization}\r\nconnection: close\r\n\r\n`)
    const text = await wire.ended()
    expect(statusOf(text)).toBe(404)
    expect(text).not.toContain('root:')
  })

  test('a request that names no host is refused before it is read', async () => {
    const wire = await openWire(arena.house.url)
    wire.write('GET /hello HTTP/1.1\r\n\r\n')
    expect(statusOf(await wire.ended())).toBe(400)
  })

  test('two Authorization headers are read as neither', async () => {
    const wire = await openWire(arena.house.url)
    wire.write(await headOf(named('userinfo.get'), 'authorization: Bearer a.b.c\r\nconnection: close\r\n'))
    expect(statusOf(await wire.ended())).toBe(401)
  })
})

describe('a sender that takes its time', () => {
  const trickle = (wire: Awaited<ReturnType<typeof openWire>>) => setInterval(() => wire.write('a'), 100)

  test('over a body is told so and let go within the time that is set', async () => {
    const wire = await openWire(arena.house.url)
    wire.write(`${await headOf(named('users.create'), `${json}content-length: 100000\r\n`)}{"username":"`)
    const started = performance.now()
    const timer = trickle(wire)
    const text = await wire.ended()
    clearInterval(timer)
    expect(statusOf(text)).toBe(400)
    expect(text).toContain('did not arrive in time')
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  test('over an upload is let go too, and nothing of the file stays', async () => {
    const before = await arena.picture()
    const wire = await openWire(arena.house.url)
    wire.write(
      `${await headOf(named('blobs.create'), 'content-type: multipart/form-data; boundary=x\r\ncontent-length: 100000\r\n')}${fileHead}half`,
    )
    const timer = trickle(wire)
    await wire.ended()
    clearInterval(timer)
    await expect.poll(() => filesKept()).toEqual([])
    expect(await arena.picture()).toEqual(before)
  })

  test('does not keep a fast one waiting', async () => {
    const slow = await Promise.all(Array.from({ length: 50 }, () => openWire(arena.house.url)))
    const head = await headOf(named('users.create'), `${json}content-length: 100000\r\n`)
    for (const wire of slow) wire.write(`${head}{`)
    expect(await alive()).toBe(200)
    expect((await arena.house.request('GET', '/v1/users', { headers: await arena.credentials() })).status).toBe(200)
    await Promise.all(slow.map((wire) => wire.ended()))
  })
})

const fileHead = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\n'
/** Files under the tenants' folders of the blob store that no row names. */
function filesKept(): string[] {
  const folder = join(arena.house.house.settings.dataFolder, 'blobs')
  const found = (path: string): string[] =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? found(join(path, entry.name)) : [join(path, entry.name)],
    )
  try {
    return found(folder)
  } catch {
    return [] // nothing was ever stored
  }
}

describe('an upload', () => {
  const upload = async (head: string, body: string) => {
    const wire = await openWire(arena.house.url)
    wire.write(head + body)
    return wire
  }

  test('whose sender goes away in the middle leaves neither a file nor a row', async () => {
    const before = await arena.picture()
    const wire = await upload(
      await headOf(named('blobs.create'), 'content-type: multipart/form-data; boundary=x\r\ncontent-length: 5000000\r\n'),
      `${fileHead}${'half'.repeat(100_000)}`,
    )
    await expect.poll(() => filesKept()).toHaveLength(1) // it is in the middle
    wire.socket.destroy()
    await expect.poll(() => filesKept()).toEqual([])
    expect(await arena.picture()).toEqual(before)
  })

  test('that ends without its last boundary is refused and leaves nothing', async () => {
    const before = await arena.picture()
    const body = `${fileHead}half`
    const wire = await upload(
      await headOf(
        named('blobs.create'),
        `content-type: multipart/form-data; boundary=x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n`,
      ),
      body,
    )
    expect(statusOf(await wire.ended())).toBe(400)
    expect(filesKept()).toEqual([])
    expect(await arena.picture()).toEqual(before)
  })

  test.each([true, false])('larger than is accepted is 413 and leaves nothing, announced or not (%s)', async (announced) => {
    const before = await arena.picture()
    const form = new FormData()
    form.append('file', new Blob([Buffer.alloc(9 * 1024 * 1024)]), 'large.bin')
    const whole = new Response(form)
    const headers = { ...(await arena.credentials()), 'content-type': whole.headers.get('content-type') ?? '' }
    const bytes = Buffer.from(await whole.arrayBuffer())
    const init = announced ? { body: bytes } : { body: new Blob([bytes]).stream(), duplex: 'half' }
    const answer = await fetch(`${arena.house.url}/v1/blobs`, { method: 'POST', headers, ...init } as RequestInit).catch(() => null)
    // A sender that does not stop to listen may find the connection closed; one that does reads 413.
    if (answer) expect(answer.status).toBe(413)
    await expect.poll(() => filesKept()).toEqual([])
    expect(await arena.picture()).toEqual(before)
  })

  test('cannot be put into another organisation, whatever the form says', async () => {
    const form = new FormData()
    for (const name of ['organizationId', 'organization_id', 'key', 'id']) form.append(name, name === 'key' ? '200/blobs/x' : '200')
    form.append('file', new Blob(['a']), '../../200/blobs/evil.txt')
    const answer = await fetch(`${arena.house.url}/v1/blobs`, { method: 'POST', headers: await arena.credentials(), body: form })
    expect([201, 400]).toContain(answer.status)
    const { rows } = await arena.db.query('SELECT organization_id::int AS org, key, filename FROM blobs.blobs')
    for (const row of rows) {
      expect(row.org).toBe(100)
      expect(row.key).toMatch(/^100\/blobs\/[0-9a-f-]{36}$/)
      expect(row.filename).toBe('evil.txt')
    }
  })
})

describe('memory', () => {
  test('stays where it is under a hundred bodies of ten megabytes, announced or not', async () => {
    const headers = { ...(await arena.credentials()), 'content-type': 'application/json' }
    const body = Buffer.from(`{"a":"${'a'.repeat(10 * 1024 * 1024)}"}`) // one for all: the sender is in this process too
    /** Whoever is refused in the middle of a body may find the connection closed instead of the answer. */
    const send = (_: unknown, index: number) =>
      new Promise<number | null>((resolve) => {
        const length = index % 2 === 0 ? { 'content-length': body.length } : { 'transfer-encoding': 'chunked' }
        const sent = request(`${arena.house.url}/v1/users`, { method: 'POST', headers: { ...headers, ...length }, agent: false })
        sent.on('response', (answer) => resolve(answer.resume().statusCode ?? null))
        sent.on('error', () => resolve(null))
        sent.end(body)
      })
    const before = process.memoryUsage().rss
    for (let round = 0; round < 10; round++)
      for (const status of await Promise.all(Array.from({ length: 10 }, send))) expect([413, null]).toContain(status)
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
  })
})

describe('a type of no body', () => {
  const types = [
    'application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'text/plain',
  ]
  const writing = operations.filter(({ endpoint }) => endpoint.method !== 'GET')
  test.each(writing.map((operation) => [operation.endpoint.operation, operation] as const))(
    'is not waited for at %s',
    async (_, operation) => {
      for (const type of types) {
        const wire = await openWire(arena.house.url)
        wire.write(await headOf(operation, `content-type: ${type}\r\nconnection: close\r\n`))
        const status = statusOf(await wire.ended())
        expect(status, type).toBeGreaterThanOrEqual(200)
        expect(status, type).toBeLessThan(500)
      }
    },
  )

  test('is not waited for where there is nothing', async () => {
    for (const method of ['POST', 'DELETE', 'GET'])
      for (const type of types) {
        const wire = await openWire(arena.house.url)
        wire.write(`${method} /v1/nothing-here HTTP/1.1\r\nhost: here\r\ncontent-type: ${type}\r\nconnection: close\r\n\r\n`)
        expect(statusOf(await wire.ended()), `${method} ${type}`).toBe(404)
      }
  })
})
