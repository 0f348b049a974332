// A client that repeats a request under one key until it has an answer: over two servers in turn, whatever becomes of them.
import http from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

export interface Asked {
  readonly status: number
  readonly body: string
  readonly headers: http.IncomingHttpHeaders
}

export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
export const hangUp = (): void => agent.destroy()

/** Rejects when the connection breaks before the answer is whole. */
export function ask(port: number, { method, path, headers, body }: Request): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body))
    const request = http.request({ port, host: '127.0.0.1', agent, method, path, headers: { ...headers, 'content-length': length } })
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject).on('aborted', () => reject(new Error('cut off')))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers }))
    })
    request.end(body)
  })
}

export interface Insisting {
  /** Every answer that was not the last, and every broken connection as 0. */
  readonly onRefused: (status: number) => void
  readonly betweenMs: number
}

/** What is in use, or cannot be reached just now, is asked again. */
export async function insist(
  ports: readonly number[],
  first: number,
  request: Request,
  { onRefused, betweenMs }: Insisting,
): Promise<Asked> {
  for (let attempt = first; ; attempt++) {
    const answer = await ask(ports[attempt % ports.length] ?? 0, request).catch(() => null)
    const inUse = answer?.status === 409 && answer.body.includes('idempotency_key_in_use')
    if (answer && !inUse && answer.status !== 503) return answer
    onRefused(answer?.status ?? 0)
    await pause(betweenMs)
  }
}
