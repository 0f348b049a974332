// Callers who go on while PostgreSQL fails: each reads or adds a person, repeats an addition with its key until it is
// told that it is done, and remembers everything that it was answered.
import { setTimeout as delay } from 'node:timers/promises'
import type { Office } from './postgres-office.ts'

export interface Heard {
  readonly method: 'GET' | 'POST'
  readonly status: number
  readonly retryAfter: string | null
  readonly body: unknown
  readonly replayed: boolean
  readonly startedAt: number
  readonly tookMs: number
}

export interface Callers {
  readonly heard: Heard[]
  /** Numbers whose owners were told that they were added. */
  readonly added: string[]
  /** Lets every caller finish what it has begun. */
  finish(): Promise<void>
}

/** Refused, a caller asks again: sooner than Retry-After says, to be there when it is over. */
const pauseMs = 50
let people = 0
export const nextMobile = (): string => `+4477001${String(++people).padStart(5, '0')}`

export function startCallers(office: Office, count: number): Callers {
  const heard: Heard[] = []
  const added: string[] = []
  let going = true
  const call = async (): Promise<void> => {
    while (going) {
      heard.push(await ask(office, 'GET', '/users?limit=1'))
      const mobile = nextMobile()
      for (;;) {
        const answer = await add(office, mobile)
        heard.push(answer)
        if (answer.status === 201) break
        await delay(pauseMs)
      }
      added.push(mobile)
    }
  }
  const calls = Promise.all(Array.from({ length: count }, call))
  return {
    heard,
    added,
    async finish() {
      going = false
      await calls
    },
  }
}

export const add = (office: Office, mobile: string): Promise<Heard> =>
  ask(office, 'POST', '/users', { full_name: 'Grace Hopper', mobile }, `add-${mobile}`)

export async function ask(office: Office, method: 'GET' | 'POST', path: string, json?: object, key?: string): Promise<Heard> {
  const startedAt = performance.now()
  const response = await fetch(`${office.url}${path}`, {
    method,
    headers: {
      'x-api-key': office.org.apiKey,
      ...(json ? { 'content-type': 'application/json' } : {}),
      ...(key ? { 'idempotency-key': key } : {}),
    },
    ...(json ? { body: JSON.stringify(json) } : {}),
  })
  const body: unknown = await response.json()
  return {
    method,
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body,
    replayed: response.headers.get('idempotent-replayed') === 'true',
    startedAt,
    tookMs: performance.now() - startedAt,
  }
}
