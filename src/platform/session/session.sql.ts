import { statement } from '../db/index.ts'

export interface AppendParams {
  actor: string
  actorKind: string
  address: string | null
  requestId: string | null
  at: Date
  entries: string
}
export const appendChanges = statement<AppendParams, { seq: number }>(
  'platform_append',
  `SELECT platform.append(:organizationId, :actor, :actorKind, :address, :requestId, :at, :entries::jsonb) AS seq`,
)

export interface EnqueueParams {
  task: string
  payload: string
  runAt: Date | null
  jobKey: string | null
  maxAttempts: number
  priority: number
  queue: string | null
}
export const enqueueJob = statement<EnqueueParams, Record<string, never>>(
  'platform_enqueue',
  `SELECT platform.enqueue(:task, :payload::json, :runAt, :jobKey, :maxAttempts, :priority, :queue)`,
)
