// A crowd of event-stream clients in a process of its own, on raw sockets. Each checks for itself that every event of its
// organisation comes once and in order, and notes how long each took from the moment that the event names in `sentAt`.
import { connect, type Socket } from 'node:net'
import { answerParent } from './children.ts'
import { type Latency, latencyOf } from './latency.ts'

export type ListenersJob =
  /** Opens `count` more, the tokens taken in turn: all of them, or that of one tenant. */
  | { readonly do: 'open'; readonly port: number; readonly count: number; readonly tokens: readonly string[]; readonly tenant?: number }
  /** Everybody hangs up without a word; `resume` comes again from where each was. */
  | { readonly do: 'drop' }
  | { readonly do: 'resume'; readonly port: number }
  /** Every other client of a tenant reads no more; or all read again. */
  | { readonly do: 'pause'; readonly tenant: number }
  | { readonly do: 'read' }
  /** What was heard so far; `forget` begins the latencies anew. */
  | { readonly do: 'report'; readonly forget?: boolean }

export interface ListenersReport {
  readonly open: number
  /** How many have each event as their last, by the token that they came with; without those who do not read. */
  readonly at: readonly Readonly<Record<string, number>>[]
  readonly heard: number
  /** Events that were missing, repeated or out of order: none, or a client in so many words. */
  readonly wrong: readonly string[]
  readonly latency: Latency
  readonly rssMb: number
}

interface Client {
  readonly index: number
  readonly tenant: number
  socket: Socket | null
  /** The last event heard; null before the first. */
  last: number | null
  rest: string
  paused: boolean
}

/** Connections that are being opened at one time: a backlog of the server's is not what is measured. */
const opening = 200
const clients: Client[] = []
let tokens: readonly string[] = []
let took: number[] = []
let heard = 0
const wrong: string[] = []

async function answer(job: ListenersJob): Promise<ListenersReport> {
  if (job.do === 'open') {
    tokens = job.tokens
    const first = clients.length
    const added = Array.from({ length: job.count }, (_, at) => newClient(first + at, job.tenant ?? at % tokens.length))
    clients.push(...added)
    await openAll(added, job.port)
  } else if (job.do === 'resume') await openAll(clients, job.port)
  else if (job.do === 'drop') for (const { socket } of clients) socket?.resetAndDestroy()
  else if (job.do === 'pause') for (const client of clients) if (client.tenant === job.tenant && client.index % 2 === 0) pause(client)
  if (job.do === 'read') for (const client of clients) read(client)
  const report = reportNow()
  if (job.do === 'report' && job.forget) [took, heard] = [[], 0]
  return report
}

const newClient = (index: number, tenant: number): Client => ({ index, tenant, socket: null, last: null, rest: '', paused: false })

async function openAll(wanted: readonly Client[], port: number): Promise<void> {
  const waiting = wanted.filter(({ socket }) => socket === null || socket.destroyed)
  const next = async (): Promise<void> => {
    for (let client = waiting.pop(); client; client = waiting.pop()) await open(client, port)
  }
  await Promise.all(Array.from({ length: opening }, next))
}

/** Resolves when the stream has begun; rejects on any other answer. */
function open(client: Client, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const localAddress = `127.0.0.${2 + (client.index % 5)}` // more ports than one address has
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true })
    socket.setEncoding('latin1')
    client.socket = socket
    client.rest = ''
    let begun = false
    socket.once('connect', () => socket.write(requestOf(client, port)))
    socket.once('error', reject) // after the beginning nobody waits any more
    socket.once('close', () => reject(new Error(`client ${client.index}: closed before it began`)))
    socket.on('data', (chunk) => {
      client.rest += String(chunk)
      if (!begun) {
        const end = client.rest.indexOf('\r\n\r\n')
        if (end === -1) return
        if (!client.rest.startsWith('HTTP/1.1 200')) return void socket.destroy(new Error(client.rest.slice(0, 300)))
        begun = true
        client.rest = client.rest.slice(end + 4)
        resolve()
      }
      hear(client)
    })
  })
}

function requestOf({ tenant, last }: Client, port: number): string {
  const resume = last === null ? '' : `last-event-id: ${last}\r\n`
  return `GET /v1/events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${tokens[tenant]}\r\n${resume}\r\n`
}

function hear(client: Client): void {
  const now = performance.timeOrigin + performance.now()
  const { rest } = client
  let from = 0
  for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n', from)) {
    if (rest.startsWith('id: ', from)) note(client, rest, from, now)
    from = end + 2
  }
  if (from > 0) client.rest = rest.slice(from)
}

const stamp = '"sentAt": '
function note(client: Client, text: string, from: number, now: number): void {
  const seq = Number.parseInt(text.slice(from + 4, from + 20), 10)
  if (client.last !== null && seq !== client.last + 1 && wrong.length < 20)
    wrong.push(`client ${client.index} heard ${seq} after ${client.last}`)
  client.last = seq
  heard++
  const sent = text.indexOf(stamp, from)
  if (sent !== -1 && !client.paused) took.push(now - Number.parseFloat(text.slice(sent + stamp.length, sent + stamp.length + 20)))
}

function pause(client: Client): void {
  client.paused = true
  client.socket?.pause()
}

function read(client: Client): void {
  client.paused = false
  client.socket?.resume()
}

function reportNow(): ListenersReport {
  const at: Record<string, number>[] = tokens.map(() => ({}))
  for (const { tenant, last, paused } of clients) {
    const counts = at[tenant]
    if (counts && !paused) counts[String(last)] = (counts[String(last)] ?? 0) + 1
  }
  const open = clients.filter(({ socket }) => socket !== null && !socket.destroyed && socket.readyState === 'open').length
  return { open, at, heard, wrong, latency: latencyOf(took), rssMb: process.memoryUsage.rss() / 2 ** 20 }
}

answerParent<ListenersJob>(answer, () => {
  for (const { socket } of clients) socket?.destroy()
})
