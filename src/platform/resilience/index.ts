// Every outgoing call goes through a guard (P14): a timeout, retries with jitter where repeating is harmless, and a breaker.
// Refuses with circuit_open while the service rests, with provider_timeout when it is too slow; other errors pass unchanged.
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'
import type { Database } from '../db/index.ts'
import { Refusal, refuse } from '../errors/index.ts'
import type { Bus } from '../events/index.ts'
import type { Log, Metrics } from '../telemetry/index.ts'
import { type Clock, monotonicMs } from '../time/index.ts'
import { type Admission, type Breaker, type BreakerPolicy, type BreakerSnapshot, openBreaker } from './breaker.ts'
import { type Claim, type Figures, openFigures } from './figures.ts'
import { type SharedBreakers, shareBreakers } from './shared.ts'
import { withTimeout } from './timeout.ts'

export { type Breaker, type BreakerPolicy, type BreakerSnapshot, type BreakerState, openBreaker } from './breaker.ts'
export { type Link, LinkDown, openLink } from './link.ts'
export { withTimeout } from './timeout.ts'

export interface GuardPolicy {
  /** For each attempt. */
  readonly timeoutMs: number
  /** Beyond the first attempt, for idempotent calls alone. */
  readonly retries: number
  readonly breaker: BreakerPolicy
  /** What the delays between attempts grow from and up to; 100 ms and 2 s. */
  readonly backoffMs?: { readonly initial: number; readonly max: number }
  /** Which errors speak against the service; `isOutage` when absent. Others count as an answer. */
  readonly outage?: (error: unknown) => boolean
}

export interface Guard {
  readonly name: string
  /** `signal` is aborted at the timeout. @throws circuit_open, provider_timeout, and what `fn` throws */
  call<T>(fn: (signal: AbortSignal) => Promise<T>, options?: { readonly idempotent?: boolean }): Promise<T>
  snapshot(): BreakerSnapshot
  /** By an operator, in all processes. `open` holds until it is closed again. */
  force(state: 'open' | 'closed'): Promise<void>
}

export interface Guards {
  /** One guard a name: asking again returns the same. */
  guard(name: string, policy: GuardPolicy): Guard
  /** Counts what somebody else calls, and never stands in the way. @returns what tells how a call went */
  watch(name: string, policy: BreakerPolicy): (succeeded: boolean) => void
  find(name: string): Pick<Guard, 'snapshot' | 'force'> | undefined
  /** Of all processes together where there is a database, else of this one. */
  all(): Promise<BreakerSnapshot[]>
  close(): Promise<void>
}

interface Room {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Pick<Metrics, 'outgoingCall' | 'breakerState'> | undefined
  readonly shared: SharedBreakers
  readonly figures: Figures | undefined
}

export function openGuards(input: {
  bus: Bus
  clock: Clock
  log: Log
  metrics?: Pick<Metrics, 'outgoingCall' | 'breakerState'> | undefined
  /** Where the figures of all processes are kept. */
  database?: Pick<Database, 'read'>
}): Guards {
  const { clock, log, metrics, database } = input
  const breakers = new Map<string, Breaker>()
  const guards = new Map<string, Guard>()
  const watched = new Map<string, Pick<Guard, 'snapshot' | 'force'>>()
  const figures = database && openFigures({ database, clock, log, breakers })
  const changed = (name: string) => metrics?.breakerState(name, breakers.get(name)?.state() ?? 'closed')
  const shared = shareBreakers({ ...input, breakers, changed })
  const leftOpen = figures?.leftOpen().catch((error: unknown) => {
    log.warn({ err: error }, 'could not read which breakers were left open')
    return new Set<string>()
  })
  /** What an operator has opened stays open although every process was started anew. */
  const recall = async (name: string, breaker: Breaker): Promise<void> => {
    if (!(await leftOpen)?.has(name) || breaker.state() !== 'closed') return
    breaker.open(clock.now().getTime(), { forced: true, heard: true })
    changed(name)
  }
  /** What an operator said while nothing was heard. */
  const agree = async (): Promise<void> => {
    const left = await figures?.leftOpen()
    for (const [name, breaker] of left ? breakers : []) {
      if (left?.has(name) === breaker.forced()) continue
      if (breaker.forced()) breaker.close(clock.now().getTime())
      else breaker.open(clock.now().getTime(), { forced: true, heard: true })
      changed(name)
    }
  }
  const unsubscribe = input.bus.subscribe('resync', () => {
    agree().catch((error: unknown) => log.warn({ err: error }, 'could not read which breakers were left open'))
  })
  return {
    guard: (name, policy) => {
      const known = guards.get(name)
      if (known) return known
      const breaker = openBreaker(name, policy.breaker, clock.now().getTime())
      const guard = makeGuard(name, policy, breaker, { clock, log, metrics, shared, figures })
      breakers.set(name, breaker)
      guards.set(name, guard)
      changed(name)
      shared.hello(name)
      void recall(name, breaker)
      return guard
    },
    watch: (name, policy) => {
      const breaker = openBreaker(name, policy, clock.now().getTime())
      breakers.set(name, breaker)
      watched.set(name, watcherOf(breaker, clock))
      changed(name)
      return (succeeded) => {
        if (note(breaker, succeeded, clock.now().getTime())) changed(name)
      }
    },
    find: (name) => guards.get(name) ?? watched.get(name),
    all: async () => {
      const own = () => [...breakers.values()].map((breaker) => breaker.snapshot(clock.now().getTime()))
      // It is asked most when something is wrong, the database included.
      return figures ? figures.all().catch(own) : own()
    },
    close: async () => {
      unsubscribe()
      shared.close()
      await figures?.close()
    },
  }
}

function makeGuard(name: string, policy: GuardPolicy, breaker: Breaker, room: Room): Guard {
  const outage = policy.outage ?? isOutage
  const nowMs = () => room.clock.now().getTime()
  const { initial, max } = policy.backoffMs ?? { initial: 100, max: 2000 }
  // An open breaker is not worth another attempt; an error that is an answer would be the same answer again.
  const repeat = retry(
    handleWhen((error) => !isOpenCircuit(error) && outage(error)),
    { maxAttempts: policy.retries, backoff: new ExponentialBackoff({ initialDelay: initial, maxDelay: max }) },
  )

  const tell = async (): Promise<void> => {
    room.metrics?.breakerState(name, breaker.state())
    room.log.warn({ service: name, state: breaker.state() }, 'circuit breaker changed')
    await Promise.all([
      breaker.state() === 'open' ? room.shared.opened(name, breaker) : room.shared.closed(name),
      room.figures?.stateChanged(name),
    ])
  }
  const settle = (admission: Admission, succeeded: boolean): void => {
    if (breaker.settled(admission, succeeded, nowMs())) void tell()
  }

  const attempt = async <T>(fn: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const admission = await admit(name, breaker, room)
    const began = monotonicMs()
    const count = (outcome: 'success' | 'failure' | 'timeout') => room.metrics?.outgoingCall(name, outcome, (monotonicMs() - began) / 1000)
    try {
      const result = await withTimeout(policy.timeoutMs, () => new Refusal('provider_timeout', { extra: { service: name } }), fn)
      settle(admission, true)
      count('success')
      return result
    } catch (error) {
      settle(admission, !outage(error))
      count(error instanceof Refusal && error.code === 'provider_timeout' ? 'timeout' : 'failure')
      throw error
    }
  }

  return {
    name,
    call: (fn, options) => (options?.idempotent ? repeat.execute(() => attempt(fn)) : attempt(fn)),
    snapshot: () => breaker.snapshot(nowMs()),
    force: async (state) => {
      if (state === 'open') breaker.open(nowMs(), { forced: true })
      else breaker.close(nowMs())
      await tell()
    },
  }
}

/** Nobody is refused here, so whatever succeeds closes it. @returns whether that changed its state */
function note(breaker: Breaker, succeeded: boolean, nowMs: number): boolean {
  const changed = breaker.settled('pass', succeeded, nowMs)
  if (!succeeded || breaker.state() === 'closed') return changed
  breaker.close(nowMs)
  return true
}

/** What only watches cannot be opened: there is nobody whom it would keep from anything. @throws breaker_watches */
const watcherOf = (breaker: Breaker, clock: Clock): Pick<Guard, 'snapshot' | 'force'> => ({
  snapshot: () => breaker.snapshot(clock.now().getTime()),
  force: async (state) => {
    if (state === 'open') return refuse('breaker_watches')
    breaker.close(clock.now().getTime())
  },
})

/** PostgreSQL decides; without it those who can hear each other agree, and whoever is alone probes: better two probes than none. */
async function claimProbe(name: string, breaker: Breaker, { figures, shared }: Room): Promise<Claim> {
  const alone = async (): Promise<Claim> => ((await shared.claim(name)) ? 'won' : 'lost')
  return figures ? figures.claim(name, breaker.policy.halfOpenAfterMs).catch(alone) : alone()
}

async function admit(name: string, breaker: Breaker, room: Room): Promise<Admission> {
  const admission = breaker.admit(room.clock.now().getTime())
  if (admission === 'pass') return admission
  if (admission === 'probe') {
    const claim = await claimProbe(name, breaker, room)
    if (claim === 'won') return admission
    if (claim === 'closed') {
      breaker.close(room.clock.now().getTime())
      return 'pass'
    }
    breaker.postpone(room.clock.now().getTime())
  }
  room.metrics?.outgoingCall(name, 'rejected', 0)
  const retryAfter = Math.max(1, Math.ceil(breaker.restMs(room.clock.now().getTime()) / 1000))
  return refuse('circuit_open', { headers: { 'retry-after': String(retryAfter) }, extra: { service: name, retryAfter } })
}

const isOpenCircuit = (error: unknown): boolean => error instanceof Refusal && error.code === 'circuit_open'

/**
 * Whether an error means that the service is in trouble, rather than that it said no: any status of 500 and above, 408 and 429, and whatever
 * carries no status (refused connections, resets, timeouts). Reads `status`, `statusCode` and the AWS SDK's `$metadata`.
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof Refusal) return ['provider', 'unavailable', 'internal'].includes(error.kind)
  const status = statusOf(error)
  return status === undefined || status >= 500 || status === 408 || status === 429
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  if ('status' in error && typeof error.status === 'number') return error.status
  if ('statusCode' in error && typeof error.statusCode === 'number') return error.statusCode
  if ('$metadata' in error && typeof error.$metadata === 'object' && error.$metadata !== null && 'httpStatusCode' in error.$metadata)
    return typeof error.$metadata.httpStatusCode === 'number' ? error.$metadata.httpStatusCode : undefined
  return undefined
}
