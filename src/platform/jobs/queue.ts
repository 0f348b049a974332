// Looks into the job queue and pushes jobs on, for the operator. Refuses nothing: what is not there is answered as false.
import pg from 'pg'
import { addJob, countJobs, removeFailed, removeJob, retryFailed, retryJob, selectJobs, selectWorkers, tellWorkers } from './queue.sql.ts'

export const jobStates = ['queued', 'running', 'failed'] as const
export type JobState = (typeof jobStates)[number]

export interface QueuedJob {
  readonly id: string
  readonly task: string
  readonly state: JobState
  readonly attempts: number
  readonly maxAttempts: number
  /** Lower goes first. */
  readonly priority: number
  readonly runAt: Date
  readonly createdAt: Date
  readonly lockedAt: Date | null
  readonly worker: string | null
  /** What the running attempt said of itself last. */
  readonly progress: { readonly done: number; readonly of: number; readonly words: string | null } | null
  readonly lastError: string | null
}

export interface QueueFigures {
  readonly queued: number
  readonly running: number
  readonly failed: number
}

export interface QueueFilter {
  readonly state?: JobState | null
  readonly task?: string | null
}

export interface Queue {
  /** Failed first, then running, then in the order in which they will run. */
  list(filter: QueueFilter & { readonly limit: number }): Promise<QueuedJob[]>
  count(filter?: QueueFilter): Promise<QueueFigures>
  /** False when there is no such job, or it runs. */
  retry(id: string): Promise<boolean>
  /** Every failed job, or every one of a task. @returns how many */
  retryFailed(task: string | null): Promise<number>
  /** False when there is no such job, or it runs. */
  remove(id: string): Promise<boolean>
  removeFailed(task: string | null): Promise<number>
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
  async function reschedule(sql: string, values: unknown[]): Promise<number> {
    const { length } = await rows(sql, values)
    if (length > 0) await client.query(tellWorkers)
    return length
  }
  return {
    list: ({ state = null, task = null, limit }) => rows<QueuedJob & pg.QueryResultRow>(selectJobs, [state, task, limit]),
    async count({ state = null, task = null } = {}) {
      const [figures] = await rows<QueueFigures & pg.QueryResultRow>(countJobs, [state, task])
      return figures ?? { queued: 0, running: 0, failed: 0 }
    },
    retry: async (id) => (await reschedule(retryJob, [id])) > 0,
    retryFailed: (task) => reschedule(retryFailed, [task]),
    remove: async (id) => (await rows(removeJob, [id])).length > 0,
    removeFailed: async (task) => (await rows(removeFailed, [task])).length,
    async add(name) {
      const [row] = await rows<{ id: string }>(addJob, [name, `command:${name}`])
      if (!row) throw new Error('the queue took no job')
      return row.id
    },
    workers: async () => (await rows<{ id: string }>(selectWorkers)).map(({ id }) => id),
    close: () => client.end(),
  }
}
