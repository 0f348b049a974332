// One attempt at one job: told its facts, bounded in time, and judged by how it ends. Refuses what nobody could run: a payload that
// is no object, or that names no organisation.
import { systemPrincipal } from '../auth/principal.ts'
import type { OpenSession, Session, Tx } from '../session/index.ts'
import { type Job, type JobFacts, JobGone, usualTimeoutS } from './job.ts'
import { finishJob, type Reached, type TakenRow } from './jobs.sql.ts'

export interface Attempt {
  readonly taken: TakenRow
  readonly task: string
  /** Resolves, and never rejects, with how it went. */
  readonly ended: Promise<Ending>
  progress(): Reached[string] | null
  /** Whatever it still does has no word in the queue any more. */
  abort(reason: Error): void
}

export type Ending =
  | { readonly outcome: 'done' }
  /** Done in the transaction of its effect: the queue knows already. */
  | { readonly outcome: 'once' }
  | { readonly outcome: 'failed'; readonly error: Error; readonly final: boolean }

/** No attempt will ever go better than this one. */
class Hopeless extends Error {}

export interface AttemptOptions {
  readonly job: Job
  readonly taken: TakenRow
  /** The name under which the worker holds it. */
  readonly worker: string
  readonly openSession: OpenSession
}

export function beginAttempt(options: AttemptOptions): Attempt {
  const { job, taken } = options
  const state: State = { controller: null, reached: null, once: false, cutShort: null }
  const abort = (reason: Error) => {
    state.cutShort ??= reason
    state.controller?.abort(reason)
  }
  const timeoutS = job.timeoutS ?? usualTimeoutS
  const cut = Promise.withResolvers<never>()
  const end = (reason: Error) => {
    abort(reason)
    cut.reject(reason)
  }
  const timer = setTimeout(() => end(new Error(`it did not end within ${timeoutS} s`)), timeoutS * 1000)
  const ended = Promise.race([perform(options, state), cut.promise])
    .then(
      (): Ending => ({ outcome: state.once ? 'once' : 'done' }),
      (error: unknown): Ending => (state.once ? { outcome: 'once' } : failure(error, taken)),
    )
    .finally(() => clearTimeout(timer))
  return { taken, task: job.name, ended, progress: () => state.reached, abort: end }
}

interface State {
  controller: AbortController | null
  reached: Reached[string] | null
  once: boolean
  cutShort: Error | null
}

async function perform({ job, taken, worker, openSession }: AttemptOptions, state: State): Promise<void> {
  const { organizationId, requestId, payload } = parsePayload(taken.payload)
  const session = openSession(systemPrincipal(organizationId, `job:${job.name}`), requestId)
  await job.handle(session, payload, factsOf(session, taken, worker, state))
}

/** Made for every job, so what few ask for is made when they ask. */
function factsOf(session: Session, taken: TakenRow, worker: string, state: State): JobFacts {
  return {
    attempt: taken.attempts,
    lastAttempt: taken.attempts >= taken.maxAttempts,
    get signal() {
      state.controller ??= new AbortController()
      if (state.cutShort) state.controller.abort(state.cutShort)
      return state.controller.signal
    },
    progress: (done, of, words) => {
      state.reached = { done, of, words: words ?? null }
    },
    once: async (work) => {
      const result = await session.write(async (tx: Tx) => {
        const ours = state.cutShort === null && (await tx.read(finishJob, { job: taken.id, worker }))?.finished === true
        if (!ours) throw new JobGone()
        return work(tx)
      })
      state.once = true
      return result
    },
  }
}

function parsePayload(payload: unknown): { organizationId: number; requestId: string | null; payload: object } {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) throw new Hopeless('its payload is no object')
  const { organizationId = 0, requestId = null, ...rest } = payload as Record<string, unknown>
  if (!Number.isSafeInteger(organizationId)) throw new Hopeless('its payload names no organisation')
  return { organizationId: organizationId as number, requestId: typeof requestId === 'string' ? requestId : null, payload: rest }
}

function failure(thrown: unknown, { attempts, maxAttempts }: TakenRow): Ending {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  return { outcome: 'failed', error, final: error instanceof Hopeless || attempts >= maxAttempts }
}
