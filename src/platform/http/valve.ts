// How much to turn away when more comes than this process can do. What is steered by is how long a request waits before
// anybody looks at it: that alone tells too much work from slow work. The rule is PIE's (RFC 8033: a share is turned away
// that grows with the wait and with its rise), with its allowance for a burst.

export interface Valve {
  /** Every few milliseconds: how long requests wait now, and how much time has passed since the last word. */
  measure(waitMs: number, sinceMs: number): void
  /** Whether the next request is let in. Those that must not be lost are the last to be turned away. */
  admits(precious: boolean): boolean
  /** 0 to 1. */
  share(): number
}

/** RFC 8033, 4.2: per second and second of wait. Twice as firm, because a server's callers do not slow down as TCP does. */
const proportional = 0.25
const derivative = 2.5
/** A wait that is over sooner than this was a burst. */
const burstMs = 150
/** As long as nobody waits, the share is let go by so much a measurement; it is never let go faster, or the next turn would have them all. */
const ease = 0.9
/** Somebody is always let in: else nobody would know when it is over. */
const most = 0.99
/** Beyond this share even the precious are turned away in part. */
const preciousFrom = 0.9

export function openValve(targetMs: number): Valve {
  let [share, before, aboveForMs, debt] = [0, 0, 0, 0]
  return {
    measure(waitMs, sinceMs) {
      aboveForMs = waitMs > targetMs ? aboveForMs + sinceMs : 0
      const rise = (proportional * (waitMs - targetMs) * (sinceMs / 15) + derivative * (waitMs - before)) / 1000
      const steps = share < 0.1 ? 2 : 1 // RFC 8033, 4.2: small shares move in small steps
      if (waitMs < targetMs / 2 && before < targetMs / 2) share *= ease
      else if (share > 0) share = Math.max(share * ease, share + rise / steps)
      else if (aboveForMs >= burstMs) share = 1 - targetMs / waitMs // what waits is too much in that proportion
      share = share < 0.001 ? 0 : Math.min(most, share)
      before = waitMs
    },
    admits(precious) {
      const part = precious ? Math.max(0, (share - preciousFrom) / (1 - preciousFrom)) : share
      debt += part
      if (debt < 1) return true
      debt -= 1
      return false
    },
    share: () => share,
  }
}
