// One connection to Redis or Valkey for what we can do without: no queueing while it is away, short timeouts, rest after failures.
// Throws LinkDown instead of waiting; the caller goes on without Redis.
import type { Redis } from 'ioredis'
import { type Link, LinkDown, openLink, withTimeout } from '../resilience/index.ts'
import type { Log } from '../telemetry/index.ts'
import type { Clock } from '../time/index.ts'

export interface RedisLink {
  /** @throws LinkDown, ReplyError */
  run<T>(fn: (client: Redis) => Promise<T>): Promise<T>
  up(): boolean
  /** Waits for the connection, for two seconds at most; for checks, not for requests. @throws LinkDown */
  ready(): Promise<Redis>
  close(): Promise<void>
}

/** Connects in the background; `url` is `redis://` or `rediss://`, with user, password and database as usual. */
export function openRedis(input: { url: string; timeoutMs: number; clock: Clock; log: Log }): RedisLink {
  let client: Redis | null = null
  const link = openLink({
    name: 'redis',
    timeoutMs: input.timeoutMs,
    clock: input.clock,
    log: input.log,
    onDown: () => client?.disconnect(true),
  })
  const connecting = connect(input.url, input.log)
  void connecting.then((connected) => {
    client = connected
  })
  return {
    run: (fn) => runWhenReady(link, client, fn),
    up: () => client?.status === 'ready' && link.up(),
    ready: () =>
      withTimeout(
        2000,
        () => new LinkDown('redis cannot be reached'),
        async (signal) => whenReady(await connecting, signal),
      ),
    close: async () => {
      const connected = await connecting
      connected.disconnect()
    },
  }
}

/** A connection that is not there is no slow answer: it says so at once, and does not count against the link. */
function runWhenReady<T>(link: Link, client: Redis | null, fn: (client: Redis) => Promise<T>): Promise<T> {
  if (client?.status !== 'ready') return Promise.reject(new LinkDown('redis is not connected'))
  return link.run(() => fn(client))
}

async function connect(url: string, log: Log): Promise<Redis> {
  const { Redis } = await import('ioredis')
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1000,
    disconnectTimeout: 100,
    retryStrategy: (attempt) => Math.min(attempt * 50, 1000),
  })
  let told = false
  client.on('error', (error) => {
    if (!told) log.warn({ err: error }, 'redis cannot be reached; going on without it')
    told = true
  })
  client.on('ready', () => {
    told = false
  })
  return client
}

function whenReady(client: Redis, signal: AbortSignal): Promise<Redis> {
  if (client.status === 'ready') return Promise.resolve(client)
  const { promise, resolve } = Promise.withResolvers<Redis>()
  const ready = () => resolve(client)
  client.once('ready', ready)
  signal.addEventListener('abort', () => client.off('ready', ready), { once: true })
  return promise
}
