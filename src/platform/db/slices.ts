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
  /** Milliseconds of the processor that this thread has had: what others on the machine take of it gives answers no longer a slice. */
  readonly ownMs?: () => number
}

/** How fast an answer is believed to have become cheaper. That it has become dearer is believed at once: too many dear ones together keep everybody waiting. */
const easing = 0.02

export function openSlices({ leastMs, mostMs, now = () => performance.now(), ownMs = ownTimeMs }: Options): Slices {
  const waiting: (() => void)[] = []
  let [runs, turnHasSlice, sliceMs, usedMs, since, ownBefore] = [false, false, leastMs, 0, 0, 0]
  let perAnswerMs = leastMs

  /** After `count` answers and all that followed from them. */
  function measure(count: number): void {
    const took = now() - since
    since += took
    usedMs += took
    perAnswerMs = Math.max(took / count, perAnswerMs + easing * (took / count - perAnswerMs))
  }

  /** As many at once as there seems to be time for: taken one by one, cheap ones cost a tenth more. */
  function handOnNext(): void {
    if (usedMs >= sliceMs) {
      ownBefore = ownMs() // there is a next turn
      return
    }
    const some = waiting.splice(0, Math.max(1, Math.floor((sliceMs - usedMs) / perAnswerMs)))
    runs = some.length > 0
    if (!runs) return
    const goOn = () => {
      measure(some.length)
      handOnNext()
    }
    // A tick that a microtask asks for comes when there are no more microtasks: what follows from these has been done then.
    queueMicrotask(() => process.nextTick(goOn))
    for (const handOn of some) handOn()
  }

  /** The loop has come round. */
  function nextTurn(): void {
    turnHasSlice = runs
    sliceMs = runs ? Math.min(mostMs, Math.max(leastMs, ownMs() - ownBefore)) : leastMs
    usedMs = 0
    since = now()
    if (!runs) return
    setImmediate(nextTurn)
    handOnNext()
  }

  return {
    add(handOn) {
      waiting.push(handOn)
      if (runs) return
      runs = true
      if (!turnHasSlice) setImmediate(nextTurn)
      turnHasSlice = true
      process.nextTick(() => {
        since = now()
        handOnNext()
      })
    },
  }
}

function ownTimeMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
