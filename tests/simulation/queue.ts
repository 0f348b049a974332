// The job queue at virtual time. The rows are those that the server wrote, and an attempt at one is the worker's own code; only
// who picks up what is due is played here, because the queue lives by PostgreSQL's clock. A job runs at least once: now and
// then a worker dies after the work and before it could say so.
import { jobs } from '../../src/domain/jobs.ts'
import { beginAttempt } from '../../src/platform/jobs/attempt.ts'
import type { TakenRow } from '../../src/platform/jobs/jobs.sql.ts'
import type { Random } from './random.ts'
import type { Scene } from './scene.ts'

type Taken = TakenRow & { readonly task: string }

const worker = 'simulated worker'

// What was queued without a time carries the database's own: it is due at once.
const takeDue = `
  UPDATE graphile_worker._private_jobs j SET attempts = j.attempts + 1, locked_by = $2, locked_at = now()
    FROM (SELECT id FROM graphile_worker._private_jobs
           WHERE is_available AND (run_at IN (created_at, updated_at) OR run_at <= $1) ORDER BY priority, run_at, id LIMIT 200) AS due,
         graphile_worker._private_tasks t
   WHERE j.id = due.id AND t.id = j.task_id
  RETURNING j.id::int, t.identifier AS task, j.task_id AS "taskId", j.payload, j.attempts::int, j.max_attempts::int AS "maxAttempts", j.priority::int,
            false AS keyed, false AS queued`
const removeDone = 'DELETE FROM graphile_worker._private_jobs WHERE id = $1 AND locked_by = $2'
/** The delays between attempts grow, in virtual seconds. */
const failAttempt = `
  UPDATE graphile_worker._private_jobs SET locked_by = NULL, locked_at = NULL, last_error = $3,
         run_at = $4::timestamptz + exp(least(attempts, 10)) * interval '1 second', updated_at = now()
   WHERE id = $1 AND locked_by = $2`
/** The worker is gone: the attempt counts, and the job is another's at once. */
const abandon = `
  UPDATE graphile_worker._private_jobs SET locked_by = NULL, locked_at = NULL, run_at = created_at, attempts = least(attempts, max_attempts - 1)
   WHERE id = $1 AND locked_by = $2`

const atOnce = 8

/** Runs what is due until nothing is. @returns how many ran */
export async function runDueJobs(scene: Scene, random: Random): Promise<number> {
  let ran = 0
  for (;;) {
    const rows = await scene.world.examine<Taken>(takeDue, [scene.world.clock.now(), worker])
    if (rows.length === 0) return ran
    ran += rows.length
    const ordered = rows.toSorted((a, b) => a.priority - b.priority || a.id - b.id)
    for (let index = 0; index < ordered.length; index += atOnce) {
      const batch = ordered.slice(index, index + atOnce).map((taken) => ({ taken, dies: random.chance(0.03) }))
      await Promise.all(batch.map(({ taken, dies }) => attempt(scene, taken, dies)))
    }
    await scene.world.serving()
  }
}

async function attempt(scene: Scene, taken: Taken, dies: boolean): Promise<void> {
  const { world, trace } = scene
  const house = world.house()
  const job = jobs(house).find(({ name }) => name === taken.task)
  if (!job) throw new Error(`nobody does ${taken.task}`)
  const ending = await beginAttempt({ job, taken, worker, openSession: house.openSession }).ended
  trace.count(`job ${taken.task} → ${ending.outcome}`)
  if (ending.outcome === 'once') return
  const ours = [taken.id, worker]
  if (dies || (ending.outcome === 'failed' && world.troubled())) await world.examine(abandon, ours)
  else if (ending.outcome === 'done') await world.examine(removeDone, ours)
  else await world.examine(failAttempt, [...ours, ending.error.message, world.clock.now()])
}

/** A clock job, queued as its tick queues it and run at once. */
export async function runClockJob(scene: Scene, task: string, random: Random): Promise<void> {
  await scene.world.examine(`SELECT graphile_worker.add_job($1, '{}'::json, job_key => $1, max_attempts => 3)`, [task])
  await runDueJobs(scene, random)
}
