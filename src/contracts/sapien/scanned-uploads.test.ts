// Files are shown to a scanner for malware before they are kept: a whole Patchbay, and clamd as the sandbox speaks it.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eicar } from '../../../sandbox/clamav/conversation.ts'
import { type FaultProxy, faultProxy } from '../../../tests/support/fault-proxy.ts'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { startTestSandbox, type TestSandbox } from '../../../tests/support/sandbox.ts'
import { createLogger } from '../../platform/telemetry/index.ts'

const mostBytes = 60_000_000
const lines: Record<string, unknown>[] = []
let sandbox: TestSandbox
let between: FaultProxy
let house: TestHouse
let token: string
beforeAll(async () => {
  sandbox = await startTestSandbox({ SANDBOX_CLAMD_MAX_BYTES: String(mostBytes) })
  between = await faultProxy(Number(new URL(sandbox.clamdUrl).port))
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) }
  house = await openTestHouse({
    env: { MALWARE_SCANNER: `clamd://127.0.0.1:${between.port}` },
    log: createLogger({ level: 'warn', destination }),
  })
  token = await house.token()
  await upload('what was there before')
})
afterAll(async () => {
  await house?.close()
  await between?.stop()
  await sandbox?.stop()
})
beforeEach(() => void lines.splice(0))
afterEach(async () => {
  Object.assign(between, { mode: 'pass', lie: null, delayMs: 0 })
  await sandbox.post('/sandbox/faults', {})
  await house.house.guards.find('clamav')?.force('closed')
})

interface Answer {
  status: number
  headers: Headers
  body: { id: string; error: { code: string; message: string; details: unknown } }
}
async function upload(content: Buffer | string, { headers = {}, at = house, as = token } = {}): Promise<Answer> {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(Buffer.from(content))], { type: 'text/plain' }), 'note.txt')
  const response = await at.request('POST', '/v1/blobs', { token: as, body: form, headers })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] }
}
const infected = {
  status: 422,
  body: { error: { code: 'malware_found', details: [{ field: 'file', message: 'holds Eicar-Test-Signature' }] } },
}
const away = { status: 503, body: { error: { code: 'scanner_unavailable', details: null } } }

/** All that an upload could leave behind: what is used, the rows, and every file of the store, half-written ones included. */
async function kept(at = house, as = token) {
  const { used } = (await (await at.request('GET', '/v1/storage', { token: as })).json()) as { used: number }
  const db = new pg.Client({ connectionString: at.databaseUrl })
  await db.connect()
  const sql = 'SELECT (SELECT count(*) FROM blobs.blobs) AS blobs, (SELECT count(*) FROM platform.events) AS events'
  const { rows } = await db.query<{ blobs: string; events: string }>(sql)
  await db.end()
  const folder = join(at.house.settings.dataFolder, 'blobs')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return { used, ...rows[0], files: files.map(({ name }) => name).sort() }
}
const scannerOf = async (at = house) => (await at.house.guards.all()).find(({ name }) => name === 'clamav')

describe('an upload, where a scanner is named', () => {
  test('that is clean is kept, and comes back as it was', async () => {
    const content = randomBytes(300_000)
    const { status, body } = await upload(content)
    expect(status).toBe(201)
    const back = Buffer.from(await (await house.request('GET', `/v1/blobs/${body.id}`, { token })).arrayBuffer())
    expect(back.equals(content)).toBe(true)
  })

  test('that is empty is clean', async () => {
    expect((await upload('')).status).toBe(201)
  })

  test('that holds malware is 422, names it, and leaves nothing: no row, no bytes, no use of the quota', async () => {
    const before = await kept()
    expect(await upload(eicar)).toMatchObject(infected)
    expect(await kept()).toEqual(before)
  })

  test.each([0, 1, 30, 67, 68])('is found out wherever the chunks part (%i bytes before the border)', async (inside) => {
    const before = await kept()
    const content = Buffer.concat([Buffer.alloc(2 * 65_536 - inside, 'a'), Buffer.from(eicar), Buffer.alloc(70_000, 'b')])
    expect(await upload(content)).toMatchObject(infected)
    expect(await kept()).toEqual(before)
  })

  test('that holds malware is told to the operator, by what it is and who brought it', async () => {
    await upload(eicar)
    const sha256 = createHash('sha256').update(eicar).digest('hex')
    const told = lines.filter(({ event }) => event === 'malware_found')
    expect(told).toMatchObject([
      { level: 'warn', malware: 'Eicar-Test-Signature', size: 68, sha256, caller: 'client:test', organizationId: 100 },
    ])
    expect(told[0]).toHaveProperty('requestId')
    expect(JSON.stringify(lines)).not.toContain('note.txt')
  })

  test('under a key is answered the second time as the first, be it clean or not', async () => {
    const before = await kept()
    const bad = { headers: { 'idempotency-key': randomUUID() } }
    const [first, second] = [await upload(eicar, bad), await upload(eicar, bad)]
    expect([first, second]).toMatchObject([infected, infected])
    expect(second.body).toEqual(first.body)
    expect(second.headers.get('idempotent-replayed')).toBe('true')
    expect(await kept()).toEqual(before)
    const good = { headers: { 'idempotency-key': randomUUID() } }
    const [clean, again] = [await upload('clean', good), await upload('clean', good)]
    expect([clean.status, again.status, again.body.id]).toEqual([201, 201, clean.body.id])
    expect((await kept()).files).toHaveLength(before.files.length + 1)
  })

  test('under a key that met no scanner is done when it is repeated', async () => {
    const again = { headers: { 'idempotency-key': randomUUID() } }
    between.mode = 'refuse'
    expect(await upload('clean', again)).toMatchObject(away)
    between.mode = 'pass'
    expect((await upload('clean', again)).status).toBe(201)
  })

  test('beside another is judged for itself', async () => {
    const before = await kept()
    const fine = Buffer.alloc(500_000, 'c')
    const answers = await Promise.all([fine, eicar, fine, Buffer.concat([fine, Buffer.from(eicar)])].map((content) => upload(content)))
    expect(answers.map(({ status }) => status)).toEqual([201, 422, 201, 422])
    expect((await kept()).files).toHaveLength(before.files.length + 2)
  })

  test('larger than the scanner takes is 413 in words, and not kept; the scanner is not to blame', async () => {
    const before = await kept()
    const { status, body } = await stream(mostBytes + 1)
    expect({ status, ...body }).toMatchObject({
      status: 413,
      error: { code: 'blob_too_large', message: 'The file is larger than the scanner for malware takes.' },
    })
    expect(await kept()).toEqual(before)
    expect(await scannerOf()).toMatchObject({ state: 'closed', currentFailureStreak: 0 })
  })

  test('of 50 MB is searched to its end, and not held in memory while the scanner dawdles', async () => {
    const wholeFiles = async () => (await kept()).files.length
    const [files, before] = [await wholeFiles(), held()]
    await sandbox.post('/sandbox/faults', { scan: 'slow', count: 1, delayMs: 2_000 })
    const answer = stream(50_000_000, eicar)
    await expect.poll(async () => readdirSync(join(house.house.settings.dataFolder, 'blobs', 'incoming'))).not.toEqual([])
    await expect.poll(wholeFiles).toBe(files + 1)
    await expect.poll(async () => readdirSync(join(house.house.settings.dataFolder, 'blobs', 'incoming'))).toEqual([])
    expect(held() - before).toBeLessThan(16_000_000)
    expect(await answer).toMatchObject(infected)
    expect(await wholeFiles()).toBe(files)
    expect((await stream(50_000_000)).status).toBe(201)
  })
})

/** Bytes of buffers that somebody holds. */
function held(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().arrayBuffers
}

/** As many bytes as are wanted, made while they are sent. */
async function stream(size: number, end = ''): Promise<Pick<Answer, 'status' | 'body'>> {
  const head = '--b\r\ncontent-disposition: form-data; name="file"; filename="long.bin"\r\n\r\n'
  const sent = httpRequest(`${house.url}/v1/blobs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=b' },
  })
  const answered = new Promise<Pick<Answer, 'status' | 'body'>>((resolve, reject) => {
    sent.once('error', reject).once('response', async (response) => {
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(await text(response)) as Answer['body'] })
    })
  })
  const block = Buffer.alloc(65_536, 'x')
  sent.write(head)
  for (let left = size - end.length; left > 0; left -= block.length) {
    if (!sent.write(left < block.length ? block.subarray(0, left) : block)) await new Promise((resolve) => sent.once('drain', resolve))
  }
  sent.end(`${end}\r\n--b--\r\n`)
  return answered
}

describe('a scanner', () => {
  const faults: Readonly<Record<string, () => unknown>> = {
    'that is away': () => (between.mode = 'refuse'),
    'that hangs up in the middle': () => sandbox.post('/sandbox/faults', { scan: 'reset', count: 2 }),
    'that is cut off in its answer': () => sandbox.post('/sandbox/faults', { scan: 'cut off', count: 2 }),
    'that talks nonsense': () => sandbox.post('/sandbox/faults', { scan: 'nonsense', count: 2 }),
    'that says OK without the end of its line': () => (between.lie = (answer) => answer.subarray(0, -1)),
    'that says OK of something else': () => (between.lie = () => Buffer.from('other: OK\0')),
    'that ran into an error': () => (between.lie = () => Buffer.from("stream: Can't allocate memory ERROR\0")),
    'that was not given the file in time': () => (between.lie = () => Buffer.from('COMMAND READ TIMED OUT\0')),
    'that says more than a line': () => (between.lie = () => Buffer.alloc(10_000, 'OK ')),
  }
  test.each(Object.entries(faults))(
    '%s lets nothing in: 503 with Retry-After, nothing is kept, and all is well when it is',
    async (_, go) => {
      const before = await kept()
      const content = randomBytes(300_000)
      await go()
      const answer = await upload(content)
      expect(answer).toMatchObject(away)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(JSON.stringify(answer.body)).not.toMatch(/OK|COMMAND|memory|ECONN/)
      expect(await kept()).toEqual(before)
      expect(lines).toMatchObject([{ level: 'warn', service: 'clamav', err: { message: expect.any(String) } }])
      Object.assign(between, { mode: 'pass', lie: null })
      expect((await upload(content)).status).toBe(201)
    },
  )

  test('that hangs up once is asked a second time, and nobody notices', async () => {
    await sandbox.post('/sandbox/faults', { scan: 'reset', count: 1 })
    expect((await upload(randomBytes(2_000_000))).status).toBe(201)
    expect(lines).toEqual([])
  })

  test('that says OK before it has the whole file is not believed', async () => {
    const hasty = createServer((socket) => socket.once('data', () => socket.write('stream: OK\0')).on('error', () => {})).listen(
      0,
      '127.0.0.1',
    )
    await once(hasty, 'listening')
    const env = { MALWARE_SCANNER: `clamd://127.0.0.1:${(hasty.address() as AddressInfo).port}`, LOG_LEVEL: 'silent' }
    const other = await openTestHouse({ env })
    expect(await upload(Buffer.alloc(5_000_000, 'x'), { at: other, as: await other.token() })).toMatchObject(away)
    await other.close()
    hasty.close()
  })

  test('that says nothing is given up in its time', async () => {
    const env = { MALWARE_SCANNER: sandbox.clamdUrl, MALWARE_SCANNER_TIMEOUT_S: '2', LOG_LEVEL: 'silent' }
    const hurried = await openTestHouse({ env })
    const as = await hurried.token()
    expect((await upload('first', { at: hurried, as })).status).toBe(201)
    const before = await kept(hurried, as)
    await sandbox.post('/sandbox/faults', { scan: 'silent' })
    expect(await upload('second', { at: hurried, as })).toMatchObject(away)
    expect(await kept(hurried, as)).toEqual(before)
    expect((await upload('second', { at: hurried, as })).status).toBe(201)
    await hurried.close()
  })

  test('that is away is left alone after a while, as its breaker and the metrics show, and asked again when that is over', async () => {
    between.mode = 'refuse'
    for (let count = 0; count < 3; count++) expect(await upload('x')).toMatchObject(away)
    expect(await scannerOf()).toMatchObject({ state: 'open' })
    between.mode = 'pass'
    const rested = await upload('x')
    expect(rested).toMatchObject(away)
    expect(Number(rested.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await (await house.request('GET', '/metrics')).text()).toContain('circuit_breaker_state{service="clamav"} 2')
    await house.house.guards.find('clamav')?.force('closed')
    expect((await upload('x')).status).toBe(201)
  })
})

test('where none is named every file is kept as it comes', async () => {
  const plain = await openTestHouse()
  const { status, body } = await upload(eicar, { at: plain, as: await plain.token() })
  expect(status).toBe(201)
  expect(await (await plain.request('GET', `/v1/blobs/${body.id}`, { token: await plain.token() })).text()).toBe(eicar)
  await plain.close()
})
