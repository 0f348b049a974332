// The queue as the operator sees it. These run as the queue's owner: the role that serves requests cannot read it.

/** Oldest first; what has used up its attempts is failed, what waits for another attempt is queued. */
export const selectJobs = `
  SELECT j.id::text, j.task_identifier AS task, j.attempts, j.max_attempts AS "maxAttempts", j.run_at AS "runAt", j.created_at AS "createdAt",
         j.locked_at AS "lockedAt", j.last_error AS "lastError",
         CASE WHEN j.locked_at IS NOT NULL THEN 'running' WHEN j.attempts >= j.max_attempts THEN 'failed' ELSE 'queued' END AS state
    FROM graphile_worker.jobs j
   ORDER BY (j.attempts >= j.max_attempts) DESC, (j.locked_at IS NOT NULL) DESC, j.run_at, j.id
   LIMIT $1`

export const countJobs = `
  SELECT count(*) FILTER (WHERE locked_at IS NOT NULL)::int AS running,
         count(*) FILTER (WHERE locked_at IS NULL AND attempts >= max_attempts)::int AS failed,
         count(*) FILTER (WHERE locked_at IS NULL AND attempts < max_attempts)::int AS queued
    FROM graphile_worker.jobs`

/** With all its attempts anew, at once; nothing happens to one that runs. */
export const retryJob = `SELECT id::text FROM graphile_worker.reschedule_jobs(ARRAY[$1]::bigint[], run_at => now(), attempts => 0)`

export const addJob = `SELECT id::text FROM graphile_worker.add_job($1, '{}'::json, job_key => $2, max_attempts => 3)`

export const selectWorkers = `SELECT id, seen_at AS "seenAt" FROM platform.workers WHERE seen_at > now() - interval '20 seconds' ORDER BY id`
