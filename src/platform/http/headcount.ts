// How many wait for an answer. A stream that has begun, of events or of a file, has its answer, however long it is.
import type { ServerResponse } from 'node:http'
import { followOn } from './live.ts'

export interface Headcount {
  /** Whoever gets `response` is let in. */
  add(response: ServerResponse): void
  waiting(): number
}

export function openHeadcount(): Headcount {
  let waiting = 0
  return {
    add(response) {
      let waits = true
      waiting += 1
      const answered = () => {
        if (waits) waiting -= 1
        waits = false
      }
      followOn(response, answered)
      response.on('close', answered)
    },
    waiting: () => waiting,
  }
}
