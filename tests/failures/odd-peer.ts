// Somebody outside who goes wrong in the way they are told to, and counts what they were asked: a carrier, a store of objects, or
// whoever else speaks HTTP. Well, they answer as `well` does.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export const faults = ['500', '503', '429', 'reset', 'nonsense', 'nothing', 'not JSON', 'cut off', 'silence'] as const
export type Fault = (typeof faults)[number]

export interface OddPeer {
  readonly url: string
  fault: Fault | null
  /** Requests since it was last asked, as `METHOD /path`. */
  asked(): string[]
  close(): Promise<void>
}

export type Well = (request: IncomingMessage, body: Buffer, response: ServerResponse) => unknown

export async function openOddPeer(well: Well): Promise<OddPeer> {
  const seen: string[] = []
  const state: { fault: Fault | null } = { fault: null }
  const server = createServer(async (request, response) => {
    seen.push(`${request.method} ${request.url}`)
    const body = await buffer(request)
    if (state.fault) goWrong(state.fault, response)
    else well(request, body, response)
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

function goWrong(fault: Fault, response: ServerResponse): unknown {
  const say = (status: number, body: string, more: Record<string, string> = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...more })
    response.end(body)
  }
  switch (fault) {
    case '500':
    case '503':
      return say(Number(fault), JSON.stringify({ code: 20500, message: 'secret words of the peer', status: Number(fault) }))
    case '429':
      return say(429, JSON.stringify({ code: 20429, message: 'secret words of the peer', status: 429 }), { 'retry-after': '1' })
    case 'reset':
      return response.socket?.resetAndDestroy()
    case 'nonsense':
      return say(200, JSON.stringify({ sid: 7, status: ['secret words'], duration: {}, channels: 'x', choices: 'none', text: 9 }))
    case 'nothing':
      return say(200, '{}')
    case 'not JSON':
      return say(200, '<html>secret words</html>')
    case 'cut off':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '4000' })
      response.write('{"sid": "CA')
      return setImmediate(() => response.destroy())
    case 'silence':
      return undefined
  }
}

const callAnswer = JSON.stringify({ sid: `CA${'0'.repeat(32)}`, status: 'in-progress', duration: '7', channels: 1 })

/** A carrier that does whatever it is asked. */
export const carrier: Well = (_, __, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(callAnswer)

/** S3 as far as one bucket needs it: objects under their paths, whole or in part. */
export function objectStore(): Well {
  const objects = new Map<string, Buffer>()
  return ({ method, url = '', headers }, body, response) => {
    const [path = ''] = url.split('?')
    const found = objects.get(path)
    if (method === 'PUT') {
      objects.set(path, body)
      return response.writeHead(200, { etag: '"kept"' }).end()
    }
    if (method === 'DELETE') {
      objects.delete(path)
      return response.writeHead(204).end()
    }
    if (!found) return response.writeHead(404).end()
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')
    const part = range ? found.subarray(Number(range[1]), Number(range[2]) + 1) : found
    response.writeHead(range ? 206 : 200, { 'content-length': part.length })
    return response.end(method === 'HEAD' ? undefined : part)
  }
}

/** Asks somebody real. */
export function inFrontOf(target: string): Well {
  return async ({ method = 'GET', url = '', headers }, body, response) => {
    const { host: _host, connection: _connection, 'content-length': _length, 'transfer-encoding': _encoding, ...rest } = headers
    const sent = { method, headers: rest as Record<string, string>, ...(body.length > 0 ? { body: new Uint8Array(body) } : {}) }
    const answer = await fetch(`${target}${url}`, sent)
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' })
    response.end(Buffer.from(await answer.arrayBuffer()))
  }
}
