// patchbay jobs: what is queued, running and failed; and pushing on what failed.
import { parseArgs } from 'node:util'
import { paperHouse } from '../contracts/reference/index.ts'
import { jobs } from '../domain/jobs.ts'
import { loadSettings, readEnvironment } from '../platform/config/index.ts'
import { openQueue, type Queue, type QueuedJob } from '../platform/jobs/index.ts'
import { systemClock } from '../platform/time/index.ts'
import { version } from '../platform/version.ts'
import { CommandError, dim, say, yellow } from './terminal.ts'
import { databaseUrl } from './workshop.ts'

const options = { limit: { type: 'string', default: '50' }, json: { type: 'boolean', default: false } } as const

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [verb = 'list', name] = positionals
  if (!['list', 'retry', 'run'].includes(verb)) throw new CommandError('Say jobs, jobs retry ID or jobs run NAME.')
  if (!/^[1-9]\d{0,4}$/.test(values.limit)) throw new CommandError('--limit must be a number from 1.')
  const settings = loadSettings(readEnvironment())
  const runnable = jobs(paperHouse(version)).filter(({ cron }) => cron !== undefined)
  if (verb === 'run' && !runnable.some((job) => job.name === name)) {
    throw new CommandError(`Say jobs run NAME, with one of ${runnable.map((job) => job.name).join(', ')}.`)
  }
  if (verb === 'retry' && !/^\d{1,18}$/.test(name ?? '')) throw new CommandError('Say jobs retry ID, with an id that jobs list shows.')
  const queue = await openQueue(await databaseUrl(settings))
  try {
    if (verb === 'retry') return await retry(queue, name ?? '')
    if (verb === 'run') return await start(queue, name ?? '')
    return values.json ? await listJson(queue, Number(values.limit)) : await list(queue, Number(values.limit))
  } finally {
    await queue.close()
  }
}

async function retry(queue: Queue, id: string): Promise<number> {
  if (!(await queue.retry(id))) throw new CommandError(`There is no job ${id} that waits or has failed.`)
  console.log(JSON.stringify({ id, state: 'queued' }))
  return 0
}

async function start(queue: Queue, name: string): Promise<number> {
  console.log(JSON.stringify({ id: await queue.add(name), task: name, state: 'queued' }))
  if ((await queue.workers()).length === 0) console.error('No worker is running: it waits for one (patchbay up or patchbay work).')
  return 0
}

async function listJson(queue: Queue, limit: number): Promise<number> {
  console.log(JSON.stringify({ ...(await queue.count()), jobs: await queue.list(limit) }, null, 2))
  return 0
}

async function list(queue: Queue, limit: number): Promise<number> {
  const { queued, running, failed } = await queue.count()
  const workers = (await queue.workers()).length
  say(`${queued} queued, ${running} running, ${failed} failed; ${workers} worker${workers === 1 ? '' : 's'} alive`)
  const found = await queue.list(limit)
  if (found.length > 0) say('')
  for (const job of found) show(job, systemClock.now())
  if (found.length < queued + running + failed) say(dim(`… and ${queued + running + failed - found.length} more: --limit`))
  return 0
}

function show({ id, task, state, attempts, maxAttempts, runAt, createdAt, lockedAt, lastError }: QueuedJob, now: Date): void {
  const since = (at: Date) => duration(now.getTime() - at.getTime())
  const when = lockedAt
    ? `for ${since(lockedAt)}`
    : runAt > now
      ? `in ${duration(runAt.getTime() - now.getTime())}`
      : `since ${since(runAt)}`
  const words = [
    id.padStart(8),
    state.padEnd(7),
    when.padEnd(10),
    task.padEnd(24),
    `${attempts}/${maxAttempts}`.padEnd(6),
    dim(`made ${since(createdAt)} ago`),
  ]
  say((state === 'failed' ? yellow : String)(words.join('  ')))
  if (lastError) say(dim(`          ${lastError.split('\n')[0] ?? ''}`))
}

/** `45s`, `12m`, `3h`, `9d`. */
function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 90) return `${s}s`
  if (s < 90 * 60) return `${Math.round(s / 60)}m`
  if (s < 36 * 3600) return `${Math.round(s / 3600)}h`
  return `${Math.round(s / 86_400)}d`
}
