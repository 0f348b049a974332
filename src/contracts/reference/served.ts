// Serves what is read often and changes with the code alone: text or files with an ETag, compressed once.
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type Answer, answer, type RequestFacts } from '../../platform/http/index.ts'

const compress = promisify(gzip)

export interface Served {
  readonly type: string
  readonly etag: string
  readonly plain: Buffer
  readonly gzipped: Buffer
}

export async function toServed(content: string | Buffer, type: string): Promise<Served> {
  const plain = typeof content === 'string' ? Buffer.from(content) : content
  return { type, plain, gzipped: await compress(plain), etag: `W/"${hashOf(plain)}"` }
}

export const hashOf = (content: Buffer | string): string => createHash('sha256').update(content).digest('base64url').slice(0, 22)

/** 304 when the caller has it already. `headers` may say how long it may be kept; otherwise it is asked for again. */
export function serve({ headers: asked }: RequestFacts, served: Served, headers: Readonly<Record<string, string>> = {}): Answer {
  const common = { etag: served.etag, 'cache-control': 'no-cache', vary: 'accept-encoding', ...headers }
  if (knows(String(asked['if-none-match'] ?? ''), served.etag)) return answer(304, null, common)
  const zipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(String(asked['accept-encoding'] ?? ''))
  return answer(200, zipped ? served.gzipped : served.plain, {
    ...common,
    'content-type': served.type,
    ...(zipped ? { 'content-encoding': 'gzip' } : {}),
  })
}

/** Weak comparison (RFC 9110, 8.8.3.2): a proxy may have taken the `W/` off or put it on. */
function knows(given: string, etag: string): boolean {
  const bare = (tag: string) => tag.trim().replace(/^W\//, '')
  return given.trim() === '*' || given.split(',').some((tag) => bare(tag) === bare(etag))
}

/** Made at the first request and kept. What failed is tried again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null
      throw error
    })
    return made
  }
}
