// Who is here just now: how many wait for an answer, and over how many connections anybody may ask. A stream that has begun, of
// events or of a file, has its answer, however long it is, and nobody asks on its connection meanwhile.
import type { Server, ServerResponse } from 'node:http'
import { followOn } from './live.ts'

export interface Headcount {
  /** Whoever gets `response` is let in. */
  add(response: ServerResponse): void
  waiting(): number
  connections(): number
}

export function openHeadcount(server: Server): Headcount {
  let [waiting, connections] = [0, 0]
  server.on('connection', (socket) => {
    connections += 1
    socket.once('close', () => {
      connections -= 1
    })
  })
  return {
    add(response) {
      let state: 'waits' | 'goes on' | 'over' = 'waits'
      waiting += 1
      followOn(response, () => {
        if (state !== 'waits') return // the caller has gone before it began
        state = 'goes on'
        waiting -= 1
        connections -= 1
      })
      response.on('close', () => {
        if (state === 'waits') waiting -= 1
        if (state === 'goes on') connections += 1
        state = 'over'
      })
    },
    waiting: () => waiting,
    connections: () => connections,
  }
}
