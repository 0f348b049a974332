// What a store of files promises, whichever it is. The conformance suite beside it holds every implementation to this.
import type { Readable } from 'node:stream'
import { refuse } from '../errors/index.ts'

export interface Written {
  readonly size: number
  /** Of the whole file, in hexadecimal. */
  readonly sha256: string
  /** The first bytes (4,100 at most), from which its real type can be told. */
  readonly head: Buffer
}

export interface BlobLink {
  readonly expiresS: number
  readonly filename: string
  readonly contentType: string
  readonly disposition: 'attachment' | 'inline'
}

export interface BlobStore {
  readonly kind: 'files' | 's3'
  /** All of it or nothing: when the body fails or is too large, what was there before is still there. @throws blob_too_large, blob_key_invalid */
  write(key: string, body: Readable | Buffer, options: { readonly contentType: string; readonly maxBytes?: number }): Promise<Written>
  /** Bytes `start` to `end`, both included; `size` is that of the whole file. @throws range_not_satisfiable */
  read(
    key: string,
    range?: { readonly start: number; readonly end: number },
  ): Promise<{ readonly body: Readable; readonly size: number } | null>
  stat(key: string): Promise<{ readonly size: number } | null>
  /** What is not there is removed already. */
  remove(key: string): Promise<void>
  /** A URL that needs no credential, for a while. */
  link(key: string, options: BlobLink): Promise<string>
  /** Writes, reads and removes a small file. @throws what went wrong */
  check(): Promise<void>
  close(): Promise<void>
}

export const headBytes = 4100
const longestKey = 512
const segment = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/

/** Keys are `${organizationId}/${kind}/${uuid}`: plain words between single slashes. @throws blob_key_invalid */
export function checkKey(key: string): string {
  const fine = key.length <= longestKey && key.split('/').every((part) => segment.test(part) && !part.includes('..'))
  return fine ? key : refuse('blob_key_invalid')
}

/** @throws range_not_satisfiable */
export function checkRange(range: { readonly start: number; readonly end: number }, size: number): { start: number; end: number } {
  const { start, end } = range
  const fine = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && start < size
  return fine
    ? { start, end: Math.min(end, size - 1) }
    : refuse('range_not_satisfiable', { headers: { 'content-range': `bytes */${size}` } })
}

/**
 * `attachment; filename="…"; filename*=UTF-8''…` (RFC 6266): a name in any script, with nothing in it that could end the header or leave a folder.
 */
export function contentDisposition(disposition: 'attachment' | 'inline', filename: string): string {
  const name = filename.toWellFormed().replace(/[\u0000-\u001f\u007f/\\]/g, '_') || 'file'
  const plain = name.replace(/[^\x20-\x7e]|["%]/g, '_')
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${disposition}; filename="${plain}"; filename*=UTF-8''${encoded}`
}
