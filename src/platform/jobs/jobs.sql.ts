import { statement } from '../db/index.ts'

export const reportWorkers = statement<{ ids: readonly string[] }, never>(
  'workers_report',
  `INSERT INTO platform.workers (id, seen_at) SELECT unnest(:ids::text[]), now() ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`,
)
export const freeDeadWorkers = statement<{ silent: string }, { freed: number }>(
  'workers_free_dead',
  `SELECT platform.free_dead_workers(:silent::interval) AS freed`,
)
