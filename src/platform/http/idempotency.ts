// P7: a repeated request is answered with the first one's answer. The key's lock, the work and the stored answer are
// one transaction: killed in the middle, nothing is held, nothing is stored, nothing was done.
import { createHash } from 'node:crypto'
import { refuse } from '../errors/index.ts'
import type { Session } from '../session/index.ts'
import { insertAnswer, lockKey, type StoredAnswer, selectAnswer } from './idempotency.sql.ts'

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

/** The key of `Idempotency-Key` (a quoted string in the IETF draft, bare in practice) or `X-Idempotency-Key`. */
export function readKey(headers: Readonly<Record<string, string | string[] | undefined>>): string | null {
  const given = headers['idempotency-key'] ?? headers['x-idempotency-key']
  if (given === undefined) return null
  const text = Array.isArray(given) ? given.join(',') : given
  const key = /^".*"$/.test(text) ? text.slice(1, -1) : text
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) refuse('idempotency_key_invalid')
  return key
}

export function fingerprint(method: string, url: string, body: Buffer): Buffer {
  return createHash('sha256').update(`${method} ${url}\n`).update(body).digest()
}

export interface Repeat {
  readonly key: string
  readonly route: string
  readonly fingerprint: Buffer
}

/**
 * Runs `work` once for a key. `work` never throws for what the caller did wrong: it renders it.
 * @throws idempotency_key_reused (another body), idempotency_key_in_use (the first is still running)
 */
export function once(session: Session, repeat: Repeat, work: (session: Session) => Promise<Rendered>): Promise<Rendered> {
  const { key, route } = repeat
  const credential = session.principal.credential
  return session.write(async (tx) => {
    const lock = await tx.read(lockKey, { name: `${credential} ${route} ${key}` })
    if (!lock?.locked) refuse('idempotency_key_in_use', { headers: { 'retry-after': '1' } })
    const since = new Date(tx.now().getTime() - dayMs)
    const stored = await tx.read(selectAnswer, { credential, route, key, since })
    if (stored) return replay(stored, repeat)
    const rendered = await work(tx)
    if (rendered.final !== false && !notStored.has(rendered.status)) {
      const { status, headers, body } = rendered
      await tx.run(insertAnswer, { credential, route, key, fingerprint: repeat.fingerprint, status, headers, body, at: tx.now() })
    }
    return rendered
  })
}

function replay(stored: StoredAnswer, repeat: Repeat): Rendered {
  if (!stored.fingerprint.equals(repeat.fingerprint)) refuse('idempotency_key_reused')
  return { status: stored.status, body: stored.body, headers: { ...stored.headers, 'idempotent-replayed': 'true' } }
}
