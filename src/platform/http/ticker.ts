// Tells how late a process is: a timer that should have fired and did not says how long what arrived meanwhile has
// waited. It runs only while there is something to measure, so that an idle server is not woken a hundred times a second.

export interface Ticker {
  /** There is something to measure from now on. */
  wake(): void
  close(): void
}

/** `tick` hears how many milliseconds late it is and how many have passed since the last; false: there is no more to measure. */
export function openTicker(everyMs: number, tick: (lateMs: number, sinceMs: number) => boolean): Ticker {
  let timer: NodeJS.Timeout | null = null
  let last = 0
  const rest = () => {
    if (timer) clearInterval(timer)
    timer = null
  }
  const fire = () => {
    const since = performance.now() - last
    last += since
    if (!tick(Math.max(0, since - everyMs), since)) rest()
  }
  return {
    wake() {
      if (timer) return
      last = performance.now()
      timer = setInterval(fire, everyMs)
      timer.unref()
    },
    close: rest,
  }
}
