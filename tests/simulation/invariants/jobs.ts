import { type Invariant, rowsOf } from '../exam.ts'

export const drained: Invariant = {
  promise: 'every job that was due has been done, and none was given up',
  every: 1,
  check: (exam, { last }) =>
    rowsOf(
      exam,
      `SELECT t.identifier AS task, j.attempts, j.max_attempts, j.run_at, j.last_error FROM graphile_worker._private_jobs j
         JOIN graphile_worker._private_tasks t ON t.id = j.task_id
        WHERE j.attempts >= j.max_attempts OR ($1 AND (j.run_at IN (j.created_at, j.updated_at) OR j.run_at <= $2))`,
      [last, exam.scene.world.clock.now()],
    ),
}
