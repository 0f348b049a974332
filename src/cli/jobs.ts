// patchbay jobs: what is queued, running and failed; and pushing on, or giving up, what failed.
import { parseArgs } from 'node:util'
import { paperHouse } from '../contracts/reference/index.ts'
import { jobs } from '../domain/jobs.ts'
import { loadSettings, readEnvironment } from '../platform/config/index.ts'
import { type Job, type JobState, jobStates, openQueue, type Queue, type QueuedJob } from '../platform/jobs/index.ts'
import { systemClock } from '../platform/time/index.ts'
import { version } from '../platform/version.ts'
import { CommandError, dim, say, yellow } from './terminal.ts'
import { databaseUrl } from './workshop.ts'

const options = {
  limit: { type: 'string', default: '50' },
  json: { type: 'boolean', default: false },
  state: { type: 'string' },
  task: { type: 'string' },
  all: { type: 'boolean', default: false },
} as const
const verbs = ['list', 'retry', 'remove', 'run']

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [verb = 'list', name = null] = positionals
  if (!verbs.includes(verb)) throw new CommandError('Say jobs, jobs retry ID, jobs remove ID or jobs run NAME.')
  if (!/^[1-9]\d{0,4}$/.test(values.limit)) throw new CommandError('--limit must be a number from 1.')
  const filter = { state: parseState(values.state), task: values.task ?? null, limit: Number(values.limit) }
  const settings = loadSettings(readEnvironment())
  const known = jobs(paperHouse(version))
  const task = verb === 'run' ? parseClockJob(known, name) : null
  const failed = verb === 'retry' || verb === 'remove' ? parseFailed(verb, name, values) : null
  const queue = await openQueue(await databaseUrl(settings))
  try {
    if (task) return await start(queue, task)
    if (failed) return await (verb === 'retry' ? retry(queue, failed) : remove(queue, failed))
    return values.json ? await listJson(queue, filter) : await list(queue, filter, new Set(known.map((job) => job.name)))
  } finally {
    await queue.close()
  }
}

function parseState(text: string | undefined): JobState | null {
  if (text === undefined) return null
  const state = jobStates.find((one) => one === text)
  if (!state) throw new CommandError(`--state takes ${jobStates.join(', ')}, not ${text}.`)
  return state
}

function parseClockJob(known: readonly Job[], name: string | null): string {
  const runnable = known.filter(({ cron }) => cron !== undefined).map((job) => job.name)
  if (name === null || !runnable.includes(name)) throw new CommandError(`Say jobs run NAME, with one of ${runnable.join(', ')}.`)
  return name
}

/** One job by its id, or all that failed (`--all`), or those of one task (`--task NAME`). */
type Failed = { readonly id: string } | { readonly task: string | null }
function parseFailed(verb: string, id: string | null, { all, task }: { all: boolean; task?: string | undefined }): Failed {
  if (id === null && (all || task !== undefined)) return { task: task ?? null }
  if (id !== null && !all && task === undefined && /^\d{1,18}$/.test(id)) return { id }
  throw new CommandError(`Say jobs ${verb} ID, with an id that jobs list shows; jobs ${verb} --task NAME; or jobs ${verb} --all.`)
}

async function retry(queue: Queue, failed: Failed): Promise<number> {
  if (!('id' in failed)) {
    console.log(JSON.stringify({ retried: await queue.retryFailed(failed.task) }))
    return 0
  }
  if (!(await queue.retry(failed.id))) throw new CommandError(`There is no job ${failed.id} that waits or has failed.`)
  console.log(JSON.stringify({ id: failed.id, state: 'queued' }))
  return 0
}

async function remove(queue: Queue, failed: Failed): Promise<number> {
  if (!('id' in failed)) {
    console.log(JSON.stringify({ removed: await queue.removeFailed(failed.task) }))
    return 0
  }
  if (!(await queue.remove(failed.id))) throw new CommandError(`There is no job ${failed.id} that waits or has failed.`)
  console.log(JSON.stringify({ id: failed.id, state: 'removed' }))
  return 0
}

async function start(queue: Queue, name: string): Promise<number> {
  console.log(JSON.stringify({ id: await queue.add(name), task: name, state: 'queued' }))
  if ((await queue.workers()).length === 0) console.error('No worker is running: it waits for one (patchbay up or patchbay work).')
  return 0
}

type Filter = Parameters<Queue['list']>[0]

async function listJson(queue: Queue, filter: Filter): Promise<number> {
  console.log(JSON.stringify({ ...(await queue.count(filter)), jobs: await queue.list(filter) }, null, 2))
  return 0
}

async function list(queue: Queue, filter: Filter, known: ReadonlySet<string>): Promise<number> {
  const { queued, running, failed } = await queue.count(filter)
  const workers = (await queue.workers()).length
  say(`${queued} queued, ${running} running, ${failed} failed; ${workers} worker${workers === 1 ? '' : 's'} alive`)
  const found = await queue.list(filter)
  if (found.length > 0) say('')
  for (const job of found) show(job, known, systemClock.now())
  if (found.length < queued + running + failed) say(dim(`… and ${queued + running + failed - found.length} more: --limit`))
  return 0
}

function show(job: QueuedJob, known: ReadonlySet<string>, now: Date): void {
  const { id, task, state, attempts, maxAttempts, createdAt, progress, lastError } = job
  const words = [
    id.padStart(8),
    state.padEnd(7),
    whenOf(job, now).padEnd(10),
    task.padEnd(24),
    `${attempts}/${maxAttempts}`.padEnd(6),
    dim(`made ${since(createdAt, now)} ago`),
  ]
  say((state === 'failed' ? yellow : String)(words.join('  ')))
  const under = (text: string) => say(dim(`${' '.repeat(10)}${text}`))
  if (progress) under(`${progress.done} of ${progress.of}${progress.words ? `, ${progress.words}` : ''}`)
  if (!known.has(task)) under('no job of this release has this name: it waits for a worker that knows it')
  if (lastError) under(lastError.split('\n')[0] ?? '')
}

function whenOf({ state, lockedAt, runAt }: QueuedJob, now: Date): string {
  if (lockedAt) return `for ${since(lockedAt, now)}`
  return state === 'queued' && runAt > now ? `in ${duration(runAt.getTime() - now.getTime())}` : `since ${since(runAt, now)}`
}

const since = (at: Date, now: Date): string => duration(now.getTime() - at.getTime())

/** `45s`, `12m`, `3h`, `9d`. */
function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 90) return `${s}s`
  if (s < 90 * 60) return `${Math.round(s / 60)}m`
  if (s < 36 * 3600) return `${Math.round(s / 3600)}h`
  return `${Math.round(s / 86_400)}d`
}
