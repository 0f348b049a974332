// One chunk from PostgreSQL can bring the answers of many reads, and all who waited for them go on in the same turn of the event
// loop. Where each then works for milliseconds, whoever connects or asks meanwhile waits until the last of them has ended. So
// answers are handed on for a few milliseconds, and then the loop comes round before the next. In a flood that round is long: then
// answers get as much time as it took, or those who are refused and ask again at once would have it all.

export interface Slices {
  /** Calls `handOn` when its turn has come, in the order of adding, and never before it returns. */
  add(handOn: () => void): void
}

interface Options {
  /** What follows from answers may take so long before others are looked at, or as long as the others took. What has begun is not interrupted. */
  readonly leastMs: number
  /** However long the others took. */
  readonly mostMs: number
  readonly now?: () => number
}

export function openSlices({ leastMs, mostMs, now = () => performance.now() }: Options): Slices {
  const waiting: (() => void)[] = []
  let [runs, sliceMs, usedMs, since] = [false, leastMs, 0, 0]

  function handOnNext(): void {
    const time = now()
    usedMs += time - since
    since = time
    if (usedMs >= sliceMs) {
      setImmediate(begin)
      return
    }
    const handOn = waiting.shift()
    runs = handOn !== undefined
    if (!handOn) return
    // A tick that a microtask asks for comes when there are no more microtasks: what follows from this answer has been done then.
    queueMicrotask(() => process.nextTick(handOnNext))
    handOn()
  }
  function begin(): void {
    sliceMs = Math.min(mostMs, Math.max(leastMs, now() - since))
    usedMs = 0
    since = now()
    handOnNext()
  }

  return {
    add(handOn) {
      waiting.push(handOn)
      if (runs) return
      runs = true
      process.nextTick(() => {
        since = now()
        handOnNext()
      })
    },
  }
}
