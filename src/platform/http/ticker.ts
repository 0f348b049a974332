// Tells how late a process is: a timer that should have fired and did not says how long what arrived meanwhile has
// waited, and how much of it was this process's own work. It runs only while there is something to measure, so that an idle
// server is not woken a hundred times a second.

export interface Ticker {
  /** There is something to measure from now on. */
  wake(): void
  close(): void
}

export interface Tick {
  readonly lateMs: number
  /** Since the last. */
  readonly sinceMs: number
  /** Of that, the processor time that this thread has had. */
  readonly ownMs: number
}

/** @param tick false: there is no more to measure */
export function openTicker(everyMs: number, tick: (tick: Tick) => boolean): Ticker {
  let timer: NodeJS.Timeout | null = null
  let [last, lastOwn] = [0, 0]
  const rest = () => {
    if (timer) clearInterval(timer)
    timer = null
  }
  const fire = () => {
    const [sinceMs, ownMs] = [performance.now() - last, ownTimeMs() - lastOwn]
    last += sinceMs
    lastOwn += ownMs
    if (!tick({ lateMs: Math.max(0, sinceMs - everyMs), sinceMs, ownMs })) rest()
  }
  return {
    wake() {
      if (timer) return
      last = performance.now()
      lastOwn = ownTimeMs()
      timer = setInterval(fire, everyMs)
      timer.unref()
    },
    close: rest,
  }
}

function ownTimeMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
