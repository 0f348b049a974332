// The port of files over clamd, in clamd's own protocol: against the sandbox, against one that is stubborn, and against the real one
// where it is installed.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eicar } from '../../../sandbox/clamav/conversation.ts'
import { clamdInstalled, type Peer, startClamd } from '../../../tests/support/peers.ts'
import { startTestSandbox, type TestSandbox } from '../../../tests/support/sandbox.ts'
import { soon } from '../../../tests/support/soon.ts'
import type { MalwareScanner } from '../../domain/files/index.ts'
import { Refusal } from '../../platform/errors/index.ts'
import { openGuards } from '../../platform/resilience/index.ts'
import { createLogger } from '../../platform/telemetry/index.ts'
import { systemClock } from '../../platform/time/index.ts'
import { addressOf } from './clamd.ts'
import { clamavGuard, clamavScanner } from './index.ts'

let sandbox: TestSandbox
let scanner: MalwareScanner
beforeAll(async () => {
  sandbox = await startTestSandbox()
  scanner = scannerAt(sandbox.clamdUrl).scanner
})
afterAll(() => sandbox?.stop())

function scannerAt(url: string, timeoutS = 30) {
  const log = createLogger({ level: 'silent' })
  const guards = openGuards({ bus: { publish: async () => {}, subscribe: () => () => {} }, clock: systemClock, log })
  const guard = clamavGuard(guards, { timeoutS })
  return { scanner: clamavScanner(url, guard, log), guard }
}

const parts = (...chunks: (string | Buffer)[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
const scan = (...chunks: (string | Buffer)[]) => scanner.scan(async () => parts(...chunks))

async function listen(serve: (socket: Socket) => void): Promise<{ url: string; server: Server }> {
  const server = createServer((socket) => serve(socket.on('error', () => {}))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `clamd://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

describe('a file', () => {
  test('without malware is clean, and so is one without anything', async () => {
    expect(await scan('nothing of ', '', 'the kind')).toEqual({ is: 'clean' })
    expect(await scan()).toEqual({ is: 'clean' })
  })

  test('with malware is infected, however it is cut into chunks and whatever stands around it', async () => {
    const cuts = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 8 })
    const around = fc.uint8Array({ maxLength: 160 })
    await fc.assert(
      fc.asyncProperty(around, around, cuts, fc.boolean(), async (before, after, at, bad) => {
        const whole = Buffer.concat([before, Buffer.from(bad ? eicar : ''), after])
        const borders = [0, ...at.filter((cut) => cut < whole.length), whole.length].sort((one, other) => one - other)
        const chunks = borders.slice(1).map((end, index) => whole.subarray(borders[index], end))
        expect(await scan(...chunks)).toEqual(bad ? { is: 'infected', malware: 'Eicar-Test-Signature' } : { is: 'clean' })
      }),
      { numRuns: 60 },
    )
  })

  test('whose reading fails is no verdict of the scanner’s, and nothing against it', async () => {
    const { scanner: own, guard } = scannerAt(sandbox.clamdUrl)
    const broken = async function* () {
      yield Buffer.from('half')
      throw new Refusal('storage_unavailable')
    }
    await expect(own.scan(async () => Readable.from(broken()))).rejects.toMatchObject({ code: 'storage_unavailable' })
    const absent = own.scan(() => Promise.reject(new Refusal('storage_unavailable')))
    await expect(absent).rejects.toMatchObject({ code: 'storage_unavailable' })
    expect(guard.snapshot()).toMatchObject({ currentFailureStreak: 0, state: 'closed' })
  })

  test('is closed whatever comes of it, and not opened while the scanner is left alone', async () => {
    const { scanner: own, guard } = scannerAt('clamd://127.0.0.1:9')
    const opened: Readable[] = []
    const open = async () => {
      const body = parts('a', 'b', 'c')
      opened.push(body)
      return body
    }
    await expect(own.scan(open)).rejects.toMatchObject({ code: 'scanner_unavailable', details: { headers: { 'retry-after': '5' } } })
    await scanner.scan(open)
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([true, true, true])
    await guard.force('open')
    await expect(own.scan(open)).rejects.toMatchObject({ code: 'scanner_unavailable' })
    expect(opened).toHaveLength(3)
  })

  test('is read no faster than the scanner takes it', async () => {
    const stubborn = { socket: null as Socket | null, taken: 0 }
    const { url, server } = await listen((socket) => {
      stubborn.socket = socket.on('data', (bytes: Buffer) => {
        stubborn.taken += bytes.length
        if (bytes.subarray(-4).equals(Buffer.alloc(4))) socket.end('stream: OK\0')
      })
      socket.pause()
    })
    const size = 50 * 1024 ** 2
    let read = 0
    const block = Buffer.alloc(64 * 1024, 'x')
    const body = Readable.from(
      (function* () {
        for (; read < size; read += block.length) yield block
      })(),
      { objectMode: false, highWaterMark: 64 * 1024 },
    )
    const verdict = scannerAt(url).scanner.scan(async () => body)
    let [last, unchanged] = [-1, 0]
    await soon(() => {
      unchanged = read === last ? unchanged + 1 : 0
      last = read
      expect(unchanged).toBeGreaterThan(10)
    })
    expect(read).toBeLessThan(size / 2) // what the system keeps under way is some megabytes
    stubborn.socket?.resume()
    expect(await verdict).toEqual({ is: 'clean' })
    expect(stubborn.taken).toBe('zINSTREAM\0'.length + size + (size / block.length) * 4 + 4)
    server.close()
  })
})

/** Like clamd, which reads no more then, so that who still sends is reset. */
function breakIn(socket: Socket, words: string): void {
  socket.pause().write(words, () => setTimeout(() => socket.destroy(), 20))
}

describe('a scanner', () => {
  test.each([
    ['stream: Win.Test\u0007-1(0c4:68) FOUND\0', { is: 'infected', malware: 'Win.Test?-1(0c4:68)' }],
    [`stream: ${'x'.repeat(900)} FOUND\0`, { is: 'infected', malware: 'x'.repeat(200) }],
    ['INSTREAM size limit exceeded. ERROR\0Error processing command. ERROR\0', { is: 'too_large' }],
  ])('that breaks in with its verdict (%j) is heard, although the file was not sent to its end', async (words, verdict) => {
    const { url, server } = await listen((socket) => socket.once('data', () => breakIn(socket, words)))
    const block = Buffer.alloc(64 * 1024)
    const { scanner: own } = scannerAt(url)
    expect(await own.scan(async () => parts(...Array.from({ length: 200 }, () => block)))).toEqual(verdict)
    server.close()
  })

  test('whose hanging up overtakes its words is asked once more, and no more than that', async () => {
    let asked = 0
    const { url, server } = await listen((socket) => {
      asked++
      if (asked % 3 === 0) socket.once('data', () => breakIn(socket, 'INSTREAM size limit exceeded. ERROR\0'))
      else socket.once('data', () => socket.resetAndDestroy())
    })
    const { scanner: own } = scannerAt(url)
    const long = async () => parts(...Array.from({ length: 200 }, () => Buffer.alloc(64 * 1024)))
    await expect(own.scan(long)).rejects.toMatchObject({ code: 'scanner_unavailable' })
    expect(asked).toBe(2)
    expect(await own.scan(long)).toEqual({ is: 'too_large' })
    server.close()
  })

  test('that lets somebody in and says nothing is given up', async () => {
    const { url, server } = await listen((socket) => socket.resume())
    await expect(scannerAt(url, 0.1).scanner.scan(async () => parts('x'))).rejects.toMatchObject({
      code: 'scanner_unavailable',
      cause: { code: 'provider_timeout' },
    })
    server.close()
  })

  test('is found by host, by address and by the path of its socket', () => {
    expect(addressOf('clamd://scan.internal')).toEqual({ host: 'scan.internal', port: 3310 })
    expect(addressOf('clamd://[::1]:3311')).toEqual({ host: '::1', port: 3311 })
    expect(addressOf('clamd:///run/clamav/clamd.ctl')).toEqual({ path: '/run/clamav/clamd.ctl' })
  })

  test('on a socket of the file system is asked like any', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchbay-clamd-'))
    const { hostname: host, port } = new URL(sandbox.clamdUrl)
    const door = createServer((socket) => socket.pipe(connect({ host, port: Number(port) })).pipe(socket))
    door.listen(join(folder, 'clamd.ctl'))
    await once(door, 'listening')
    const { scanner: own } = scannerAt(`clamd://${folder}/clamd.ctl`)
    expect(await own.scan(async () => parts(eicar))).toMatchObject({ is: 'infected' })
    door.close()
    rmSync(folder, { recursive: true })
  })
})

describe.skipIf(!clamdInstalled)('the real clamd, with one signature of our own (needs clamd on the path)', () => {
  let folder: string
  let clamd: Peer
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'patchbay-clamd-'))
    writeFileSync(join(folder, 'own.ndb'), `Patchbay.Test:0:*:${Buffer.from(eicar).toString('hex')}\n`)
    clamd = await startClamd(folder)
  })
  afterAll(async () => {
    await clamd?.stop()
    rmSync(folder, { recursive: true })
  })

  test('says of a clean file, of malware and of too long a file what the sandbox says', async () => {
    const { scanner: own } = scannerAt(`clamd://127.0.0.1:${clamd.port}`)
    expect(await own.scan(async () => parts('nothing of ', 'the kind'))).toEqual({ is: 'clean' })
    expect(await own.scan(async () => parts(eicar.slice(0, 30), eicar.slice(30)))).toEqual({
      is: 'infected',
      malware: 'Patchbay.Test.UNOFFICIAL',
    })
    const asTheStoreReads = () => parts(...Array.from({ length: 32 }, () => Buffer.alloc(65_536)))
    expect(await own.scan(async () => asTheStoreReads())).toEqual({ is: 'too_large' })
  })
})
