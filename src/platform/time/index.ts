// The only place that reads the machine's clock. Everything else is handed a Clock.

export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

/** A clock for tests and simulations: it stands still until it is moved. */
export function movableClock(iso: string): Clock & { advance(seconds: number): void; set(iso: string): void } {
  let current = Date.parse(iso)
  return {
    now: () => new Date(current),
    advance: (seconds) => {
      current += seconds * 1000
    },
    set: (next) => {
      current = Date.parse(next)
    },
  }
}

/** Milliseconds that only ever grow; for measuring how long something took. */
export const monotonicMs = (): number => performance.now()

/** `2026-11-24T09:00:00Z`: an instant as it goes over the wire, to the second as every document shows it. */
export const wireTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`
