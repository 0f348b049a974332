// The operator's view of the queue, on a real one.

import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDatabase, type TestDatabase, templateReady } from '../../../tests/support/postgres.ts'
import { migrate } from '../db/index.ts'
import { openQueue, type Queue } from './index.ts'

let database: TestDatabase
let client: pg.Client
let queue: Queue
beforeAll(async () => {
  database = await createDatabase(await templateReady(async (url) => void (await migrate({ url }))))
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
  queue = await openQueue(database.url)
})
afterAll(async () => {
  await queue.close()
  await client.end()
  await database.drop()
})

test('a job that used up its attempts is failed, is shown first with its error, and waits anew when it is tried again', async () => {
  const waiting = await queue.add('things.sweep')
  const { rows } = await client.query<{ id: string }>(`SELECT id::text FROM graphile_worker.add_job('things.break', max_attempts => 2)`)
  const broken = rows[0]?.id ?? ''
  await client.query(`UPDATE graphile_worker._private_jobs SET attempts = 2, last_error = 'it broke' WHERE id = $1`, [broken])
  expect(await queue.count()).toEqual({ queued: 1, running: 0, failed: 1 })
  expect(await queue.list({ limit: 10 })).toMatchObject([
    { id: broken, task: 'things.break', state: 'failed', attempts: 2, maxAttempts: 2, lastError: 'it broke' },
    { id: waiting, task: 'things.sweep', state: 'queued', attempts: 0 },
  ])
  expect(await queue.retry(broken)).toBe(true)
  expect(await queue.count()).toEqual({ queued: 2, running: 0, failed: 0 })
})

test('a job that runs is shown as running and is not tried again beside itself', async () => {
  const id = await queue.add('things.run')
  await client.query(`UPDATE graphile_worker._private_jobs SET locked_at = now(), locked_by = 'worker-1' WHERE id = $1`, [id])
  expect(await queue.retry(id)).toBe(false)
  expect(await queue.list({ limit: 1 })).toMatchObject([{ id, state: 'running' }])
})

test('what is asked for twice before it ran is one job', async () => {
  expect(await queue.add('things.twice')).toBe(await queue.add('things.twice'))
  expect(await queue.retry('999999999')).toBe(false)
})

test('what failed is tried again, or removed, by the name of its task, and nothing else is', async () => {
  await client.query(
    `SELECT graphile_worker.add_job('bulk.one'), graphile_worker.add_job('bulk.one'), graphile_worker.add_job('bulk.two'), graphile_worker.add_job('bulk.waits')`,
  )
  await client.query(`UPDATE graphile_worker._private_jobs j SET attempts = max_attempts FROM graphile_worker._private_tasks t
    WHERE t.id = j.task_id AND t.identifier IN ('bulk.one', 'bulk.two')`)
  expect(await queue.retryFailed('bulk.one')).toBe(2)
  expect(await queue.count({ task: 'bulk.one' })).toEqual({ queued: 2, running: 0, failed: 0 })
  expect(await queue.removeFailed(null)).toBe(1)
  expect(await queue.list({ task: 'bulk.two', limit: 9 })).toEqual([])
  expect(await queue.list({ state: 'failed', limit: 9 })).toEqual([])
  const [waiting] = await queue.list({ task: 'bulk.waits', state: 'queued', limit: 9 })
  expect(await queue.remove(waiting?.id ?? '')).toBe(true)
  expect(await queue.remove(waiting?.id ?? '')).toBe(false)
})

test('only workers that reported lately are alive', async () => {
  await client.query(`INSERT INTO platform.workers (id, seen_at) VALUES ('old', now() - interval '1 minute'), ('new', now())`)
  expect(await queue.workers()).toEqual(['new'])
})
