// One worker's time under one name: takes jobs, runs so many at once, hands in what became of them. One question to the queue is
// under way at any moment, and carries all that has gathered since the last: a flood is worked off in large rounds, a single job
// in a small one. Takes ahead only while jobs are so short that what is taken begins within a breath.
import { monotonicMs } from '../time/index.ts'
import { type Attempt, beginAttempt, type Ending } from './attempt.ts'
import type { Job } from './job.ts'
import { backoffS } from './job.ts'
import type { FailedJob, Reached, TakenRow } from './jobs.sql.ts'

export interface Round {
  readonly done: readonly number[]
  readonly failed: readonly FailedJob[]
  /** Never begun: as if they had not been taken. */
  readonly back: readonly number[]
  readonly most: number
}

export interface ShiftOptions {
  readonly worker: string
  /** By the number that the queue gave their task. */
  readonly jobs: ReadonlyMap<number, Job>
  readonly slots: number
  readonly openSession: Parameters<typeof beginAttempt>[0]['openSession']
  readonly turn: (round: Round) => Promise<TakenRow[]>
  /** Gives back what the queue says is ours and we know nothing of; `held` is all that we know of. */
  readonly reclaim: (held: readonly number[]) => Promise<void>
  readonly onEnd: (attempt: Attempt, ending: Ending, ms: number) => void
  /** The queue did not answer: what was handed in is handed in again. */
  readonly onTrouble: (error: unknown) => void
  readonly chance: () => number
}

export interface Shift {
  /** There may be something to take. */
  nudge(): void
  /** Now and then: what was taken ahead and does not come to its turn is left to others. */
  tidy(): void
  /** What the worker knows that it holds. */
  held(): number[]
  reached(): Reached
  /** Takes no more, and gives back what has not begun. @returns when all that runs has ended and was handed in */
  drain(): Promise<void>
  /** Ends what runs by its signal; nothing more is handed in. @returns when no question is under way any more */
  abandon(reason: Error): Promise<void>
}

const aheadMost = 256
/** A job that takes longer is not short. */
const shortMs = 5
/** So long may a word about finished jobs wait for others, while there is plenty to do. */
const gatherMs = 10
const againMs = 500

export function openShift(options: ShiftOptions): Shift {
  const running = new Map<number, Attempt>()
  const state = { ahead: [] as TakenRow[], aheadRoom: 0, begun: 0, tidiedAt: 0, handing: nothing }
  let told = { done: [] as number[], failed: [] as FailedJob[], back: [] as number[] }
  let hungry = true
  let open = true
  let over = false
  /** The answer to a round was lost, and with it perhaps the word about jobs that are ours now. */
  let unsure = false
  let wake = Promise.withResolvers<void>()
  const stir = () => wake.resolve()

  function start(taken: TakenRow): void {
    const job = options.jobs.get(taken.taskId)
    if (!job) throw new Error(`the queue gave a task that was not asked for: ${taken.taskId}`)
    const began = monotonicMs()
    const attempt = beginAttempt({ job, taken, worker: options.worker, openSession: options.openSession })
    running.set(taken.id, attempt)
    state.begun += 1
    attempt.ended.then((ending) => {
      if (over) return
      const ms = monotonicMs() - began
      if (ms > shortMs) state.aheadRoom = 0
      if (taken.queued) hungry = true // the next of its queue may go now, and nobody else is told
      running.delete(taken.id)
      note(attempt, ending)
      options.onEnd(attempt, ending, ms)
      begin()
      if (settled() === 1 || state.ahead.length <= state.aheadRoom / 2) stir()
    })
  }

  function note({ taken: { id, attempts, keyed } }: Attempt, ending: Ending): void {
    if (ending.outcome === 'once') return
    const failed: FailedJob[] =
      ending.outcome === 'failed'
        ? [{ id, error: wordsOf(ending.error), delayS: backoffS(attempts, options.chance()), final: ending.final }]
        : []
    if (keyed) return void handInAlone(id, { ...nothing, done: failed.length > 0 ? [] : [id], failed })
    if (failed.length > 0) told.failed.push(...failed)
    else told.done.push(id)
  }

  /** What others may hold a lock on waits by itself, and not everything with it. */
  const alone = new Map<number, Promise<void>>()
  function handInAlone(id: number, round: Round): void {
    const handing = async () => {
      while (!over) {
        try {
          await options.turn(round)
          break
        } catch (error) {
          options.onTrouble(error)
          await pause(againMs)
        }
      }
      alone.delete(id)
      stir()
    }
    alone.set(id, handing())
  }

  function begin(): void {
    while (open && running.size < options.slots) {
      const next = state.ahead.shift()
      if (!next) break
      start(next)
    }
  }

  const settled = () => told.done.length + told.failed.length + told.back.length
  /** How many to ask for; none while what was taken ahead lasts. */
  function room(): number {
    if (!open || !hungry || state.ahead.length > state.aheadRoom / 2) return 0
    return options.slots + state.aheadRoom - running.size - state.ahead.length
  }

  async function askOnce(): Promise<void> {
    const most = room()
    const round: Round = { ...told, most }
    state.handing = round
    told = { done: [], failed: [], back: [] }
    if (most > 0) hungry = false
    try {
      if (unsure) await options.reclaim(held())
      unsure = false
      receive(await options.turn(round), most)
    } catch (error) {
      told = { done: [...round.done, ...told.done], failed: [...round.failed, ...told.failed], back: [...round.back, ...told.back] }
      state.handing = nothing
      hungry = true
      unsure = true
      options.onTrouble(error)
      if (!over) await Promise.race([pause(againMs), ended.promise])
    }
    state.handing = nothing
  }

  function receive(taken: TakenRow[], most: number): void {
    if (most === 0) return
    if (taken.length === most) {
      hungry = true
      state.aheadRoom = Math.min(aheadMost, Math.max(options.slots, state.aheadRoom * 2))
    } else state.aheadRoom = 0
    if (!open) return void told.back.push(...taken.map(({ id }) => id))
    state.ahead.push(...taken.sort((a, b) => a.priority - b.priority || a.id - b.id))
    begin()
  }

  const held = (): number[] => [
    ...running.keys(),
    ...alone.keys(),
    ...state.ahead.map(({ id }) => id),
    ...[told, state.handing].flatMap(({ done, failed, back }) => [...done, ...back, ...failed.map(({ id }) => id)]),
  ]

  function letGo(): void {
    told.back.push(...state.ahead.map(({ id }) => id))
    state.ahead = []
    state.aheadRoom = 0
    stir()
  }

  const ended = Promise.withResolvers<void>()
  async function work(): Promise<void> {
    while (!over) {
      if (room() > 0 || settled() > 0) {
        // While there is plenty to do, a few finished jobs wait for more.
        if (room() === 0 && state.ahead.length > 0) await Promise.race([wakeable(), pause(gatherMs)])
        await askOnce()
      } else if (!open && running.size === 0 && alone.size === 0) break
      else await wakeable()
    }
  }
  function wakeable(): Promise<void> {
    wake = Promise.withResolvers<void>()
    return wake.promise
  }
  const working = work()

  return {
    nudge() {
      hungry = true
      stir()
    },
    held,
    reached: () =>
      Object.fromEntries(
        [...running].flatMap(([id, attempt]) => {
          const progress = attempt.progress()
          return progress ? [[id, progress]] : []
        }),
      ),
    tidy() {
      if (state.begun === state.tidiedAt && state.ahead.length > 0) letGo()
      state.tidiedAt = state.begun
    },
    async drain() {
      open = false
      letGo()
      await working
    },
    async abandon(reason) {
      open = false
      over = true
      for (const attempt of running.values()) attempt.abort(reason)
      ended.resolve()
      stir()
      await Promise.all([working, ...alone.values()])
    },
  }
}

const nothing: Round = { done: [], failed: [], back: [], most: 0 }
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** What the operator sees: the message, and what was behind it. */
function wordsOf(error: Error): string {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return `${error.message || error.name}${cause}`.slice(0, 2000)
}
