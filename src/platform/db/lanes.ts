// Connections for reads, each shared by many requests at once: a read is one self-contained batch, so it needs
// no connection of its own. The least busy lane takes the next read; a lane that breaks is opened anew.
import pg from 'pg'
import { runBatch, tenantSetting } from './batch.ts'

interface Lane {
  client: Promise<pg.Client> | null
  inFlight: number
}

export interface Lanes {
  run(tenant: string, query: { name: string; text: string; values: unknown[] }): Promise<unknown[]>
  close(): Promise<void>
}

/** PostgreSQL's `invalid_sql_statement_name`: an earlier batch failed before it had parsed the shared statement. */
const notPrepared = '26000'

export function openLanes(config: pg.ClientConfig, size: number, onError: (error: Error) => void): Lanes {
  const lanes: Lane[] = Array.from({ length: size }, () => ({ client: null, inFlight: 0 }))

  function pick(): Lane {
    let best = lanes[0] as Lane
    for (const lane of lanes) if (lane.inFlight < best.inFlight) best = lane
    return best
  }

  function connect(lane: Lane): Promise<pg.Client> {
    const opening = openLane(config, (error) => {
      lane.client = null
      onError(error)
    })
    lane.client = opening
    opening.catch(() => {
      lane.client = null
    })
    return opening
  }

  async function run(tenant: string, query: { name: string; text: string; values: unknown[] }, again = true): Promise<unknown[]> {
    const lane = pick()
    lane.inFlight++
    try {
      const client = await (lane.client ?? connect(lane))
      return await runBatch(client, tenant, query)
    } catch (error) {
      if (again && (error as { code?: string }).code === notPrepared) return run(tenant, query, false)
      throw error
    } finally {
      lane.inFlight--
    }
  }

  return {
    run: (tenant, query) => run(tenant, query),
    async close() {
      await Promise.all(lanes.map(async (lane) => (lane.client ? (await lane.client).end() : undefined)))
    },
  }
}

async function openLane(config: pg.ClientConfig, onError: (error: Error) => void): Promise<pg.Client> {
  const client = new pg.Client({ ...config, pipeline: true } as pg.ClientConfig)
  client.on('error', onError)
  await client.connect()
  await client.query({ ...tenantSetting, values: [''] })
  return client
}
