// Virtual time as a queue of what happens next. What falls on one moment happens at once in different lanes, and one after
// the other within a lane; the clock stands still meanwhile and then jumps to the next moment.

/** Yields how many seconds to wait before its next step. */
export type Actor = AsyncGenerator<number, void, undefined>

interface Due {
  readonly at: number
  readonly lane: string
  /** Decides among those of one lane and one moment. */
  readonly name: string
  /** @returns how many seconds until the next step; null when there is none */
  readonly step: () => Promise<number | null>
}

export interface Timeline {
  add(at: number, lane: string, name: string, actor: Actor): void
  /** What is one step. */
  once(at: number, lane: string, name: string, work: () => Promise<unknown>): void
  /** Runs until nothing is due before `until` (Unix milliseconds). */
  run(until: number): Promise<void>
  /** Whoever still has something to do. */
  readonly waiting: number
}

/** @param onMoment moves the clock */
export function openTimeline(onMoment: (at: number) => void): Timeline {
  let queue: Due[] = []

  async function step(due: Due): Promise<void> {
    const waits = await due.step()
    if (waits !== null) queue.push({ ...due, at: due.at + waits * 1000 })
  }

  async function moment(now: Due[]): Promise<void> {
    const lanes = Map.groupBy(now, ({ lane }) => lane)
    const works = [...lanes.values()].map(async (lane) => {
      for (const due of lane.toSorted((a, b) => (a.name < b.name ? -1 : 1))) await step(due)
    })
    // Nobody is left behind running when another has failed.
    const settled = await Promise.allSettled(works)
    for (const result of settled) if (result.status === 'rejected') throw result.reason
  }

  return {
    add(at, lane, name, actor) {
      const step = async () => {
        const { done, value } = await actor.next()
        return done ? null : value
      }
      queue.push({ at, lane, name, step })
    },
    once(at, lane, name, work) {
      const step = async () => {
        await work()
        return null
      }
      queue.push({ at, lane, name, step })
    },
    async run(until) {
      for (;;) {
        const at = queue.reduce((least, due) => Math.min(least, due.at), Number.POSITIVE_INFINITY)
        if (at >= until) return
        const now = queue.filter((due) => due.at === at)
        queue = queue.filter((due) => due.at !== at)
        onMoment(at)
        await moment(now)
      }
    },
    get waiting() {
      return queue.length
    },
  }
}
