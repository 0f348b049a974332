// Serves a stored file: whole or in part (RFC 9110 ranges), with an ETag, never as something a browser would run.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { type BlobStore, contentDisposition } from '../../platform/blobs/index.ts'
import { type Code, refuse } from '../../platform/errors/index.ts'
import { type Answer, answer, type RequestFacts } from '../../platform/http/index.ts'

export interface ServedFile {
  readonly key: string
  readonly filename: string
  readonly contentType: string
  readonly disposition: 'attachment' | 'inline'
}

/** Bytes under a key never change, so the key tells one version from another. @throws range_not_satisfiable, the given code */
export async function fileAnswer(blobs: BlobStore, file: ServedFile, { headers, method }: RequestFacts, missing: Code): Promise<Answer> {
  const found = (await blobs.stat(file.key)) ?? refuse(missing)
  const etag = `"${createHash('sha256').update(`${file.key} ${found.size}`).digest('base64url').slice(0, 27)}"`
  const common = {
    etag,
    'accept-ranges': 'bytes',
    'content-type': file.contentType,
    'content-disposition': contentDisposition(file.disposition, file.filename),
    'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  }
  if (matches(headers['if-none-match'], etag)) return answer(304, null, common)
  const range = appliesTo(headers['if-range'], etag) ? parseRange(headers.range, found.size) : null
  const { start, end } = range ?? { start: 0, end: found.size - 1 }
  const length = { 'content-length': String(end - start + 1) }
  const status = range ? 206 : 200
  const part: Record<string, string> = range ? { 'content-range': `bytes ${start}-${end}/${found.size}` } : {}
  // An empty stream leaves the length as it is said; no body at all would be said to be of length 0.
  if (method === 'HEAD') return answer(status, Readable.from([]), { ...common, ...length, ...part })
  const opened = (await blobs.read(file.key, range ?? undefined)) ?? refuse(missing)
  return answer(status, opened.body, { ...common, ...length, ...part })
}

type Header = string | string[] | undefined
const textOf = (header: Header): string | undefined => (Array.isArray(header) ? header.join(',') : header)

function matches(header: Header, etag: string): boolean {
  const tags = textOf(header)
    ?.split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
  return tags?.some((tag) => tag === '*' || tag === etag) ?? false
}

const appliesTo = (ifRange: Header, etag: string): boolean => ifRange === undefined || textOf(ifRange) === etag

/** Null where the whole is to be sent: no range, several, or one in another unit. @throws range_not_satisfiable */
function parseRange(header: Header, size: number): { start: number; end: number } | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(textOf(header)?.trim() ?? '')
  const [, first = '', last = ''] = match ?? []
  if (!match || (first === '' && last === '')) return null
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return null
  return start > end || start >= size
    ? refuse('range_not_satisfiable', { headers: { 'content-range': `bytes */${size}` } })
    : { start, end }
}
