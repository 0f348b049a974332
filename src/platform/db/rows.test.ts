// Rows as bytes: the same as node-postgres reads, however they are cut up on their way and however they travel.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FaultProxy, faultProxy } from '../../../tests/support/fault-proxy.ts'
import { partnerCertificate, partnerKey } from '../../../tests/support/partner.ts'
import { addressOf, createDatabase, type TestDatabase, templateReady } from '../../../tests/support/postgres.ts'
import { type Database, migrate, openDatabase, statement } from './index.ts'
import { openReader, Row, rowsClient } from './rows.ts'

const row = (fields: readonly (string | null)[]): Buffer => {
  const parts = fields.flatMap((field) => {
    const bytes = Buffer.from(field ?? '')
    return [int32(field === null ? -1 : bytes.length), bytes]
  })
  return message('D', Buffer.concat([Buffer.from([fields.length >> 8, fields.length & 255]), ...parts]))
}
const message = (code: string, content: Buffer): Buffer => Buffer.concat([Buffer.from(code), int32(4 + content.length), content])
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const completed = message('C', Buffer.from('SELECT 1\0'))

/** What a reader made of it: a row's fields, and what else there was by its name. */
function openWitness() {
  const seen: unknown[] = []
  const reader = openReader((it) => seen.push(it instanceof Row ? { fields: it.fields, first: it.first()?.toString() ?? null } : it.name))
  return { seen, reader }
}

describe('what arrives', () => {
  const field = fc.option(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.nat(200_000).map((length) => 'ü'.repeat(length)),
    ),
    { nil: null },
  )
  const rows = fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 6 })

  test('is read alike however it is cut up, to the reader’s own place or from elsewhere', () =>
    fc.assert(
      fc.property(rows, fc.infiniteStream(fc.integer({ min: 1, max: 80_000 })), fc.boolean(), (sent, sizes, elsewhere) => {
        const bytes = Buffer.concat(sent.flatMap((fields) => [row(fields), completed]))
        const { seen, reader } = openWitness()
        for (let at = 0; at < bytes.length; ) {
          const size = Math.min(sizes.next().value as number, bytes.length - at)
          if (elsewhere) {
            reader.put(Buffer.from(bytes.subarray(at, at + size)))
            at += size
          } else {
            const part = bytes.copy(reader.room(), 0, at, at + size)
            reader.took(part)
            at += part
          }
        }
        expect(seen).toEqual(sent.flatMap((fields) => [{ fields, first: fields[0] }, 'commandComplete']))
      }),
      { numRuns: 60 },
    ))

  test('needs no more memory than has come, whatever length is announced', () => {
    const { seen, reader } = openWitness()
    reader.put(Buffer.concat([Buffer.from('D'), int32(2 ** 31 - 1), Buffer.alloc(100)]))
    expect(reader.room().length).toBeLessThan(2 ** 17)
    expect(seen).toEqual([])
  })

  test.each([
    ['field', message('D', Buffer.concat([Buffer.from([0, 1]), int32(5_000), Buffer.from('short')]))],
    ['field of a negative length', message('D', Buffer.concat([Buffer.from([0, 1]), int32(-2), Buffer.from('short')]))],
    ['row without its fields', message('D', Buffer.from([0, 1]))],
  ])('a %s that leads out of its row is not read: what lies there is somebody else’s', (_, broken) => {
    const found: string[] = []
    const reader = openReader((it) => {
      if (!(it instanceof Row)) return
      expect(() => it.fields).toThrow('longer than its row')
      expect(() => it.first()).toThrow('longer than its row')
      found.push(it.name)
    })
    reader.put(Buffer.concat([broken, completed, completed]))
    expect(found).toHaveLength(1)
  })

  test('a message without room for its own length is not read', () => {
    const { reader } = openWitness()
    expect(() => reader.put(Buffer.concat([Buffer.from('C'), int32(3), completed]))).toThrow('shorter than its length')
  })

  test('leaves nothing behind of a long message when it was read', () => {
    const { reader } = openWitness()
    const long = row(['x'.repeat(5_000_000)])
    for (let at = 0; at < long.length; at += 60_000) reader.put(long.subarray(at, at + 60_000))
    expect(reader.room().length).toBe(2 ** 16)
  })
})

const textOf = statement<{ text: string | null }, { json: string }>('test_rows_text', 'SELECT :text::text AS json WHERE true')
const long = statement<{ length: number }, { json: string }>('test_rows_long', `SELECT '"' || repeat('ß', :length::int) || '"' AS json`)
const none = statement<object, { json: string }>('test_rows_none', `SELECT '1' AS json WHERE false`)
const several = statement<object, unknown>(
  'test_rows_several',
  `SELECT n, n::text || 'ä' AS t, NULL AS nothing FROM generate_series(1, 3) n`,
)

describe('over a connection', () => {
  let home: TestDatabase
  let proxy: FaultProxy
  let database: Database
  const lost: string[] = []
  beforeAll(async () => {
    home = await createDatabase(await templateReady(async (url) => void (await migrate({ url }))))
    proxy = await faultProxy(...addressOf(home.url))
    const url = new URL(home.url)
    url.search = ''
    url.host = `127.0.0.1:${proxy.port}`
    database = openDatabase({ url: url.href, lanes: 1, writers: 1, onError: ({ message }) => lost.push(message) })
  })
  afterAll(async () => {
    await database.close()
    await proxy.stop()
    await home.drop()
  })

  test('JSON is the bytes that PostgreSQL sent: long, empty, of every script; no row and no value are null', async () => {
    const json = async (text: string | null) => (await database.json(1, textOf, { text }))?.toString() ?? null
    expect(await json('{"a":"ü → 漢字 𝒳"}')).toBe('{"a":"ü → 漢字 𝒳"}')
    expect(await json('ä'.repeat(3000))).toBe('ä'.repeat(3000))
    expect(await json('')).toBe('')
    expect(await json(null)).toBeNull()
    expect(await database.json(1, none, {})).toBeNull()
    expect((await database.json(1, long, { length: 1_000_000 }))?.toString()).toBe(`"${'ß'.repeat(1_000_000)}"`)
  })

  test('many answers on one lane keep apart, and stay what they are when others follow', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => database.json(1, textOf, { text: `${n}`.repeat(n % 2 ? 400 : 9_000) })),
    )
    expect(answers.map(String)).toEqual(answers.map((_, n) => `${n}`.repeat(n % 2 ? 400 : 9_000)))
    expect(await database.read(1, several, {})).toEqual([1, 2, 3].map((n) => ({ n, t: `${n}ä`, nothing: null })))
  })

  test('what cannot be read ends the connection, with 503 for whoever waits, and the next read has another', async () => {
    proxy.lie = (answer) => Buffer.from(answer.toString('latin1').replace('D', '!'), 'latin1')
    await expect(database.read(1, several, {})).rejects.toMatchObject({ code: 'database_unavailable' })
    proxy.lie = null
    expect(await database.read(1, several, {})).toHaveLength(3)
    expect(lost).toEqual([expect.stringContaining('cannot be read')])
  })
})

test('over TLS rows are the same', async () => {
  const home = await createDatabase()
  const door = await tlsDoor(...addressOf(home.url))
  const { username, password, pathname } = new URL(home.url)
  const client = rowsClient({
    connectionString: `postgres://${username}:${password}@127.0.0.1:${door.port}${pathname}`,
    ssl: { ca: partnerCertificate, checkServerIdentity: () => undefined },
  })
  await client.connect()
  const { rows } = await client.query(`SELECT n, repeat('ß', 300000) AS long FROM generate_series(1, 2) n`)
  expect(rows).toEqual([1, 2].map((n) => ({ n, long: 'ß'.repeat(300_000) })))
  await client.end()
  await door.close()
  await home.drop()
})

/** PostgreSQL’s side of TLS (https://www.postgresql.org/docs/current/protocol-flow.html): one byte says yes to the request for it. */
async function tlsDoor(target: number | string, host: string) {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('data', () => {
      const inside = new TLSSocket(socket, { isServer: true, key: partnerKey, cert: partnerCertificate })
      socket.write('S')
      const upstream = typeof target === 'string' ? connect(target) : connect(target, host)
      inside.pipe(upstream).pipe(inside)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
