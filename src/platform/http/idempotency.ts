// P7: a repeated request is answered with the first one's answer. The key's lock, the work and the stored answer are
// one transaction: killed in the middle, nothing is held, nothing is stored, nothing was done.
import { createHash } from 'node:crypto'
import { refuse } from '../errors/index.ts'
import type { Session, Tx } from '../session/index.ts'
import { insertAnswer, lockKey, selectAnswer } from './idempotency.sql.ts'

export interface Rendered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  /** False for an answer that judged the request's shape alone: a corrected one may use the key again. */
  readonly final?: boolean
}

const dayMs = 24 * 3600 * 1000
/** Answers that say nothing about the work: the same request may well succeed later. */
const notStored = new Set([401, 403, 404, 429])
/** P7: what failed on our side is an answer like any other. A database that is away stores nothing: it is thrown past this. */
const isStored = ({ final = true, status }: Rendered): boolean => final && !notStored.has(status)

type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * The key of `Idempotency-Key` or `X-Idempotency-Key`: a string of RFC 8941, in quotes, as
 * draft-ietf-httpapi-idempotency-key-header has it, or bare, as most send it. `"a"` and `a` are one key.
 * @throws idempotency_key_invalid, also where both are there and differ
 */
export function readKey(headers: Headers): string | null {
  const keys = [parseKey(headers, 'Idempotency-Key'), parseKey(headers, 'X-Idempotency-Key')].filter((key) => key !== null)
  if (keys.length === 2 && keys[0] !== keys[1])
    refuse('idempotency_key_invalid', { message: 'Idempotency-Key and X-Idempotency-Key name different keys.' })
  return keys[0] ?? null
}

const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/
const bare = /^[\x21-\x7e]+$/
const longestKey = 255

function parseKey(headers: Headers, name: string): string | null {
  const given = headers[name.toLowerCase()]
  if (given === undefined) return null
  const text = String(given) // of several lines, Node makes one with commas and spaces
  const key = quoted.exec(text)?.[1]?.replace(/\\(.)/g, '$1') ?? (bare.test(text) ? text : '')
  if (key === '' || key.length > longestKey)
    refuse('idempotency_key_invalid', { message: `${name} must be 1 to ${longestKey} printable characters.` })
  return key
}

export interface Fingerprinted {
  readonly method: string
  /** With its query. */
  readonly url: string
  readonly contentType: string | undefined
  readonly body: Buffer
}

/** What must be the same for a request to be a repeat: the same bytes as another type of content are another request. */
export function fingerprint({ method, url, contentType = '', body }: Fingerprinted): Buffer {
  const type = contentType.split(';')[0]?.trim().toLowerCase()
  return createHash('sha256').update(`${method} ${url}\n${type}\n`).update(body).digest()
}

export interface Repeat {
  readonly key: string
  readonly route: string
  readonly fingerprint: Buffer
}

/** The keys that this process is at work on: a crowd of repeats learns it here, and holds no connection to ask. */
export type Flights = Set<string>

/**
 * Runs `work` once for a key. `work` never throws for what the caller did wrong: it renders it.
 * @throws idempotency_key_reused (another body), idempotency_key_in_use (the first is still running)
 */
export async function once(flights: Flights, session: Session, repeat: Repeat, work: Work): Promise<Rendered> {
  const flight = `${session.organizationId} ${callerOf(session)} ${repeat.route} ${repeat.key}`
  if (flights.has(flight)) return (await replay(session, repeat)) ?? refuse('idempotency_key_in_use', inUse)
  flights.add(flight)
  try {
    return await session.write((tx) => locked(tx, repeat, work))
  } finally {
    flights.delete(flight)
  }
}

type Work = (session: Session) => Promise<Rendered>
const inUse = { headers: { 'retry-after': '1' } }

async function locked(tx: Tx, repeat: Repeat, work: Work): Promise<Rendered> {
  const credential = callerOf(tx)
  const { key, route, fingerprint } = repeat
  const lock = await tx.read(lockKey, { name: `${credential} ${route} ${key}` })
  const stored = await replay(tx, repeat) // also where the lock is held: by another repeat, as like as not
  if (stored) return stored
  if (!lock?.locked) refuse('idempotency_key_in_use', inUse)
  const rendered = await work(tx)
  if (isStored(rendered)) {
    const { status, headers, body } = rendered
    await tx.run(insertAnswer, { credential, route, key, fingerprint, status, headers, body, at: tx.now() })
  }
  return rendered
}

/** Who it is, and not with which token: a new token, or a new signing key, makes no new caller. */
const callerOf = ({ principal: { kind, subject, proof } }: Session): string => `${kind} ${subject} ${proof?.issuer ?? ''}`

/** Null when there is nothing to repeat. @throws idempotency_key_reused */
async function replay(session: Session, { key, route, fingerprint }: Repeat): Promise<Rendered | null> {
  const since = new Date(session.now().getTime() - dayMs)
  const stored = await session.read(selectAnswer, { credential: callerOf(session), route, key, since })
  if (!stored) return null
  if (!stored.fingerprint.equals(fingerprint)) refuse('idempotency_key_reused')
  return { status: stored.status, body: stored.body, headers: { ...stored.headers, 'idempotent-replayed': 'true' } }
}
