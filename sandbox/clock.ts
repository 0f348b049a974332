// Decides what time it is in the sandbox: the wall clock, faster or moved forward. Whoever waits here waits in
// virtual time, so that a whole day of calls fits in a test.

/** How many times faster than the wall clock; `instant` never waits at all. */
export type Speed = number | 'instant'

/** Where real time comes from: `wallMs` since the epoch, `steadyMs` from a clock that never jumps. */
export interface RealTime {
  wallMs: () => number
  steadyMs: () => number
}

export interface Clock {
  now(): number
  speed(): Speed
  /** Waits `ms` of virtual time, or until `cancel` settles, and says how much of it passed. `speed` is for a call with a pace of its own. */
  wait(ms: number, options?: { speed?: Speed; cancel?: Promise<unknown> }): Promise<number>
  advance(ms: number): void
  set(ms: number): void
  setSpeed(speed: Speed): void
}

interface Sleeper {
  dueMs: number
  timer: NodeJS.Timeout | undefined
  wake: () => void
}

export function createClock(real: RealTime, initial: Speed): Clock {
  let speed = initial
  let virtualAt = real.wallMs()
  let realAt = real.steadyMs()
  const sleepers = new Set<Sleeper>()

  const rate = () => (speed === 'instant' ? 1 : speed)
  const now = () => virtualAt + (real.steadyMs() - realAt) * rate()
  const arm = (sleeper: Sleeper) => {
    clearTimeout(sleeper.timer)
    const left = speed === 'instant' ? 0 : (sleeper.dueMs - now()) / rate()
    if (left <= 0) sleeper.wake()
    else sleeper.timer = setTimeout(() => arm(sleeper), Math.min(left, 2 ** 31 - 1))
  }
  const rebase = (change: () => void) => {
    virtualAt = now()
    realAt = real.steadyMs()
    change()
    for (const sleeper of [...sleepers]) arm(sleeper)
  }

  return {
    now,
    speed: () => speed,
    wait(ms, options = {}) {
      const pace = options.speed ?? speed
      if (pace === 'instant' || ms <= 0) return Promise.resolve(Math.max(0, ms))
      const startedAt = { virtualMs: now(), realMs: real.steadyMs() }
      const passed = () => (pace === speed ? now() - startedAt.virtualMs : (real.steadyMs() - startedAt.realMs) * pace)
      return new Promise((resolve) => {
        const sleeper: Sleeper = { dueMs: now() + ms, timer: undefined, wake: () => {} }
        sleeper.wake = () => {
          clearTimeout(sleeper.timer)
          sleepers.delete(sleeper)
          resolve(passed())
        }
        if (pace === speed) {
          sleepers.add(sleeper)
          arm(sleeper)
        } else sleeper.timer = setTimeout(sleeper.wake, ms / pace)
        options.cancel?.then(sleeper.wake, sleeper.wake)
      })
    },
    advance: (ms) => rebase(() => (virtualAt += ms)),
    set: (ms) => rebase(() => (virtualAt = ms)),
    setSpeed: (next) => rebase(() => (speed = next)),
  }
}

/** `Tue, 24 Nov 2026 09:00:00 +0000`, the way Twilio writes times (RFC 2822). */
export function rfc2822(ms: number): string {
  return new Date(ms).toUTCString().replace('GMT', '+0000')
}
