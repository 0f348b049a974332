// Requests that arrive when they arrive: so many a second, whether or not the last ones were answered, as from callers
// who know nothing of each other. Raw sockets, each kept and used again; where all are busy, another is opened.
import { connect, type Socket } from 'node:net'
import { setPriority } from 'node:os'
import { answerParent } from './children.ts'
import { type Latency, latencyOf } from './latency.ts'

export interface ArrivalsJob {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly perSecond: number
  readonly durationMs: number
}

export interface ArrivalsResult {
  readonly seconds: number
  readonly offered: number
  readonly served: number
  readonly turnedAway: number
  /** Neither: a broken connection, another status, no answer in the end. */
  readonly failed: number
  readonly servedLatency: Latency
  readonly turnedAwayLatency: Latency
}

interface Tally {
  offered: number
  failed: number
  readonly served: number[]
  readonly turnedAway: number[]
}

const mostConnections = 4000
const tickMs = 2
const patienceMs = 5_000

async function arrive(job: ArrivalsJob): Promise<ArrivalsResult> {
  const tally: Tally = { offered: 0, failed: 0, served: [], turnedAway: [] }
  const callers = openCallers(job, tally)
  const began = performance.now()
  let sent = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now()
      for (const due = ((now - began) / 1000) * job.perSecond; sent < due; sent++) callers.send()
      if (now - began < job.durationMs) return
      clearInterval(timer)
      resolve()
    }, tickMs)
  })
  await callers.finish()
  const { offered, failed, served, turnedAway } = tally
  return {
    seconds: job.durationMs / 1000,
    offered,
    served: served.length,
    turnedAway: turnedAway.length,
    failed,
    servedLatency: latencyOf(served),
    turnedAwayLatency: latencyOf(turnedAway),
  }
}

function openCallers({ port, path, headers }: ArrivalsJob, tally: Tally) {
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  const text = `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
  const idle: Caller[] = []
  const all = new Set<Caller>()
  let busy = 0
  let onIdle = () => {}
  const done = (caller: Caller, alive: boolean) => {
    busy -= 1
    if (alive) idle.push(caller)
    else all.delete(caller)
    if (busy === 0) onIdle()
  }
  return {
    send() {
      tally.offered += 1
      const caller = idle.pop() ?? (all.size < mostConnections ? openCaller(port, tally, done) : null)
      if (caller === null) {
        tally.failed += 1
        return
      }
      all.add(caller)
      busy += 1
      caller.ask(text)
    },
    async finish() {
      if (busy > 0) {
        await new Promise<void>((resolve) => {
          onIdle = resolve
          setTimeout(resolve, patienceMs).unref()
        })
      }
      for (const caller of all) caller.hangUp()
    },
  }
}

interface Caller {
  ask(text: string): void
  hangUp(): void
}

function openCaller(port: number, tally: Tally, done: (caller: Caller, alive: boolean) => void): Caller {
  const socket: Socket = connect(port, '127.0.0.1')
  let askedAt: number | null = null
  let [head, missing, status] = ['', 0, '']
  const answered = (alive: boolean) => {
    if (askedAt === null) return
    const took = performance.now() - askedAt
    askedAt = null
    if (alive && status === '200') tally.served.push(took)
    else if (alive && status === '503') tally.turnedAway.push(took)
    else tally.failed += 1
    done(caller, alive)
  }
  const caller: Caller = {
    ask(text) {
      askedAt = performance.now()
      socket.write(text)
    },
    hangUp() {
      socket.destroy()
      answered(false)
    },
  }
  socket.setNoDelay(true)
  socket.on('error', () => {}) // `close` follows, and counts
  socket.on('close', () => answered(false))
  socket.on('data', (chunk) => {
    if (missing > 0) missing -= chunk.length
    else {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      status = head.slice(9, 12)
      missing = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0) - (head.length - end - 4)
      head = ''
    }
    if (missing <= 0) answered(true)
  })
  return caller
}

/** Callers have processors of their own: where it is allowed, these come before whoever answers them. */
function goFirst(): void {
  try {
    setPriority(-10)
  } catch {
    // only root may
  }
}

goFirst()
answerParent<ArrivalsJob>(arrive, () => {})
