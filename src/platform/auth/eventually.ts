// Reading anew what another process has changed. Until that is done this process may trust what it should not, so a
// failure (the database is away just now) is no end: it is tried again at the next use.
import type { Log } from '../session/index.ts'
import { monotonicMs } from '../time/index.ts'

const retryMs = 250

export interface Eventually {
  /** There is something new. */
  ask(): void
  /** Called at every use, and cheap: tries again where the last try failed. */
  nudge(): void
}

/** Asking while it runs makes it run once more after: the first may have read too early. */
export function eventually(work: () => Promise<void>, log: Pick<Log, 'warn'>, what: string): Eventually {
  let behind = false
  let running = false
  let failedAt = Number.NEGATIVE_INFINITY
  const run = async (): Promise<void> => {
    running = true
    try {
      while (behind) {
        behind = false
        await work()
      }
    } catch (error) {
      behind = true
      failedAt = monotonicMs()
      log.warn({ err: error }, what)
    }
    running = false
  }
  return {
    ask() {
      behind = true
      if (!running) void run()
    },
    nudge() {
      if (behind && !running && monotonicMs() - failedAt >= retryMs) void run()
    },
  }
}
