import { createHash, randomUUID } from 'node:crypto'
import type { Client } from 'memjs'
import { LinkDown, openLink, withTimeout } from '../resilience/index.ts'
import type { Log } from '../telemetry/index.ts'
import type { Clock } from '../time/index.ts'
import { grave, graveTtlS, type Tier } from './tier.ts'

export interface MemcachedOptions {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
  readonly clock: Clock
  readonly log: Log
}

/** Memcached counts a longer time as a date. */
const longestTtlS = 30 * 24 * 3600
const checkMs = 2000

export function memcachedTier({ host, port, timeoutMs, clock, log }: MemcachedOptions): Tier {
  let client: Promise<Client> | null = null
  const connected = () => {
    client ??= connect(host, port, log)
    return client
  }
  // Answers that are still owed on an abandoned connection would be taken for those to later questions: a new one is made.
  const abandon = () => {
    void client?.then((old) => old.close())
    client = null
  }
  const link = openLink({ name: 'memcached', timeoutMs, clock, log, onDown: abandon })
  const run = <T>(fn: (client: Client) => Promise<T>) => link.run(async () => fn(await connected()))
  void connected()

  return {
    name: 'memcached',
    get: (key) => run(async (memcached) => (await memcached.get(nameOf(key))).value?.toString('utf8') ?? null),
    add: async (key, text, ttlS) =>
      void (await run((memcached) => memcached.add(nameOf(key), text, { expires: Math.min(ttlS, longestTtlS) }))),
    bury: async (key) => void (await run((memcached) => memcached.set(nameOf(key), grave, { expires: graveTtlS }))),
    size: () => run(countItems),
    up: () => link.up(),
    check: async () => {
      const memcached = await connected()
      await withTimeout(
        checkMs,
        () => new LinkDown('memcached cannot be reached'),
        () => roundTrip(memcached),
      )
    },
    close: async () => (await connected()).close(),
  }
}

async function connect(host: string, port: number, log: Log): Promise<Client> {
  const { Client } = await import('memjs')
  const words = (...said: unknown[]) => log.debug({ service: 'memcached' }, said.map(String).join(' '))
  return Client.create(`${host}:${port}`, { retries: 1, timeout: 0.5, conntimeout: 1, keepAlive: true, logger: { log: words } })
}

async function roundTrip(memcached: Client): Promise<void> {
  const key = `check:${randomUUID()}`
  await memcached.set(key, key, { expires: 10 })
  const { value } = await memcached.get(key)
  await memcached.delete(key)
  if (value?.toString('utf8') !== key) throw new Error('memcached did not give back what it was given')
}

/** A key of Memcached is at most 250 bytes without blanks or control characters. */
const nameOf = (key: string): string =>
  /^[\x21-\x7e]{1,200}$/.test(key) ? key : `${key.split(':', 1)[0]}:${createHash('sha256').update(key).digest('base64url')}`

function countItems(memcached: Client): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  memcached.stats((error, _server, stats) => {
    if (error) reject(error)
    else resolve(Number(stats?.curr_items ?? 0))
  })
  return promise
}
