// Reads bodies strictly: JSON must be UTF-8 and JSON, a form must be a form. What cannot be read is refused by name.
import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { refuse } from '../errors/index.ts'
import { visitOf } from './visit.ts'

export interface ReadBody {
  readonly raw: Buffer
  readonly form: readonly (readonly [string, string])[]
  readonly kind: 'json' | 'form' | 'none'
}

const nothing: ReadBody = { raw: Buffer.alloc(0), form: [], kind: 'none' }
export const bodyOf = (request: FastifyRequest): ReadBody => visitOf(request).body ?? nothing

export function registerBodyParsers(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(/^application\/(?:[\w.+-]+\+)?json(?:;|$)/i, { parseAs: 'buffer' }, (request, raw: Buffer, done) => {
    settle(done, () => {
      visitOf(request).body = { raw, form: [], kind: 'json' }
      return parseJson(raw)
    })
  })
  server.addContentTypeParser(/^application\/x-www-form-urlencoded(?:;|$)/i, { parseAs: 'buffer' }, (request, raw: Buffer, done) => {
    settle(done, () => {
      const form = parseForm(raw)
      visitOf(request).body = { raw, form, kind: 'form' }
      return Object.fromEntries(form)
    })
  })
}

function settle(done: (error: Error | null, body?: unknown) => void, work: () => unknown): void {
  try {
    done(null, work())
  } catch (error) {
    done(error as Error)
  }
}

/** @throws malformed_body: not UTF-8, not JSON, or a key that would reach into a prototype. */
export function parseJson(raw: Buffer): unknown {
  if (raw.length === 0) return undefined
  if (!isUtf8(raw)) refuse('malformed_body', { message: 'The body is not valid UTF-8.' })
  const text = raw.toString('utf8')
  try {
    if (nestsTooDeep(text)) throw new SyntaxError(`it nests deeper than ${deepestNesting} levels`)
    if (text.includes('"__proto__"')) throw new SyntaxError('the key __proto__ is not accepted')
    return JSON.parse(text)
  } catch (error) {
    refuse('malformed_body', { message: `The body is not valid JSON: ${(error as Error).message.slice(0, 120)}.`, cause: error })
  }
}

/** Whoever walks a value by recursion, here or in PostgreSQL, must come to its end. */
const deepestNesting = 100

function nestsTooDeep(text: string): boolean {
  let depth = 0
  let quoted = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (quoted && character === '\\') index++
    else if (character === '"') quoted = !quoted
    else if (quoted) continue
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    if (depth > deepestNesting) return true
  }
  return false
}

function parseForm(raw: Buffer): (readonly [string, string])[] {
  const text = raw.toString('latin1')
  if (!/^[\x20-\x7e]*$/.test(text) && !isUtf8(raw)) refuse('malformed_body', { message: 'The form is not valid UTF-8.' })
  return [...new URLSearchParams(raw.toString('utf8'))]
}

export const announcesBody = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
