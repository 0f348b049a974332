// The queue as the operator sees it. These run as the queue's owner: the role that serves requests cannot read it.

const state = `CASE WHEN j.locked_at IS NOT NULL THEN 'running' WHEN j.attempts >= j.max_attempts THEN 'failed' ELSE 'queued' END`
/** $1 a state, $2 a task, each null for all. */
const filter = `($1::text IS NULL OR ${state} = $1) AND ($2::text IS NULL OR j.task_identifier = $2)`

/** Failed, then running, then in the order in which they will run. */
export const selectJobs = `
  SELECT j.id::text, j.task_identifier AS task, ${state} AS state, j.attempts::int, j.max_attempts::int AS "maxAttempts", j.priority::int,
         j.run_at AS "runAt", j.created_at AS "createdAt", j.locked_at AS "lockedAt", j.locked_by AS worker,
         w.progress -> j.id::text AS progress, j.last_error AS "lastError"
    FROM graphile_worker.jobs j LEFT JOIN platform.workers w ON w.id = j.locked_by
   WHERE ${filter}
   ORDER BY (j.locked_at IS NULL AND j.attempts >= j.max_attempts) DESC, (j.locked_at IS NOT NULL) DESC, j.priority, j.run_at, j.id
   LIMIT $3`

export const countJobs = `
  SELECT count(*) FILTER (WHERE ${state} = 'running')::int AS running, count(*) FILTER (WHERE ${state} = 'failed')::int AS failed,
         count(*) FILTER (WHERE ${state} = 'queued')::int AS queued
    FROM graphile_worker.jobs j
   WHERE ${filter}`

/** With all its attempts anew, at once; nothing happens to one that runs. */
export const retryJob = `SELECT id::text FROM graphile_worker.reschedule_jobs(ARRAY[$1]::bigint[], run_at => now(), attempts => 0)`
export const removeJob = `SELECT id::text FROM graphile_worker.complete_jobs(ARRAY[$1]::bigint[])`

const idsFailed = `ARRAY(SELECT j.id FROM graphile_worker.jobs j WHERE j.locked_at IS NULL AND j.attempts >= j.max_attempts AND ($1::text IS NULL OR j.task_identifier = $1))`
export const retryFailed = `SELECT id::text FROM graphile_worker.reschedule_jobs(${idsFailed}, run_at => now(), attempts => 0)`
export const removeFailed = `SELECT id::text FROM graphile_worker.complete_jobs(${idsFailed})`

/** Whoever waits for jobs is told: changing their time tells nobody. */
export const tellWorkers = `SELECT pg_notify('jobs:insert', '{"r":' || random()::text || ',"count":1}')`

export const addJob = `SELECT id::text FROM graphile_worker.add_job($1, '{}'::json, job_key => $2, max_attempts => 3)`

export const selectWorkers = `SELECT id, seen_at AS "seenAt" FROM platform.workers WHERE seen_at > now() - interval '20 seconds' ORDER BY id`
