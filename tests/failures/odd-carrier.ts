// A carrier that goes wrong in the way it is told to, and counts what it was asked.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const faults = ['500', '503', '429', 'reset', 'nonsense', 'nothing', 'not JSON', 'cut off'] as const
export type Fault = (typeof faults)[number]

export interface OddCarrier {
  readonly url: string
  fault: Fault | null
  /** Requests since it was last asked, as `METHOD /path`. */
  asked(): string[]
  close(): Promise<void>
}

export async function openOddCarrier(): Promise<OddCarrier> {
  const seen: string[] = []
  const state: { fault: Fault | null } = { fault: null }
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    request.resume().on('end', () => answer(state.fault, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => seen.splice(0),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}

const good = JSON.stringify({ sid: `CA${'0'.repeat(32)}`, status: 'in-progress', duration: '7', channels: 1 })

function answer(fault: Fault | null, response: ServerResponse): unknown {
  const say = (status: number, body: string, more: Record<string, string> = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...more })
    response.end(body)
  }
  switch (fault) {
    case '500':
    case '503':
      return say(Number(fault), JSON.stringify({ code: 20500, message: 'secret words of the carrier', status: Number(fault) }))
    case '429':
      return say(429, JSON.stringify({ code: 20429, message: 'secret words of the carrier', status: 429 }), { 'retry-after': '1' })
    case 'reset':
      return response.socket?.resetAndDestroy()
    case 'nonsense':
      return say(200, JSON.stringify({ sid: 7, status: ['secret words'], duration: {}, channels: 'x' }))
    case 'nothing':
      return say(200, '{}')
    case 'not JSON':
      return say(200, '<html>secret words</html>')
    case 'cut off':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '4000' })
      response.write(good.slice(0, 20))
      return setImmediate(() => response.destroy())
    default:
      return say(200, good)
  }
}
