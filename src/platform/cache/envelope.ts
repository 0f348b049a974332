// How a value lies in a tier: `signature.[key, expiry, value]`. What is not signed by us, belongs to another key or has expired is no value:
// a tier that was tampered with, or that mixes up its answers, can cost a load and nothing else.
import { timingSafeEqual } from 'node:crypto'

export type Sign = (text: string) => string

export function wrap(sign: Sign, key: string, expiresMs: number, value: unknown): string {
  const text = JSON.stringify([key, expiresMs, value])
  return `${sign(text)}.${text}`
}

export function unwrap(
  sign: Sign,
  key: string,
  nowMs: number,
  wrapped: string,
): { readonly value: unknown; readonly expiresMs: number } | null {
  const dot = wrapped.indexOf('.')
  const text = wrapped.slice(dot + 1)
  if (dot < 0 || !same(sign(text), wrapped.slice(0, dot))) return null
  const parts = parse(text)
  if (!Array.isArray(parts)) return null
  const [forKey, expiresMs, value]: unknown[] = parts
  return forKey === key && typeof expiresMs === 'number' && expiresMs > nowMs ? { value, expiresMs } : null
}

function same(expected: string, given: string): boolean {
  const [one, other] = [Buffer.from(expected), Buffer.from(given)]
  return one.length === other.length && timingSafeEqual(one, other)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Without a signature anything at all may lie there.
    return null
  }
}
