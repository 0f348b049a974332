// Counts, hashes and keeps the head of a file while it streams by. Refuses it as soon as it is too large.
import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { Refusal } from '../errors/index.ts'
import { headBytes, type Written } from './port.ts'

/** `written()` is complete once the stream has ended. */
export function measure(maxBytes: number | undefined): { stream: Transform; written: () => Written } {
  const hash = createHash('sha256')
  const head: Buffer[] = []
  let headSize = 0
  let size = 0
  const stream = new Transform({
    transform(chunk: Buffer | string, encoding, done) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
      size += bytes.length
      if (maxBytes !== undefined && size > maxBytes) return done(new Refusal('blob_too_large', { extra: { maxBytes } }))
      hash.update(bytes)
      if (headSize < headBytes) {
        const part = bytes.subarray(0, headBytes - headSize)
        head.push(Buffer.from(part))
        headSize += part.length
      }
      done(null, bytes)
    },
  })
  return { stream, written: () => ({ size, sha256: hash.digest('hex'), head: Buffer.concat(head) }) }
}
