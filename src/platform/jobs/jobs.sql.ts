// What a worker says to the queue. The functions behind these (migration 0011) hold the rules; a worker owns no table.
import { statement } from '../db/index.ts'

export interface TaskRow {
  readonly id: number
  readonly task: string
}
export const enterWorker = statement<{ worker: string; tasks: readonly string[] }, TaskRow>(
  'jobs_enter_worker',
  `SELECT id, task FROM platform.enter_worker(:worker, :tasks)`,
)

/** Job → how far it is. */
export type Reached = Readonly<Record<string, { readonly done: number; readonly of: number; readonly words: string | null }>>
export const reportWorker = statement<{ worker: string; reached: Reached; held: readonly number[]; heldMs: number }, { alive: boolean }>(
  'jobs_report_worker',
  `SELECT platform.report_worker(:worker, :reached::jsonb, :held::bigint[], :heldMs::float8 * interval '1 ms') AS alive`,
)

export const leaveWorker = statement<{ worker: string }, never>('jobs_leave_worker', `SELECT platform.leave_worker(:worker)`)

export interface FreedRow {
  readonly id: number
  readonly task: string
  readonly attempts: number
  readonly failed: boolean
}
export const judgeWorkers = statement<{ silentMs: number; doubtMs: number }, FreedRow>(
  'jobs_judge_workers',
  `SELECT id, task, attempts, failed
     FROM platform.judge_workers(:silentMs::float8 * interval '1 ms', :doubtMs::float8 * interval '1 ms')`,
)

export interface TakenRow {
  readonly id: number
  readonly taskId: number
  readonly payload: unknown
  readonly attempts: number
  readonly maxAttempts: number
  readonly priority: number
  /** Somebody may replace it while it runs, so its row can be locked by others for as long as their transaction lasts. */
  readonly keyed: boolean
  /** Of a named queue, whose jobs run one after the other. */
  readonly queued: boolean
}
export interface FailedJob {
  readonly id: number
  readonly error: string
  readonly delayS: number
  /** No further attempt. */
  readonly final: boolean
}
interface TurnParams {
  worker: string
  done: readonly number[]
  /** `FailedJob[]` as JSON text: an empty array would go out as PostgreSQL writes one. */
  failed: string
  back: readonly number[]
  tasks: readonly number[]
  most: number
}
export const turnJobs = statement<TurnParams, TakenRow>(
  'jobs_turn',
  `SELECT id, task_id AS "taskId", payload, attempts, max_attempts AS "maxAttempts", priority, keyed, queued
     FROM platform.turn_jobs(:worker, :done::bigint[], :failed::jsonb, :back::bigint[], :tasks::int[], :most)`,
)

export const finishJob = statement<{ job: number; worker: string }, { finished: boolean }>(
  'jobs_finish',
  `SELECT platform.finish_job(:job, :worker) AS finished`,
)

export const tickJob = statement<{ task: string; tick: Date; priority: number; maxAttempts: number }, { queued: boolean }>(
  'jobs_tick',
  `SELECT platform.tick_job(:task, :tick, :priority, :maxAttempts) AS queued`,
)

export const unknownTasks = statement<{ known: readonly number[] }, { task: string }>(
  'jobs_unknown_tasks',
  `SELECT task FROM platform.unknown_tasks(:known::int[]) AS task`,
)
