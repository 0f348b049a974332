// Word between processes over PostgreSQL's LISTEN and NOTIFY. A message may be lost while the connection is down,
// so whoever keeps something because of one subscribes to `resync` too and starts afresh then.
import type { Database } from '../db/index.ts'
import type { Log, Tx } from '../session/index.ts'
import { notify } from './bus.sql.ts'

export interface Bus {
  publish(channel: string, payload: unknown): Promise<void>
  /** @returns a function that ends the subscription. */
  subscribe(channel: string, listener: (payload: unknown) => void): () => void
}

/** Heard by every process when the change is committed, and by none when it is not. */
export function publishIn(tx: Pick<Tx, 'later'>, channel: string, payload: unknown): void {
  tx.later(notify, { payload: JSON.stringify({ channel, payload }) })
}

const retryMs = 250

export interface BusConnection extends Bus {
  close(): Promise<void>
}

/** `resync` is published locally after every reconnection; `events` carries `{organizationId, seq}` of the feed. */
export async function openBus(database: Database, log: Log): Promise<BusConnection> {
  const listeners = new Map<string, Set<(payload: unknown) => void>>()
  let closed = false
  let connection: Promise<{ close(): Promise<void> } | null> = Promise.resolve(null)
  let retry: NodeJS.Timeout | null = null

  const deliver = (channel: string, payload: unknown) => {
    for (const listener of listeners.get(channel) ?? []) listener(payload)
  }
  const onMessage = (channel: string, text: string) => {
    if (channel === 'patchbay_bus') {
      const message = JSON.parse(text) as { channel: string; payload: unknown }
      deliver(message.channel, message.payload)
    } else {
      const [organizationId, seq] = text.split(':').map(Number)
      deliver('events', { organizationId, seq })
    }
  }
  const onLost = (error: Error) => {
    if (closed || retry) return
    log.debug({ err: error }, 'lost the notification connection; reconnecting') // the database itself tells of an outage, once
    retry = setTimeout(reconnect, retryMs)
  }
  const reconnect = () => {
    retry = null
    connect().then(() => closed || deliver('resync', null), onLost)
  }
  async function connect(): Promise<void> {
    const opening = database.listen(['patchbay_bus', 'patchbay_events'], onMessage, onLost)
    connection = opening.catch(() => null)
    await opening
  }
  await connect()

  return {
    publish: async (channel, payload) => void (await database.read(null, notify, { payload: JSON.stringify({ channel, payload }) })),
    subscribe(channel, listener) {
      const set = listeners.get(channel) ?? new Set()
      listeners.set(channel, set.add(listener))
      return () => void set.delete(listener)
    },
    async close() {
      closed = true
      if (retry) clearTimeout(retry)
      await (await connection)?.close() // one that is just being opened too: nobody else would close it
    },
  }
}
