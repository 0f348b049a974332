// When clock jobs are due. There is one rule for every moment: the latest tick that is past is queued unless it was already,
// which the database decides for all workers. So what was missed while nobody was there is made up for, once.
import { parseCronItems } from 'graphile-worker'
import type { Clock } from '../time/index.ts'
import { housekeepingPriority, type Job } from './job.ts'

const minuteMs = 60_000
const madeUpMinutes = 24 * 60
/** Tomorrow's tick will do what today's could not. */
const attemptsOfTick = 5

export interface Tick {
  readonly task: string
  readonly tick: Date
  readonly priority: number
  readonly maxAttempts: number
}

/** @returns tells, whenever it is asked, of the ticks that are due and that `tell` was not told of before. */
export function openCron(jobs: readonly Job[], clock: Clock, tell: (tick: Tick) => Promise<void>): () => Promise<void> {
  const told = new Map<string, number>()
  const clockJobs = jobs.flatMap(({ name, cron, priority = housekeepingPriority }) =>
    cron === undefined ? [] : [{ name, priority, matches: matcherOf(name, cron) }],
  )
  return async () => {
    const now = clock.now().getTime()
    for (const { name, priority, matches } of clockJobs) {
      const latest = latestTick(matches, now, told.get(name))
      if (latest === null) continue
      await tell({ task: name, tick: new Date(latest), priority, maxAttempts: attemptsOfTick })
      told.set(name, latest)
    }
  }
}

/** The last minute up to `now` that matches, later than `after` and within the past day; null when there is none. */
export function latestTick(matches: (at: Date) => boolean, now: number, after = Number.NEGATIVE_INFINITY): number | null {
  const minute = now - (now % minuteMs)
  for (let back = 0; back < madeUpMinutes; back++) {
    const at = minute - back * minuteMs
    if (at <= after) return null
    if (matches(new Date(at))) return at
  }
  return null
}

export function matcherOf(name: string, cron: string): (at: Date) => boolean {
  const [item] = parseCronItems([{ task: name, match: cron, identifier: name }])
  if (!item) throw new Error(`${name} has no time: ${cron}`)
  return (at) =>
    item.match({
      min: at.getUTCMinutes(),
      hour: at.getUTCHours(),
      date: at.getUTCDate(),
      month: at.getUTCMonth() + 1,
      dow: at.getUTCDay(),
    })
}
