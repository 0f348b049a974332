// Connections for reads, each shared by many requests at once: a read is one self-contained batch, so it needs
// no connection of its own. The least busy lane takes the next read; a lane that breaks is opened anew.
import type pg from 'pg'
import type { Backlog } from './backlog.ts'
import { type Query, runBatch, tenantSetting } from './batch.ts'
import { rowsClient } from './rows.ts'
import type { Watch } from './silence.ts'
import { codeOf, notConnected, readOnly } from './trouble.ts'

interface Lane {
  client: Promise<pg.Client> | null
  inFlight: number
}

export interface Lanes {
  run(tenant: string, query: Query): Promise<unknown[]>
  close(): Promise<void>
}

export interface LanesOptions {
  readonly config: pg.ClientConfig
  readonly size: number
  readonly watch: Watch
  readonly backlog: Backlog
  /** Told of a lane that broke, or could not be opened. */
  readonly onError: (error: Error) => void
}

/** PostgreSQL's `invalid_sql_statement_name`: an earlier batch failed before it had parsed the shared statement. */
const notPrepared = '26000'

export function openLanes(options: LanesOptions): Lanes {
  let closed = false
  const lanes: Lane[] = Array.from({ length: options.size }, () => ({ client: null, inFlight: 0 }))

  function pick(): Lane {
    let best = lanes[0] as Lane
    for (const lane of lanes) if (lane.inFlight < best.inFlight) best = lane
    return best
  }

  function connect(lane: Lane): Promise<pg.Client> {
    /** One connection can say more than once that it is lost, and by then the lane may have another. */
    const forget = (error: Error) => {
      if (lane.client !== opening) return
      lane.client = null
      options.onError(error)
    }
    const opening = openLane(options, forget)
    lane.client = opening
    opening.catch(forget)
    return opening
  }

  async function clientOf(lane: Lane): Promise<pg.Client> {
    if (closed) throw notConnected(new Error('the database was closed here'))
    try {
      return await (lane.client ?? connect(lane))
    } catch (error) {
      throw notConnected(error)
    }
  }

  async function run(tenant: string, query: Query, again = true): Promise<unknown[]> {
    const lane = pick()
    lane.inFlight++
    options.backlog.began()
    try {
      const client = await clientOf(lane)
      return await runBatch(client, tenant, query).catch((error: unknown) => leaveFollower(lane, client, error))
    } catch (error) {
      if (again && codeOf(error) === notPrepared) return run(tenant, query, false)
      throw error
    } finally {
      lane.inFlight--
      options.backlog.ended()
    }
  }

  return {
    run: (tenant, query) => run(tenant, query),
    async close() {
      closed = true
      const open = await Promise.allSettled(lanes.flatMap(({ client }) => client ?? []))
      await Promise.all(open.map((lane) => (lane.status === 'fulfilled' ? lane.value.end() : undefined)))
    },
  }
}

/** A server that takes no changes was the leader once: the next read asks whoever is it now. */
function leaveFollower(lane: Lane, client: pg.Client, error: unknown): never {
  if (codeOf(error) === readOnly) {
    lane.client = null
    void client.end()
  }
  throw error
}

async function openLane({ config, watch }: LanesOptions, onError: (error: Error) => void): Promise<pg.Client> {
  const client = rowsClient({ ...config, pipeline: true })
  client.on('error', onError)
  await client.connect()
  watch.add(client)
  try {
    await client.query({ ...tenantSetting, values: [''] })
    return client
  } catch (error) {
    void client.end()
    throw error
  }
}
