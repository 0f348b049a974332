// Whether each part of the house works, by a round trip to the thing that serves it now (S15). A part is served by what
// is configured or by its embedded substitute; nothing is answered from what was configured alone.
import { randomUUID } from 'node:crypto'
import type { House } from '../house.ts'
import { checkEventStream } from './event-stream-check.ts'

export const parts = ['database', 'memcache', 'redis', 'dgapi', 'coreapi', 's3', 'sse'] as const
export type Part = (typeof parts)[number]
export type Reason = 'timeout' | 'refused' | 'name_not_found' | 'authentication' | 'bad_answer' | 'unavailable'
export type Finding =
  | { readonly state: 'ok'; readonly backend: string }
  | { readonly state: 'disabled' }
  | { readonly state: 'error'; readonly reason: Reason; readonly backend: string }

const longestMs = 1_800

interface Check {
  readonly backend: string
  readonly run: (signal: AbortSignal) => Promise<unknown>
}

export interface Checks {
  /** `origin`: where this process itself listens. */
  check(part: Part, origin: string): Promise<Finding>
  checkAll(origin: string): Promise<Record<Part, Finding>>
}

/** However many ask at once, each part is tried once at a time. */
export function openChecks(house: House): Checks {
  const running = new Map<Part, Promise<Finding>>()
  const memory = memoryCheck(house)
  const check = (part: Part, origin: string): Promise<Finding> => {
    const before = running.get(part)
    if (before) return before
    const now = perform(house, part, checkOf(house, part, origin, memory)).finally(() => running.delete(part))
    running.set(part, now)
    return now
  }
  return {
    check,
    async checkAll(origin) {
      const findings = await Promise.all(parts.map(async (part) => [part, await check(part, origin)] as const))
      return Object.fromEntries(findings) as Record<Part, Finding>
    },
  }
}

function checkOf(house: House, part: Part, origin: string, memory: () => Promise<void>): Check | null {
  const { settings, caches } = house
  const tier = (name: 'memcached' | 'redis'): Check =>
    caches.configured(name) ? { backend: name, run: () => caches.check(name) } : { backend: 'process memory', run: memory }
  switch (part) {
    case 'database':
      return { backend: settings.database.url ? 'postgresql' : 'embedded postgresql', run: () => house.database.ping() }
    case 'memcache':
      return tier('memcached')
    case 'redis':
      return tier('redis')
    case 's3':
      return { backend: house.blobs.kind === 's3' ? 's3' : 'data folder', run: () => house.blobs.check() }
    case 'sse':
      return { backend: 'postgresql notifications', run: (signal) => checkEventStream(house, origin, signal) }
    case 'dgapi':
      return upstream(settings.dgapiUrl)
    case 'coreapi':
      return upstream(settings.coreapiUrl)
  }
}

/** Anything but a server's own error is an answer: not every upstream has something at its root. */
const upstream = (url: string | undefined): Check | null =>
  url === undefined
    ? null
    : {
        backend: 'http',
        run: async (signal) => {
          const answer = await fetch(url, { signal, redirect: 'manual' })
          await answer.body?.cancel()
          if (answer.status >= 500) throw Object.assign(new Error(`answered ${answer.status}`), { code: 'BAD_ANSWER' })
        },
      }

/** The substitute of the shared tiers: a value goes in, comes back, and is gone after it was dropped. */
function memoryCheck({ caches }: House): () => Promise<void> {
  const family = caches.family<string>({ name: 'hello', tier: 'memory', local: true, ttlS: 10, maxEntries: 100 })
  return async () => {
    const [key, first, second] = [randomUUID(), randomUUID(), randomUUID()]
    await family.get(key, async () => first)
    const kept = await family.get(key, async () => second)
    await family.drop(key)
    const fresh = await family.get(key, async () => second)
    await family.drop(key)
    if (kept !== first || fresh !== second) throw new Error('memory does not keep what it is given')
  }
}

async function perform(house: House, part: Part, check: Check | null): Promise<Finding> {
  if (!check) return { state: 'disabled' }
  const { backend } = check
  const signal = AbortSignal.timeout(longestMs)
  try {
    await Promise.race([check.run(signal), aborted(signal)])
    return { state: 'ok', backend }
  } catch (error) {
    house.log.warn({ err: error, part }, 'a health check failed')
    return { state: 'error', reason: reasonOf(error), backend }
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

const byCode: Readonly<Record<string, Reason>> = {
  ETIMEDOUT: 'timeout',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  ENOTFOUND: 'name_not_found',
  EAI_AGAIN: 'name_not_found',
  BAD_ANSWER: 'bad_answer',
  '28P01': 'authentication',
  '28000': 'authentication',
}

/** The class of what went wrong, from the innermost error that tells; never its text. */
export function reasonOf(error: unknown): Reason {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth++) {
    const { code, name, message } = current as Error & { code?: unknown }
    const known = byCode[String(code)]
    if (known) return known
    if (name === 'TimeoutError' || name === 'AbortError') return 'timeout'
    if (/NOAUTH|WRONGPASS|InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied/.test(`${name} ${message}`)) return 'authentication'
  }
  return 'unavailable'
}
