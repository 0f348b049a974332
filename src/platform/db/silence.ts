// Finds connections that are dead and do not say so: a statement is out and nothing comes back. A slow statement looks
// the same from here, so PostgreSQL itself is asked, over a fresh connection, whether it is still at work on it. If not,
// or if it cannot be asked either, the connection is cut and whoever waits is told; what the server still holds open for
// it (locks, an idempotency key) is ended as soon as the server can be reached.
import pg from 'pg'

export interface Watch {
  /** Watches it until it ends. */
  add(client: pg.ClientBase): void
  /** Cuts every connection there is. */
  cutAll(): void
  close(): void
}

/** The parts of a node-postgres client that are looked at. */
interface Inner {
  readonly connection: { readonly stream: { readonly bytesRead: number; destroy(): void } }
  /** False from the moment a statement is sent until the server is ready for the next. */
  readonly readyForQuery: boolean
  readonly processID: number | null
}

interface Watched {
  readonly client: Inner
  bytesRead: number
  /** Ticks without a byte while something is out. */
  quiet: number
  /** The server is not at work for it: one more moment for an answer that may be under way. */
  doubted: boolean
}

/** Counted in ticks, not in time: a process that was itself held up heard nothing, and must not blame the server. */
const tickMs = 250
const suspectAfter = 8
const cutAfter = 12
const probeTimeoutMs = 2_000
/** Then the server has ended them itself (idle_in_transaction_session_timeout). */
const forgetAfter = 240

export function openWatch(config: pg.ClientConfig): Watch {
  const watched = new Set<Watched>()
  const leftBehind = new Map<number, number>()
  let asking = false

  async function ask(): Promise<void> {
    const suspects = [...watched].filter(({ quiet, doubted }) => quiet >= suspectAfter && !doubted)
    if (asking || (suspects.length === 0 && leftBehind.size === 0)) return
    asking = true
    try {
      const working = await probe(config, pidsOf(suspects), [...leftBehind.keys()])
      leftBehind.clear()
      for (const suspect of suspects) {
        if (working.has(suspect.client.processID ?? 0)) suspect.quiet = 0
        else suspect.doubted = true
      }
    } catch {
      for (const suspect of suspects) suspect.doubted = true // nobody to ask: there is no server for it either
    } finally {
      asking = false
    }
  }

  const timer = setInterval(() => {
    for (const one of watched) {
      observe(one)
      if (!one.doubted || one.quiet < cutAfter) continue
      if (one.client.processID !== null) leftBehind.set(one.client.processID, 0)
      watched.delete(one)
      one.client.connection.stream.destroy()
    }
    for (const [pid, age] of leftBehind) age > forgetAfter ? leftBehind.delete(pid) : leftBehind.set(pid, age + 1)
    void ask()
  }, tickMs)
  timer.unref()

  return {
    add(client) {
      const one = { client: client as unknown as Inner, bytesRead: 0, quiet: 0, doubted: false }
      watched.add(one)
      client.once('end', () => watched.delete(one))
    },
    cutAll() {
      for (const { client } of watched) client.connection.stream.destroy()
    },
    close: () => clearInterval(timer),
  }
}

function observe(one: Watched): void {
  const { bytesRead } = one.client.connection.stream
  if (one.client.readyForQuery || bytesRead !== one.bytesRead) {
    one.quiet = 0
    one.doubted = false
  } else one.quiet += 1
  one.bytesRead = bytesRead
}

const pidsOf = (suspects: readonly Watched[]): number[] => suspects.flatMap(({ client }) => client.processID ?? [])

/** @returns which of the backends `pids` are at work; ends those of `leftBehind` that hold a transaction open */
async function probe(config: pg.ClientConfig, pids: readonly number[], leftBehind: readonly number[]): Promise<Set<number>> {
  const client = new pg.Client({
    connectionString: config.connectionString,
    application_name: 'patchbay probe',
    connectionTimeoutMillis: probeTimeoutMs,
    query_timeout: probeTimeoutMs,
  })
  client.on('error', () => {}) // its queries say so too
  try {
    await client.connect()
    if (leftBehind.length > 0) await client.query(endLeftBehind, [leftBehind])
    const { rows } = await client.query<{ pid: number }>(selectWorking, [pids])
    return new Set(rows.map(({ pid }) => pid))
  } finally {
    endAtOnce(client)
  }
}

function endAtOnce(client: pg.Client): void {
  const inner = client as unknown as Inner
  void client.end()
  setTimeout(() => inner.connection.stream.destroy(), probeTimeoutMs).unref()
}

/** One that waits to hand us its answer, while we hear nothing, talks to a dead line. */
const selectWorking = `
  SELECT pid FROM pg_stat_activity
   WHERE pid = ANY($1::int[]) AND state = 'active' AND wait_event IS DISTINCT FROM 'ClientWrite'`
/** Numbers of processes are used again: only one of ours that has stood still for a second is meant. */
const endLeftBehind = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
   WHERE pid = ANY($1::int[]) AND application_name = 'patchbay' AND pid <> pg_backend_pid()
     AND (state LIKE 'idle in transaction%' OR wait_event = 'ClientWrite') AND state_change < clock_timestamp() - interval '1 second'`
