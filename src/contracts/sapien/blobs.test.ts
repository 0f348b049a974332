import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'

let house: TestHouse
let token: string
beforeAll(async () => {
  house = await openTestHouse({ env: { MAX_BLOB_BYTES: '200000' } })
  token = await house.token()
})
afterAll(() => house.close())

const png = Buffer.from(
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082',
  'hex',
)

interface Upload {
  content?: Buffer
  filename?: string
  mime?: string
  fields?: [string, string][]
  fieldsFirst?: boolean
  as?: string
  headers?: Record<string, string>
}
async function upload({
  content = png,
  filename = 'logo.png',
  mime = 'image/png',
  fields = [['type', 'asset']],
  fieldsFirst = false,
  as = token,
  headers = {},
}: Upload = {}) {
  const form = new FormData()
  const file = () => form.append('file', new Blob([new Uint8Array(content)], { type: mime }), filename)
  if (!fieldsFirst) file()
  for (const [name, value] of fields) form.append(name, value)
  if (fieldsFirst) file()
  const response = await house.request('POST', '/v1/blobs', { token: as, body: form, headers })
  return { response, status: response.status, body: (await response.json()) as Body }
}
interface Body {
  id: string
  url: string
  filename: string
  used: number
  error: unknown
}
const get = (path: string, headers: Record<string, string> = {}, as = token) => house.request('GET', path, { token: as, headers })
/** Every file that the store keeps, half-written ones included. */
const kept = (): string[] =>
  readdirSync(join(house.house.settings.dataFolder, 'blobs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)

describe('POST /v1/blobs', () => {
  test('answers as the seed shows it, with Location', async () => {
    const { response, status, body } = await upload({
      fields: [
        ['type', 'asset'],
        ['metadata', '{"kind":"logo"}'],
      ],
    })
    expect(status).toBe(201)
    expect(response.headers.get('location')).toBe(`/v1/blobs/${body.id}`)
    expect(body).toMatchObject({
      filename: 'logo.png',
      size: png.length,
      mimeType: 'image/png',
      type: 'asset',
      metadata: { kind: 'logo' },
      url: `${house.url}/v1/blobs/${body.id}`,
    })
  })

  test('takes the fields before the file as well', async () => {
    const { status, body } = await upload({
      fieldsFirst: true,
      fields: [
        ['metadata', '{"a":1}'],
        ['type', 'recording'],
      ],
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({ type: 'recording', metadata: { a: 1 } })
  })

  test('tells the media type from the bytes and does not believe the sender', async () => {
    expect((await upload({ mime: 'text/html', filename: 'x.html' })).body).toMatchObject({ mimeType: 'image/png' })
    const page = Buffer.from('<script>alert(1)</script>')
    expect((await upload({ content: page, mime: 'text/html', filename: 'x.html' })).body).toMatchObject({
      mimeType: 'application/octet-stream',
    })
  })

  test.each(['../../etc/passwd', 'a\\b\\passwd', 'passwd'])('keeps the name of %s and no folder', async (filename) => {
    expect((await upload({ filename })).body.filename).toBe('passwd')
  })

  test('a download has the name in any script and never runs in a browser', async () => {
    const { body } = await upload({ filename: 'Zürich “neu”.png' })
    const response = await get(`/v1/blobs/${body.id}`)
    expect(response.headers.get('content-disposition')).toContain("filename*=UTF-8''Z%C3%BCrich")
    expect(response.headers.get('content-disposition')).toMatch(/^attachment;/)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('content-security-policy')).toContain('sandbox')
  })

  test.each<[string, Upload, string]>([
    ['an unknown type', { fields: [['type', 'virus']] }, 'type'],
    ['metadata that is no JSON', { fields: [['metadata', '{oops']] }, 'metadata'],
    ['metadata that is no object', { fields: [['metadata', '[1]']] }, 'metadata'],
    ['metadata with NUL', { fields: [['metadata', '{"a":"\\u0000"}']] }, 'metadata'],
  ])('%s is 400, names the field and keeps nothing', async (_, wanted, field) => {
    const before = kept().length
    const { status, body } = await upload(wanted)
    expect({ status, error: body.error }).toMatchObject({ status: 400, error: { details: [{ field }] } })
    expect(kept()).toHaveLength(before)
  })

  test('no file, two files, and no form at all are refused', async () => {
    const before = kept().length
    const none = new FormData()
    none.append('type', 'asset')
    expect((await house.request('POST', '/v1/blobs', { token, body: none })).status).toBe(400)
    const two = new FormData()
    for (const name of ['a', 'b']) two.append('file', new Blob([name]), name)
    expect((await house.request('POST', '/v1/blobs', { token, body: two })).status).toBe(400)
    expect((await house.request('POST', '/v1/blobs', { token, json: { file: 'x' } })).status).toBe(415)
    expect((await house.request('POST', '/v1/blobs', { token })).status).toBe(415)
    const broken = { 'content-type': 'multipart/form-data; boundary=x' }
    expect((await house.request('POST', '/v1/blobs', { token, body: 'nothing of the kind', headers: broken })).status).toBe(400)
    expect(kept()).toHaveLength(before)
  })

  test('one byte too many is 413 and leaves nothing', async () => {
    const before = kept().length
    expect((await upload({ content: Buffer.alloc(200_000, 1) })).status).toBe(201)
    const { status, body } = await upload({ content: Buffer.alloc(200_001, 1) })
    expect({ status, error: body.error }).toMatchObject({ status: 413, error: { code: 'blob_too_large' } })
    expect(kept()).toHaveLength(before + 1)
  })

  test('an upload that breaks off leaves nothing', async () => {
    const before = kept().length
    const { port } = new URL(house.url)
    const socket = connect(Number(port), '127.0.0.1')
    const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="half.bin"\r\nContent-Type: application/octet-stream\r\n\r\n'
    socket.write(
      `POST /v1/blobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n${part}half`,
    )
    await expect.poll(() => kept().length).toBe(before + 1)
    socket.destroy()
    await expect.poll(() => kept().length).toBe(before)
    expect((await upload()).status).toBe(201)
  })

  test('a quota that is used up is 507, also for two at once, and nothing of the refused is kept', async () => {
    const foreign = await house.token({ organizationId: 200 })
    await house.house.database.transaction(200, async (connection) => {
      const text = `UPDATE tenancy.organizations SET settings = settings || '{"storageQuotaBytes": 150000}' WHERE organization_id = 200`
      await connection.run({ name: 'test_quota', text, parameters: [] }, {})
    })
    const before = kept().length
    const both = await Promise.all([1, 2].map((fill) => upload({ content: Buffer.alloc(100_000, fill), as: foreign })))
    expect(both.map(({ status }) => status).sort()).toEqual([201, 507])
    expect((await upload({ content: Buffer.alloc(100_000, 3), as: foreign })).body.error).toMatchObject({ code: 'over_quota' })
    expect(kept()).toHaveLength(before + 1)
    expect(await (await get('/v1/storage', {}, foreign)).json()).toMatchObject({
      used: 100_000,
      quota: 150_000,
      types: { asset: { bytes: 100_000, files: 1 } },
    })
  })
})

describe('GET and DELETE /v1/blobs/{id}', () => {
  test('whole, in part, by ETag, and gone', async () => {
    const content = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 251))
    const { body } = await upload({ content, mime: 'application/octet-stream' })
    const whole = await get(`/v1/blobs/${body.id}`)
    expect(whole.status).toBe(200)
    expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true)
    const part = await get(`/v1/blobs/${body.id}`, { range: 'bytes=1000-1999' })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 1000-1999/5000'])
    expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(1000, 2000))).toBe(true)
    expect((await get(`/v1/blobs/${body.id}`, { range: 'bytes=5000-' })).status).toBe(416)
    expect((await get(`/v1/blobs/${body.id}`, { 'if-none-match': whole.headers.get('etag') ?? '' })).status).toBe(304)
    expect((await house.request('DELETE', `/v1/blobs/${body.id}`, { token })).status).toBe(204)
    expect((await get(`/v1/blobs/${body.id}`)).status).toBe(404)
    expect((await house.request('DELETE', `/v1/blobs/${body.id}`, { token })).status).toBe(404)
  })

  test("another organisation's file is not there, and a user's own recording is no stranger's", async () => {
    const { body } = await upload()
    const foreign = await house.token({ organizationId: 200 })
    for (const method of ['GET', 'DELETE']) {
      expect((await house.request(method, `/v1/blobs/${body.id}`, { token: foreign })).status).toBe(404)
      expect((await house.request(method, '/v1/blobs/nonsense', { token })).status).toBe(404)
    }
    const [one, other] = await Promise.all(['user:1', 'user:2'].map((subject) => house.token({ subject, roles: ['user'] })))
    const own = await upload({ fields: [['type', 'recording']], as: one ?? '' })
    expect((await get(`/v1/blobs/${own.body.id}`, {}, one)).status).toBe(200)
    expect((await get(`/v1/blobs/${own.body.id}`, {}, other)).status).toBe(404)
    expect((await get(`/v1/blobs/${body.id}`, {}, other)).status).toBe(200)
    expect((await house.request('DELETE', `/v1/blobs/${body.id}`, { token: other ?? '' })).status).toBe(403)
  })
})
