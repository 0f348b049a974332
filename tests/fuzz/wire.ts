// Sends bytes and reads answers over sockets that are kept, by hand: what a client's library would not send must be sent
// too. One request at a time on a connection, several connections at once.
import { connect, type Socket } from 'node:net'

export interface Answer {
  readonly status: number
  /** Names in small letters; of a repeated header the last. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Stopped while it went on: a stream. */
  readonly endless: boolean
}

export interface Wire {
  /** @returns null when the connection ended without an answer. @throws when neither comes */
  send(bytes: Buffer, how: { readonly method: string; readonly alone: boolean }): Promise<Answer | null>
  close(): void
}

/** Nothing that is asked takes longer; what does is a fault. */
const patienceMs = 30_000

export function openWire(url: string): Wire {
  const { hostname, port } = new URL(url)
  const idle: Socket[] = []
  const all = new Set<Socket>()
  const open = (): Socket => {
    const socket = connect({ port: Number(port), host: hostname, noDelay: true })
    all.add(socket)
    socket.once('close', () => all.delete(socket))
    socket.on('error', () => {}) // a reset is an end too
    return socket
  }
  return {
    async send(bytes, { method, alone }) {
      const kept = alone ? undefined : idle.pop()
      const socket = kept && !kept.destroyed && kept.writable ? kept : open()
      const { answer, reusable } = await exchange(socket, bytes, method, alone)
      if (reusable) idle.push(socket)
      else socket.destroy()
      // A kept connection may have been closed just before it was used again.
      return answer === null && socket === kept ? this.send(bytes, { method, alone: false }) : answer
    },
    close: () => all.forEach((socket) => void socket.destroy()),
  }
}

function exchange(socket: Socket, bytes: Buffer, method: string, alone: boolean): Promise<{ answer: Answer | null; reusable: boolean }> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)
    const settle = (answer: Answer | null, reusable: boolean) => {
      clearTimeout(timer)
      socket.off('data', onData).off('close', onClose)
      resolve({ answer, reusable })
    }
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no answer within ${patienceMs} ms; so far: ${received.toString('latin1').slice(0, 200)}`))
    }, patienceMs)
    const onData = (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      const parsed = parse(received, method, false)
      if (parsed) settle(parsed.answer, !alone && parsed.reusable)
    }
    const onClose = () => settle(parse(received, method, true)?.answer ?? null, false)
    socket.on('data', onData).once('close', onClose)
    socket.write(bytes)
    if (alone) socket.end() // what is still to come never does
  })
}

interface Parsed {
  readonly answer: Answer
  readonly reusable: boolean
}

/** An answer that is complete; null while it is not. @throws when it is no HTTP */
export function parse(bytes: Buffer, method: string, ended: boolean): Parsed | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return null
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})(?: |$)/.exec(first)?.[1])
  if (!status) throw new Error(`not an HTTP answer: ${first.slice(0, 100)}`)
  const rest = bytes.subarray(end + 4)
  if (status < 200 && status !== 101) return parse(rest, method, ended)
  const headers: Record<string, string> = {}
  for (const line of lines) headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim()
  const whole = (body: Buffer, used: number, endless = false): Parsed => ({
    answer: { status, headers, body, endless },
    reusable: used === rest.length && headers.connection !== 'close' && !endless && !ended,
  })
  if (method === 'HEAD' || status === 204 || status === 304 || status === 101) return whole(Buffer.alloc(0), 0)
  if (headers['content-type']?.startsWith('text/event-stream')) return whole(rest, 0, true)
  if (headers['transfer-encoding'] === 'chunked') {
    const chunks = unchunk(rest)
    return chunks ? whole(chunks.body, chunks.used) : null
  }
  if (headers['content-length'] === undefined) return ended ? whole(rest, rest.length) : null
  const length = Number(headers['content-length'])
  return rest.length >= length ? whole(rest.subarray(0, length), length) : null
}

function unchunk(bytes: Buffer): { body: Buffer; used: number } | null {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return null
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    if (bytes.length < line + 2 + size + 2) return null
    if (size === 0) return { body: Buffer.concat(parts), used: line + 4 }
    parts.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}
