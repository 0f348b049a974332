// Looks into the job queue and pushes jobs on, for the operator. Refuses nothing: what is not there is answered as null.
import pg from 'pg'
import { addJob, countJobs, retryJob, selectJobs, selectWorkers } from './queue.sql.ts'

export interface QueuedJob {
  readonly id: string
  readonly task: string
  readonly state: 'queued' | 'running' | 'failed'
  readonly attempts: number
  readonly maxAttempts: number
  readonly runAt: Date
  readonly createdAt: Date
  readonly lockedAt: Date | null
  readonly lastError: string | null
}

export interface QueueFigures {
  readonly queued: number
  readonly running: number
  readonly failed: number
}

export interface Queue {
  /** Failed first, then running, then in the order in which they will run. */
  list(limit: number): Promise<QueuedJob[]>
  count(): Promise<QueueFigures>
  /** False when there is no such job, or it runs. */
  retry(id: string): Promise<boolean>
  /** Queues a job that needs no payload, for a worker to run now. Asked again before it ran, it is one job. @returns its id */
  add(name: string): Promise<string>
  /** The ids of the workers that were alive in the last twenty seconds. */
  workers(): Promise<string[]>
  close(): Promise<void>
}

export async function openQueue(databaseUrl: string): Promise<Queue> {
  const client = new pg.Client({ connectionString: databaseUrl, options: '-c role=patchbay_owner', application_name: 'patchbay jobs' })
  await client.connect()
  const rows = async <R extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<R[]> =>
    (await client.query<R>(sql, values)).rows
  return {
    list: (limit) => rows<QueuedJob & pg.QueryResultRow>(selectJobs, [limit]),
    async count() {
      const [figures] = await rows<QueueFigures & pg.QueryResultRow>(countJobs)
      return figures ?? { queued: 0, running: 0, failed: 0 }
    },
    retry: async (id) => (await rows(retryJob, [id])).length > 0,
    async add(name) {
      const [row] = await rows<{ id: string }>(addJob, [name, `command:${name}`])
      if (!row) throw new Error('the queue took no job')
      return row.id
    },
    workers: async () => (await rows<{ id: string }>(selectWorkers)).map(({ id }) => id),
    close: () => client.end(),
  }
}
