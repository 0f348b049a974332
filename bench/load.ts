// A load generator: each connection sends a request, reads the whole answer, and sends the next. Raw sockets, because
// the generator shares the machine with what it measures and must cost little.
import { connect, type Socket } from 'node:net'
import { answerParent } from './children.ts'
import { type Latency, latencyOf } from './latency.ts'

export interface LoadJob {
  readonly port: number
  readonly path: string
  /** Instead of the one path: each request asks for the next of them, and round again. */
  readonly paths?: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly durationMs: number
  /**
   * Never sleep between answers. Whoever answers a sleeper on the same machine wakes it, and pays for that: on a virtual one 20 to
   * 50 µs, which no caller elsewhere costs. It takes a processor, so not where anybody else needs one.
   */
  readonly awake?: boolean
}

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly bytes: number
  readonly latency: Latency
}

async function load(job: LoadJob): Promise<LoadResult> {
  const took: number[] = []
  const began = performance.now()
  const until = began + job.durationMs
  const host = `127.0.0.1:${job.port}`
  const requests = (job.paths ?? [job.path]).map((path) => requestText(path, { host, ...job.headers }))
  let asked = 0
  const next = () => requests[asked++ % requests.length] ?? ''
  if (job.awake) stayAwake(until)
  const bytes = await Promise.all(Array.from({ length: job.connections }, () => drive(job, next, until, took)))
  const seconds = (performance.now() - began) / 1000
  return { requests: took.length, seconds, bytes: bytes.reduce((sum, each) => sum + each, 0), latency: latencyOf(took) }
}

function stayAwake(until: number): void {
  if (performance.now() < until) setImmediate(stayAwake, until)
}

/** One connection until the time is up. @returns the bytes of all bodies; rejects on any answer that is not 200 */
function drive({ port, path }: LoadJob, next: () => string, until: number, took: number[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1')
    let [sentAt, bytes, missing, head] = [0, 0, 0, '']
    const send = () => {
      sentAt = performance.now()
      socket.write(next())
    }
    socket.setNoDelay(true)
    socket.once('connect', send)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`${path}: the server closed the connection`)))
    socket.on('data', (chunk) => {
      if (missing > 0) missing -= chunk.length
      else {
        head += chunk.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end === -1) return
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1])
        if (!head.startsWith('HTTP/1.1 200') || Number.isNaN(length)) return socket.destroy(new Error(`${path}: ${head.slice(0, 300)}`))
        missing = length - (head.length - end - 4)
        bytes += length
        head = ''
      }
      if (missing > 0) return
      took.push(performance.now() - sentAt)
      if (performance.now() < until) return send()
      socket.removeAllListeners('close')
      socket.end()
      resolve(bytes)
    })
  })
}

function requestText(path: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

answerParent<LoadJob>(load, () => {})
