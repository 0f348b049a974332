-- The queue as workers use it. A worker takes jobs under a name that holds good as long as its row is here: whoever has
-- gone silent is doubted, then given up, and what it held runs elsewhere. A worker that was given up and wakes finds its
-- name gone: it can neither take, nor finish, nor fail a job with it.

ALTER TABLE platform.workers
  ADD COLUMN doubted_at timestamptz,
  ADD COLUMN progress jsonb NOT NULL DEFAULT '{}';
REVOKE INSERT, UPDATE, DELETE ON platform.workers FROM patchbay_app;
DROP FUNCTION platform.free_dead_workers(interval);

-- What a worker holds is looked for with every report, and beside it may lie a million jobs that nobody holds.
CREATE INDEX patchbay_jobs_held ON graphile_worker._private_jobs (locked_by) WHERE locked_by IS NOT NULL;

-- Gives back what `worker` holds, except `kept`, as if it had never been taken.
CREATE FUNCTION platform.give_back_jobs(worker text, held_for interval, kept bigint[], only_these bigint[] DEFAULT NULL) RETURNS int LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE given int;
BEGIN
  WITH back AS (
    UPDATE graphile_worker._private_jobs j SET locked_by = NULL, locked_at = NULL, attempts = greatest(0, j.attempts - 1)
     WHERE j.locked_by = worker AND j.locked_at <= now() - held_for AND j.id <> ALL (kept) AND (only_these IS NULL OR j.id = ANY (only_these))
     RETURNING j.job_queue_id),
  open AS (
    UPDATE graphile_worker._private_job_queues q SET locked_by = NULL, locked_at = NULL
      FROM back WHERE q.id = back.job_queue_id AND q.locked_by = worker)
  SELECT count(*) INTO given FROM back;
  IF given > 0 THEN PERFORM pg_notify('jobs:insert', json_build_object('r', random(), 'count', given)::text); END IF;
  RETURN given;
END $$;

-- A worker begins under a new name. Answers which numbers its tasks have.
CREATE FUNCTION platform.enter_worker(worker text, tasks text[]) RETURNS TABLE (id int, task text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO platform.workers (id, seen_at) VALUES (worker, now());
  INSERT INTO graphile_worker._private_tasks (identifier) SELECT t FROM unnest(tasks) t
   WHERE NOT EXISTS (SELECT FROM graphile_worker._private_tasks k WHERE k.identifier = t) ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT k.id, k.identifier FROM graphile_worker._private_tasks k WHERE k.identifier = ANY (tasks);
END $$;

-- "I live, this is how far my jobs are, and these I hold": false when the worker was given up meanwhile. What it has held for
-- so long without knowing (the answer that gave it the job was lost) goes back. A lost report costs nothing: no disk is waited for.
CREATE FUNCTION platform.report_worker(worker text, reached jsonb, held bigint[], held_for interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  UPDATE platform.workers w SET seen_at = now(), doubted_at = NULL, progress = reached WHERE w.id = worker;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM platform.give_back_jobs(worker, held_for, held);
  RETURN true;
END $$;

-- A worker goes: what it could not end, others begin anew.
CREATE FUNCTION platform.leave_worker(worker text) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  DELETE FROM platform.workers w WHERE w.id = worker;
  RETURN platform.give_back_jobs(worker, interval '0', '{}');
END $$;

-- Doubts who was silent for long, gives up who stays silent after that, and frees what they held. When nobody could report
-- (the database was away) all are doubted, and nobody is given up who comes back. A job that ran counts the attempt, so that
-- one that kills its worker ends as failed; at first it keeps its place in the queue, later it waits ever longer.
CREATE FUNCTION platform.judge_workers(silent_for interval, doubt_for interval)
RETURNS TABLE (id bigint, task text, attempts int, failed boolean) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  UPDATE platform.workers w SET doubted_at = now() WHERE w.doubted_at IS NULL AND w.seen_at < now() - silent_for;
  DELETE FROM platform.workers w WHERE w.doubted_at < now() - doubt_for;
  RETURN QUERY
    WITH lost AS (
      SELECT j.id FROM graphile_worker._private_jobs j
       WHERE j.locked_by IS NOT NULL AND j.locked_at < now() - silent_for AND NOT EXISTS (SELECT FROM platform.workers w WHERE w.id = j.locked_by)
         FOR UPDATE SKIP LOCKED),
    freed AS (
      UPDATE graphile_worker._private_jobs j
         SET locked_by = NULL, locked_at = NULL, updated_at = now(),
             last_error = 'its worker ended in the middle of attempt ' || j.attempts,
             run_at = CASE WHEN j.attempts < 5 THEN j.run_at ELSE now() + exp(least(j.attempts, 10)) * (0.5 + random() / 2) * interval '1 second' END
        FROM lost WHERE j.id = lost.id
      RETURNING j.id, j.task_id, j.attempts::int AS attempts, j.attempts >= j.max_attempts AS failed)
    SELECT f.id, t.identifier, f.attempts, f.failed FROM freed f JOIN graphile_worker._private_tasks t ON t.id = f.task_id;
  UPDATE graphile_worker._private_job_queues q SET locked_by = NULL, locked_at = NULL
   WHERE q.locked_at < now() - silent_for AND NOT EXISTS (SELECT FROM platform.workers w WHERE w.id = q.locked_by);
END $$;

-- One round of a worker: what it has done is gone, what has failed waits (`[{id, error, delayS, final}]`), what it did not begin
-- goes back, and up to `most` jobs are its own. A queue's statistics are always of another moment, so the plan is held to the indexes.
CREATE FUNCTION platform.turn_jobs(worker text, done bigint[], failed jsonb, back bigint[], tasks int[], most int)
RETURNS TABLE (id bigint, task_id int, payload json, attempts int, max_attempts int, priority int, keyed boolean, queued boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF cardinality(done) > 0 THEN
    WITH gone AS (
      DELETE FROM graphile_worker._private_jobs j USING unnest(done) d WHERE j.id = d AND j.locked_by = worker RETURNING j.job_queue_id)
    UPDATE graphile_worker._private_job_queues q SET locked_by = NULL, locked_at = NULL
      FROM gone WHERE q.id = gone.job_queue_id AND q.locked_by = worker;
  END IF;
  IF jsonb_array_length(failed) > 0 THEN
    WITH waiting AS (
      UPDATE graphile_worker._private_jobs j
         SET locked_by = NULL, locked_at = NULL, updated_at = now(), last_error = f.error,
             attempts = CASE WHEN f.final THEN greatest(j.attempts, j.max_attempts) ELSE j.attempts END,
             run_at = greatest(now(), j.run_at) + f."delayS" * interval '1 second'
        FROM jsonb_to_recordset(failed) AS f (id bigint, error text, "delayS" float8, final boolean)
       WHERE j.id = f.id AND j.locked_by = worker RETURNING j.job_queue_id)
    UPDATE graphile_worker._private_job_queues q SET locked_by = NULL, locked_at = NULL
      FROM waiting WHERE q.id = waiting.job_queue_id AND q.locked_by = worker;
  END IF;
  IF cardinality(back) > 0 THEN PERFORM platform.give_back_jobs(worker, interval '0', '{}', back); END IF;
  IF most <= 0 THEN RETURN; END IF;
  IF NOT EXISTS (SELECT FROM platform.workers w WHERE w.id = worker) THEN
    RAISE EXCEPTION 'the worker % was given up', worker USING ERRCODE = 'PB001';
  END IF;
  RETURN QUERY
    WITH next AS (
      SELECT j.id, j.job_queue_id, j.priority, j.run_at FROM graphile_worker._private_jobs j
       WHERE j.is_available AND j.run_at <= now() AND j.task_id = ANY (tasks)
         AND (j.job_queue_id IS NULL OR j.job_queue_id IN
               (SELECT q.id FROM graphile_worker._private_job_queues q WHERE q.is_available FOR UPDATE SKIP LOCKED))
       ORDER BY j.priority, j.run_at LIMIT most FOR UPDATE SKIP LOCKED),
    -- Of a named queue one at a time, however many were found.
    chosen AS (
      SELECT DISTINCT ON (n.job_queue_id, CASE WHEN n.job_queue_id IS NULL THEN n.id END) n.id, n.job_queue_id FROM next n
       ORDER BY n.job_queue_id, CASE WHEN n.job_queue_id IS NULL THEN n.id END, n.priority, n.run_at),
    held AS (
      UPDATE graphile_worker._private_job_queues q SET locked_by = worker, locked_at = now() FROM chosen c WHERE q.id = c.job_queue_id)
    UPDATE graphile_worker._private_jobs j SET attempts = j.attempts + 1, locked_by = worker, locked_at = now()
      FROM chosen c WHERE j.id = c.id
    RETURNING j.id, j.task_id, j.payload, j.attempts::int, j.max_attempts::int, j.priority::int, j.key IS NOT NULL, j.job_queue_id IS NOT NULL;
END $$;

-- In the transaction of a job's effect: the job is done if the effect is there, and the other way about. False when it is
-- no longer this worker's to do.
CREATE FUNCTION platform.finish_job(job bigint, worker text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE queue int;
BEGIN
  DELETE FROM graphile_worker._private_jobs j WHERE j.id = job AND j.locked_by = worker RETURNING j.job_queue_id INTO queue;
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE graphile_worker._private_job_queues q SET locked_by = NULL, locked_at = NULL WHERE q.id = queue AND q.locked_by = worker;
  RETURN true;
END $$;

-- The tick of a clock job, once however many workers see it. Who is new to the house begins with the next one.
CREATE FUNCTION platform.tick_job(task text, tick timestamptz, priority int, max_attempts int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  UPDATE graphile_worker._private_known_crontabs k SET last_execution = tick
   WHERE k.identifier = task AND coalesce(k.last_execution, k.known_since) < tick;
  IF FOUND THEN
    PERFORM graphile_worker.add_job(task, json_build_object('tick', tick), job_key => 'cron:' || task, priority => priority, max_attempts => max_attempts);
    RETURN true;
  END IF;
  INSERT INTO graphile_worker._private_known_crontabs (identifier, known_since, last_execution) VALUES (task, now(), tick) ON CONFLICT DO NOTHING;
  RETURN false;
END $$;

-- Tasks that wait in the queue although this worker does not know them.
CREATE FUNCTION platform.unknown_tasks(known int[]) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT t.identifier FROM graphile_worker._private_tasks t
   WHERE t.id <> ALL (known) AND EXISTS (SELECT FROM graphile_worker._private_jobs j WHERE j.task_id = t.id AND j.is_available AND j.run_at <= now()) $$;

REVOKE ALL ON FUNCTION platform.give_back_jobs, platform.enter_worker, platform.report_worker, platform.leave_worker, platform.judge_workers,
  platform.turn_jobs, platform.finish_job, platform.tick_job, platform.unknown_tasks FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.enter_worker, platform.report_worker, platform.leave_worker, platform.judge_workers,
  platform.turn_jobs, platform.finish_job, platform.tick_job, platform.unknown_tasks TO patchbay_app;
