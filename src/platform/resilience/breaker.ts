// When to stop asking a service that does not answer, and when to try again. Pure state: it is told the time and what happened.
// closed → open after so many failures in a row → one probe when the rest is over → closed, or open again.

export type BreakerState = 'closed' | 'half_open' | 'open'
export type Admission = 'pass' | 'probe' | 'refused'

export interface BreakerSnapshot {
  readonly name: string
  readonly state: BreakerState
  readonly totalRequests: number
  readonly successfulRequests: number
  readonly failedRequests: number
  /** Turned away without being tried. */
  readonly rejectedRequests: number
  /** 1 before the first request. */
  readonly successRate: number
  readonly circuitOpenedCount: number
  readonly currentFailureStreak: number
  /** Unix time in seconds, with a fraction. */
  readonly lastFailureTime: number | null
  readonly lastSuccessTime: number | null
  /** Seconds. */
  readonly timeInCurrentState: number
  /** Held open by an operator until one closes it. */
  readonly forced: boolean
}

export interface BreakerPolicy {
  /** In a row. */
  readonly failures: number
  readonly halfOpenAfterMs: number
}

export interface Breaker {
  readonly policy: BreakerPolicy
  readonly state: () => BreakerState
  /** `probe` makes the caller the one that tries: it must answer with `settled` or `postpone`. */
  admit(nowMs: number): Admission
  /** Tells how an admitted attempt went; true when that changed the state. */
  settled(admission: Admission, succeeded: boolean, nowMs: number): boolean
  /** `heard`: another process opened it, and counts it. */
  open(nowMs: number, options?: { readonly forced?: boolean; readonly forMs?: number; readonly heard?: boolean }): void
  close(nowMs: number): void
  /** Somebody else is probing: wait for the outcome, for one more rest at most. */
  postpone(nowMs: number): void
  /** Milliseconds until a probe would be let through. */
  restMs(nowMs: number): number
  forced(): boolean
  snapshot(nowMs: number): BreakerSnapshot
}

export function openBreaker(name: string, policy: BreakerPolicy, bornMs: number): Breaker {
  const counts = { total: 0, succeeded: 0, failed: 0, rejected: 0, opened: 0, streak: 0 }
  const last: { failure: number | null; success: number | null } = { failure: null, success: null }
  let state: BreakerState = 'closed'
  let since = bornMs
  let openUntil = 0
  let forced = false

  const enter = (next: BreakerState, nowMs: number, heard = false): void => {
    if (next !== state) since = nowMs
    if (next === 'open' && state === 'closed' && !heard) counts.opened += 1
    state = next
  }
  const open: Breaker['open'] = (nowMs, options = {}) => {
    forced = options.forced ?? false
    openUntil = nowMs + (options.forMs ?? policy.halfOpenAfterMs)
    enter('open', nowMs, options.heard)
  }
  const close: Breaker['close'] = (nowMs) => {
    forced = false
    counts.streak = 0
    enter('closed', nowMs)
  }
  const admit: Breaker['admit'] = (nowMs) => {
    if (state === 'closed') return 'pass'
    if (state === 'open' && !forced && nowMs >= openUntil) {
      enter('half_open', nowMs)
      return 'probe'
    }
    counts.rejected += 1
    return 'refused'
  }
  const settled: Breaker['settled'] = (admission, succeeded, nowMs) => {
    const before = state
    counts.total += 1
    counts[succeeded ? 'succeeded' : 'failed'] += 1
    last[succeeded ? 'success' : 'failure'] = nowMs / 1000
    counts.streak = succeeded ? 0 : counts.streak + 1
    const probing = admission === 'probe' && state === 'half_open'
    if (probing && succeeded) close(nowMs)
    else if (probing || (state === 'closed' && counts.streak >= policy.failures)) open(nowMs)
    return state !== before
  }

  return {
    policy,
    state: () => state,
    admit,
    settled,
    open,
    close,
    postpone: (nowMs) => {
      if (state === 'closed' || forced) return
      openUntil = nowMs + policy.halfOpenAfterMs
      enter('open', nowMs)
    },
    restMs: (nowMs) => (state === 'closed' ? 0 : Math.max(0, forced ? policy.halfOpenAfterMs : openUntil - nowMs)),
    forced: () => forced,
    snapshot: (nowMs) => ({
      name,
      state,
      totalRequests: counts.total,
      successfulRequests: counts.succeeded,
      failedRequests: counts.failed,
      rejectedRequests: counts.rejected,
      successRate: counts.total === 0 ? 1 : counts.succeeded / counts.total,
      circuitOpenedCount: counts.opened,
      currentFailureStreak: counts.streak,
      lastFailureTime: last.failure,
      lastSuccessTime: last.success,
      timeInCurrentState: Math.max(0, nowMs - since) / 1000,
      forced,
    }),
  }
}
