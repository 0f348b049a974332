// Files in S3, or anything that speaks it. The SDK is slow to load, so it is loaded when the store is first used.
// Large bodies go up in parts; parts of an upload that failed are given up, so nothing of it remains.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { S3Client } from '@aws-sdk/client-s3'
import { Refusal } from '../errors/index.ts'
import { isOutage } from '../resilience/index.ts'
import { checkStore } from './check.ts'
import { measure } from './measure.ts'
import { type BlobLink, type BlobStore, checkKey, checkRange, contentDisposition, type Written } from './port.ts'

export interface S3Options {
  readonly bucket: string
  readonly region: string
  /** For anything but AWS; buckets are then part of the path. */
  readonly endpoint?: string | undefined
  /** Without them the SDK finds its own (instance role, profile). */
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
  /** How long an answer may take to begin; 30 seconds. */
  readonly patienceMs?: number
  /** Puts the resilience guard around every request; a plain call when absent. */
  readonly guarded?: <T>(fn: (signal: AbortSignal) => Promise<T>) => Promise<T>
}

type Guarded = <T>(fn: (signal: AbortSignal) => Promise<T>) => Promise<T>

export function openS3Store(options: S3Options): BlobStore {
  const { bucket } = options
  const plain: Guarded = (fn) => fn(new AbortController().signal)
  const guarded: Guarded = (fn) => (options.guarded ?? plain)(fn).catch(refuseOutage)
  const session = once(() => connect(options))
  const stat: BlobStore['stat'] = async (key) => {
    const { client, HeadObjectCommand } = await session()
    const input = { Bucket: bucket, Key: checkKey(key) }
    const head = await guarded((abortSignal) => client.send(new HeadObjectCommand(input), { abortSignal })).catch(absent)
    return head && { size: head.ContentLength ?? 0 }
  }
  const store: BlobStore = {
    kind: 's3',
    stat,
    write: async (key, body, { contentType, maxBytes }) =>
      upload(await session(), { bucket, key: checkKey(key), contentType }, body, maxBytes),
    read: async (key, range) => {
      const { client, GetObjectCommand } = await session()
      const found = range ? await stat(key) : null
      if (range && !found) return null
      const part = range && found ? checkRange(range, found.size) : null
      const input = { Bucket: bucket, Key: checkKey(key), ...(part ? { Range: `bytes=${part.start}-${part.end}` } : {}) }
      const answer = await guarded((abortSignal) => client.send(new GetObjectCommand(input), { abortSignal })).catch(absent)
      if (!(answer?.Body instanceof Readable)) return null
      return { body: answer.Body, size: found?.size ?? answer.ContentLength ?? 0 }
    },
    remove: async (key) => {
      const { client, DeleteObjectCommand } = await session()
      const input = { Bucket: bucket, Key: checkKey(key) }
      await guarded((abortSignal) => client.send(new DeleteObjectCommand(input), { abortSignal })).catch(absent)
    },
    link: async (key, link) => presign(await session(), bucket, checkKey(key), link),
    check: () => checkStore(store),
    close: async () => (await session()).client.destroy(),
  }
  return store
}

/** A store that is away, or asked too often, is so for whoever asked for a file; anything else it says is ours to put right. */
function refuseOutage(error: unknown): never {
  if (!isOutage(error)) throw error
  const retryAfter = (error instanceof Refusal && error.details.headers?.['retry-after']) || '2'
  throw new Refusal('storage_unavailable', { cause: error, headers: { 'retry-after': retryAfter } })
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => (made ??= make())
}

async function connect({ region, endpoint, accessKeyId, secretAccessKey, patienceMs = 30_000 }: S3Options) {
  const [s3, { Upload }, { getSignedUrl }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/lib-storage'),
    import('@aws-sdk/s3-request-presigner'),
  ])
  const client = new s3.S3Client({
    region,
    // Other servers than AWS do not know the checksum trailers of streamed bodies.
    requestChecksumCalculation: endpoint ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED',
    responseChecksumValidation: endpoint ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED',
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    maxAttempts: 2,
    // No limit to silence in the middle of one: whoever listens may pause.
    requestHandler: { connectionTimeout: 2000, requestTimeout: patienceMs, throwOnRequestTimeout: true, socketTimeout: 0 },
  })
  const { GetObjectCommand, HeadObjectCommand, DeleteObjectCommand } = s3
  return { client, Upload, getSignedUrl, GetObjectCommand, HeadObjectCommand, DeleteObjectCommand }
}

type Session = Awaited<ReturnType<typeof connect>> & { readonly client: S3Client }

async function upload(
  session: Session,
  to: { bucket: string; key: string; contentType: string },
  body: Readable | Buffer,
  maxBytes: number | undefined,
): Promise<Written> {
  const { stream, written } = measure(maxBytes)
  const sending = new session.Upload({
    client: session.client,
    params: { Bucket: to.bucket, Key: to.key, ContentType: to.contentType, Body: stream },
    leavePartsOnError: false,
  })
  // Both sides are waited for: a source that fails must end the upload, an upload that fails must end the source.
  const feeding = pipeline(Buffer.isBuffer(body) ? Readable.from([body]) : body, stream).catch(async (error: unknown) => {
    await sending.abort()
    throw error
  })
  const sent = sending.done().catch((error: unknown) => {
    stream.destroy(error instanceof Error ? error : new Error('the upload failed', { cause: error }))
    throw error
  })
  const [fed, done] = await Promise.allSettled([feeding, sent])
  // The source's own error says more than the abort that followed from it.
  if (fed.status === 'rejected' && !(done.status === 'rejected' && done.reason === fed.reason)) throw fed.reason
  if (done.status === 'rejected') return refuseOutage(done.reason)
  return written()
}

function presign(session: Session, bucket: string, key: string, link: BlobLink): Promise<string> {
  const command = new session.GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ResponseContentType: link.contentType,
    ResponseContentDisposition: contentDisposition(link.disposition, link.filename),
  })
  return session.getSignedUrl(session.client, command, { expiresIn: link.expiresS })
}

function absent(error: { readonly name?: string; readonly $metadata?: { readonly httpStatusCode?: number } }): null {
  if (error.name === 'NoSuchKey' || error.name === 'NotFound' || error.$metadata?.httpStatusCode === 404) return null
  throw error
}
