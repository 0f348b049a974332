// A balancer as it stands before several servers: turn by turn, over connections that are kept, the client's address in
// X-Forwarded-For. It asks each server whether it is ready, and hands what could not be delivered to the next.
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface Balancer {
  readonly url: string
  /** Addresses, which may change at any time. */
  targets: string[]
  /** How many requests each target has answered. */
  readonly answered: Map<string, number>
  close(): Promise<void>
}

export async function openBalancer(): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true })
  const state = { targets: [] as string[], answered: new Map<string, number>() }
  let turn = 0

  const serve = async (asked: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(asked)
    for (let attempt = 0; attempt < 3; attempt++) {
      const target = state.targets[turn++ % state.targets.length] ?? ''
      try {
        const answer = await forward(agent, target, asked, body)
        state.answered.set(target, (state.answered.get(target) ?? 0) + 1)
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        return void answer.pipe(response)
      } catch (error) {
        // Not delivered; anything else might have been done.
        if ((error as { code?: string }).code !== 'ECONNREFUSED') return void response.writeHead(502).end()
      }
    }
    response.writeHead(503).end()
  }
  const server = createServer((asked, response) => void serve(asked, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        agent.destroy()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}

function forward(agent: Agent, target: string, { method, url, headers, socket }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  const { connection: _hop, ...rest } = headers
  const forwarded = [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', ')
  return new Promise((resolve, reject) => {
    const options = { agent, headers: { ...rest, 'x-forwarded-for': forwarded }, ...(method ? { method } : {}) }
    request(`${target}${url}`, options, resolve).on('error', reject).end(body)
  })
}
