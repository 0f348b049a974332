// How long a read that comes now would wait for PostgreSQL: what is out, over what comes back in a second (Little's law).
// A few that are out are no queue, however slow they are.

export interface Backlog {
  began(): void
  ended(): void
  /** 0 while there is no queue; no more than a second. To be asked again and again: it measures from one time to the next. */
  waitMs(): number
}

const mostMs = 1_000
/** Over so long the rate is averaged. */
const memoryMs = 200

/** `queueFrom`: so many at once are what the connections carry anyway. `now` in milliseconds, monotonic. */
export function openBacklog(queueFrom: number, now: () => number): Backlog {
  let [out, done, perMs, last] = [0, 0, 0, now()]
  return {
    began: () => {
      out += 1
    },
    ended: () => {
      out -= 1
      done += 1
    },
    waitMs() {
      const passed = now() - last
      if (passed > 0) {
        const weight = Math.min(1, passed / memoryMs)
        perMs += weight * (done / passed - perMs)
        last += passed
        done = 0
      }
      if (out <= queueFrom) return 0
      return perMs === 0 ? mostMs : Math.min(mostMs, out / perMs)
    },
  }
}
