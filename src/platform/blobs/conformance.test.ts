import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anyText } from '../../../tests/support/text.ts'
import { openVault } from '../secrets/index.ts'
import { movableClock } from '../time/index.ts'
import { type BlobStore, contentDisposition, openFileStore, openLink, openS3Store, sniffContentType } from './index.ts'

const clock = movableClock('2026-11-24T09:00:00Z')
const vault = openVault({ key: 'a long enough key for the tests', previous: [] })
const options = { contentType: 'audio/wav' }
const wav = Buffer.concat([Buffer.from('RIFF\x24\x08\x00\x00WAVEfmt ', 'latin1'), randomBytes(100_000)])
const hash = async (bytes: Buffer) => Buffer.from(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))).toString('hex')
const key = (name: string) => `100/recording/${name}`
const invalid = expect.objectContaining({ code: 'blob_key_invalid' })

async function* breakingAfter(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
  throw new Error('the caller hung up')
}

async function contents(store: BlobStore, name: string, range?: { start: number; end: number }): Promise<Buffer | null> {
  const found = await store.read(name, range)
  return found && buffer(found.body)
}

/** What every store promises. `rest` lists what is kept anywhere, half-written things included. */
function conformance(open: () => Promise<{ store: BlobStore; rest: () => Promise<number> }>) {
  let store: BlobStore
  let rest: () => Promise<number>
  beforeAll(async () => {
    const opened = await open()
    store = opened.store
    rest = opened.rest
  }, 120_000)

  test('what was written is read back, by stream and by buffer, with its size and its hash', async () => {
    for (const body of [wav, Readable.from([wav.subarray(0, 10), wav.subarray(10)])]) {
      const written = await store.write(key('whole'), body, options)
      expect(written).toEqual({ size: wav.length, sha256: await hash(wav), head: wav.subarray(0, 4100) })
      expect(await contents(store, key('whole'))).toEqual(wav)
      expect(await store.stat(key('whole'))).toEqual({ size: wav.length })
    }
  })

  test('an empty file is a file', async () => {
    expect(await store.write(key('empty'), Buffer.alloc(0), options)).toMatchObject({ size: 0, head: Buffer.alloc(0) })
    expect(await store.stat(key('empty'))).toEqual({ size: 0 })
    expect(await contents(store, key('empty'))).toEqual(Buffer.alloc(0))
  })

  test('a large file arrives whole', async () => {
    const large = randomBytes(12 * 1024 * 1024)
    const written = await store.write(key('large'), Readable.from([large.subarray(0, 5_000_000), large.subarray(5_000_000)]), options)
    expect(written.sha256).toBe(await hash(large))
    expect((await contents(store, key('large')))?.equals(large)).toBe(true)
  }, 60_000)

  test('a range gives those bytes and the size of the whole', async () => {
    await store.write(key('range'), wav, options)
    for (const [start, end, upTo] of [
      [0, 0, 1],
      [10, 19, 20],
      [wav.length - 5, wav.length - 1, wav.length],
      [5, wav.length + 100, wav.length],
    ] as const) {
      const found = await store.read(key('range'), { start, end })
      expect(found?.size).toBe(wav.length)
      expect(found && (await buffer(found.body))).toEqual(wav.subarray(start, upTo))
    }
  })

  test('a range outside the file is refused with the size it has', async () => {
    await store.write(key('range'), wav, options)
    for (const range of [
      { start: wav.length, end: wav.length + 1 },
      { start: 5, end: 4 },
      { start: -1, end: 4 },
    ])
      await expect(store.read(key('range'), range)).rejects.toMatchObject({
        code: 'range_not_satisfiable',
        details: { headers: { 'content-range': `bytes */${wav.length}` } },
      })
  })

  test('what is not there is null, and removing it is no error', async () => {
    expect(await store.read(key('none'))).toBeNull()
    expect(await store.read(key('none'), { start: 0, end: 1 })).toBeNull()
    expect(await store.stat(key('none'))).toBeNull()
    expect(await store.stat('100/recording')).toBeNull()
    await store.remove(key('none'))
  })

  test('what was removed is gone', async () => {
    await store.write(key('short-lived'), wav, options)
    await store.remove(key('short-lived'))
    expect(await store.read(key('short-lived'))).toBeNull()
  })

  test('an upload that breaks off leaves nothing', async () => {
    const before = await rest()
    for (const size of [10, 6 * 1024 * 1024])
      await expect(store.write(key('broken'), Readable.from(breakingAfter(randomBytes(size))), options)).rejects.toThrow(
        'the caller hung up',
      )
    expect(await store.stat(key('broken'))).toBeNull()
    expect(await rest()).toBe(before)
  }, 60_000)

  test('an upload that breaks off leaves what was there before', async () => {
    await store.write(key('kept'), wav, options)
    await expect(store.write(key('kept'), Readable.from(breakingAfter(Buffer.from('new'))), options)).rejects.toThrow('the caller hung up')
    expect(await contents(store, key('kept'))).toEqual(wav)
  })

  test('a file over the limit is refused and leaves nothing; one at the limit is taken', async () => {
    const before = await rest()
    const tooLarge = expect.objectContaining({ code: 'blob_too_large' })
    await expect(store.write(key('over'), wav, { ...options, maxBytes: wav.length - 1 })).rejects.toEqual(tooLarge)
    expect(await store.stat(key('over'))).toBeNull()
    expect(await rest()).toBe(before)
    await store.write(key('at'), wav, { ...options, maxBytes: wav.length })
    expect(await store.stat(key('at'))).toEqual({ size: wav.length })
  })

  test('two writers of one name leave one of the two, whole', async () => {
    const bodies = Array.from({ length: 8 }, () => randomBytes(50_000))
    await Promise.all(bodies.map((body) => store.write(key('raced'), body, options)))
    const kept = await contents(store, key('raced'))
    expect(bodies.some((body) => kept && body.equals(kept))).toBe(true)
  })

  test.each([
    '../secret',
    '100/../../etc/passwd',
    '/etc/passwd',
    '100//x',
    '100/',
    '',
    '.',
    '..',
    '100/a\0b',
    '100\\..\\x',
    '100/..%2f',
    '100/.hidden',
    '100/a b',
    'x'.repeat(600),
  ])('the key %j is refused by every operation', async (bad) => {
    await expect(store.write(bad, wav, options)).rejects.toEqual(invalid)
    await expect(store.read(bad)).rejects.toEqual(invalid)
    await expect(store.stat(bad)).rejects.toEqual(invalid)
    await expect(store.remove(bad)).rejects.toEqual(invalid)
    await expect(store.link(bad, { ...options, expiresS: 60, filename: 'x', disposition: 'inline' })).rejects.toEqual(invalid)
  })

  test('a check is a real round trip that leaves nothing', async () => {
    const before = await rest()
    await store.check()
    expect(await rest()).toBe(before)
  })
}

describe('files', () => {
  let folder: string
  const open = () => openFileStore({ folder, publicUrl: () => 'http://127.0.0.1:8080/', sign: vault.signer('links'), clock })
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchbay-blobs-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  conformance(async () => ({
    store: open(),
    rest: async () => (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length,
  }))

  test('a check fails where nothing can be written', async () => {
    const file = join(folder, 'a-file')
    await writeFile(file, '')
    await expect(openFileStore({ folder: file, publicUrl: () => '', sign: vault.signer('links'), clock }).check()).rejects.toThrow()
    await rm(file)
  })

  test('a folder that cannot be read is an error, not an absence', async () => {
    await symlink('loop', join(folder, 'kept', 'loop'))
    await expect(open().stat('loop')).rejects.toMatchObject({ code: 'ELOOP' })
    await rm(join(folder, 'kept', 'loop'))
  })

  describe('a link', () => {
    const about = { expiresS: 60, filename: 'Zoë "1".wav', contentType: 'audio/wav', disposition: 'attachment' } as const
    const verify = vault.verifier('links')
    const tokenOf = async () => {
      const url = await open().link(key('linked'), about)
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:8080\/blobs\/[\w.-]+$/)
      return url.slice(url.lastIndexOf('/') + 1)
    }

    test('opens to what it was made for, until it expires', async () => {
      const token = await tokenOf()
      const now = clock.now().getTime()
      expect(openLink(token, verify, new Date(now + 59_999))).toEqual({
        key: key('linked'),
        filename: about.filename,
        contentType: about.contentType,
        disposition: about.disposition,
      })
      expect(openLink(token, verify, new Date(now + 60_000))).toBeNull()
    })

    test('that was changed, made up, or signed by others does not open', async () => {
      const token = await tokenOf()
      const other = vault.signer('tickets')
      const [text = ''] = token.split('.')
      for (const forged of [`${text}.${other(text)}`, `${text}.`, text, '', '.', `${token}.x`, `${token}=`])
        expect(openLink(forged, verify, clock.now())).toBeNull()
      fc.assert(
        fc.property(fc.nat(token.length - 1), fc.constantFrom('A', 'z', '0', '_'), (at, letter) => {
          const changed = token.slice(0, at) + letter + token.slice(at + 1)
          fc.pre(changed !== token)
          expect(openLink(changed, verify, clock.now())).toBeNull()
        }),
      )
    })
  })
})

/** `PATCHBAY_TEST_S3=http://key:secret@127.0.0.1:9000` names a real S3 server; nothing less proves anything. */
const s3Url = process.env.PATCHBAY_TEST_S3
describe.skipIf(!s3Url)('S3 (needs PATCHBAY_TEST_S3=http://key:secret@host:port)', () => {
  const { origin, username, password } = new URL(s3Url ?? 'http://key:secret@127.0.0.1:9')
  const account = { region: 'us-east-1', endpoint: origin, accessKeyId: username, secretAccessKey: password }
  const bucket = `patchbay-${randomBytes(6).toString('hex')}`
  const store = openS3Store({ ...account, bucket })
  afterAll(() => store.close())

  const client = async () => {
    const s3 = await import('@aws-sdk/client-s3')
    const credentials = { accessKeyId: username, secretAccessKey: password }
    return { ...s3, client: new s3.S3Client({ endpoint: origin, region: 'us-east-1', forcePathStyle: true, credentials }) }
  }

  conformance(async () => {
    const { client: admin, CreateBucketCommand, ListObjectsV2Command, ListMultipartUploadsCommand } = await client()
    await admin.send(new CreateBucketCommand({ Bucket: bucket }))
    const rest = async () => {
      const kept = await admin.send(new ListObjectsV2Command({ Bucket: bucket }))
      const parts = await admin.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
      return (kept.KeyCount ?? 0) + (parts.Uploads?.length ?? 0)
    }
    return { store, rest }
  })

  test('a link works without credentials, says what it is, and not for another file', async () => {
    await store.write(key('linked'), wav, options)
    await store.write(key('other'), wav, options)
    const url = await store.link(key('linked'), {
      expiresS: 60,
      filename: 'Zoë "1".wav',
      contentType: 'audio/x-wav',
      disposition: 'attachment',
    })
    const answer = await fetch(url)
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(wav)
    expect(answer.headers.get('content-type')).toBe('audio/x-wav')
    expect(answer.headers.get('content-disposition')).toContain('attachment')
    expect((await fetch(url.replace('linked', 'other'))).status).toBe(403)
  })

  test('a wrong secret fails the check', async () => {
    const wrong = openS3Store({ ...account, bucket, secretAccessKey: 'wrong' })
    await expect(wrong.check()).rejects.toThrow()
    await wrong.close()
  })

  test('a failing upload ends its source too', async () => {
    const nowhere = openS3Store({ ...account, bucket: 'no-such-bucket-here' })
    const source = Readable.from(Array.from({ length: 1000 }, () => randomBytes(65_536)))
    const closed = Promise.withResolvers<void>()
    source.on('close', closed.resolve).on('error', () => {})
    await expect(nowhere.write(key('x'), source, options)).rejects.toThrow()
    await closed.promise
    await nowhere.close()
  }, 60_000)
})

describe('what is told about a file', () => {
  test('its type, from its first bytes and not from its sender', async () => {
    expect(await sniffContentType(wav)).toBe('audio/wav')
    expect(await sniffContentType(Buffer.from('<html><script>alert(1)</script>'))).not.toBe('audio/wav')
    expect(await sniffContentType(Buffer.alloc(0))).toBeNull()
  })

  test('its name, in any script, without a way out of the header', () => {
    expect(contentDisposition('attachment', 'Zoë "1".wav')).toBe(
      `attachment; filename="Zo_ _1_.wav"; filename*=UTF-8''Zo%C3%AB%20%221%22.wav`,
    )
    fc.assert(
      fc.property(anyText(), (name) => {
        const header = contentDisposition('inline', name)
        expect(header).toMatch(/^inline; filename="[\x20-\x21\x23-\x7e]+"; filename\*=UTF-8''[\w.%~!&+`^|#$-]+$/)
        expect(header).not.toMatch(/[/\\]|%2F|%5C|%0D|%0A/)
      }),
    )
  })
})
