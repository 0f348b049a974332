// A connection to something that we can do without (a cache, a shared counter): asked briefly, left alone while it does not answer.
// Throws LinkDown, or what the far side threw; the caller has another way and takes it.
import type { Log } from '../telemetry/index.ts'
import type { Clock } from '../time/index.ts'
import { openBreaker } from './breaker.ts'
import { withTimeout } from './timeout.ts'

export class LinkDown extends Error {
  override readonly name = 'LinkDown'
}

export interface Link {
  /** @throws LinkDown while the link rests, or when `fn` takes longer than the link's timeout */
  run<T>(fn: () => Promise<T>): Promise<T>
  up(): boolean
}

export interface LinkOptions {
  readonly name: string
  readonly timeoutMs: number
  readonly clock: Clock
  readonly log: Log
  readonly failures?: number
  readonly restMs?: number
  /** The far side is given up for now: a connection on which answers are still owed is best closed, lest they be taken for later ones. */
  readonly onDown?: () => void
}

export function openLink({ name, timeoutMs, clock, log, failures = 3, restMs = 1000, onDown }: LinkOptions): Link {
  const nowMs = () => clock.now().getTime()
  const breaker = openBreaker(name, { failures, halfOpenAfterMs: restMs }, nowMs())
  const tooLate = () => new LinkDown(`${name} did not answer within ${timeoutMs} ms`)
  return {
    up: () => breaker.state() === 'closed',
    run: async (fn) => {
      const admission = breaker.admit(nowMs())
      if (admission === 'refused') throw new LinkDown(`${name} is left alone for a moment`)
      try {
        const result = await withTimeout(timeoutMs, tooLate, fn)
        if (breaker.settled(admission, true, nowMs())) log.info({ service: name }, 'answers again')
        return result
      } catch (error) {
        if (breaker.settled(admission, false, nowMs())) {
          onDown?.()
          // A failed probe is not worth a line every second.
          if (admission === 'pass') log.warn({ service: name, err: error }, 'does not answer; going on without it')
        }
        throw error
      }
    },
  }
}
