// One question to clamd in its own protocol (clamd(8), INSTREAM): `zINSTREAM` and NUL, chunks behind their length in four bytes,
// big-endian, a chunk of none, and a line up to NUL back. The file streams by, no faster than clamd takes it. Only what clamd says
// in exactly its words counts as clean, and only once it has the whole file.
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import type { Verdict } from '../../domain/files/index.ts'
import { Refusal } from '../../platform/errors/index.ts'

export type ClamdAddress = Pick<TcpNetConnectOpts, 'host' | 'port'> | { readonly path: string }

const usualPort = 3310
const connectMs = 5_000
/** Between a chunk's length and the chunk: a gigabyte takes half a minute longer by it. */
const patienceMs = 2
const longestReply = 4096
const longestName = 200

/** `clamd://host:port`, or `clamd:///path` of a socket. */
export function addressOf(url: string): ClamdAddress {
  const { hostname, port, pathname } = new URL(url)
  if (!hostname) return { path: decodeURIComponent(pathname) }
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || usualPort) }
}

interface Question {
  readonly body: Readable
  readonly signal: AbortSignal
  /**
   * Whether clamd may think about each chunk's length before the chunk is sent. One that crosses its limit it refuses by the length, and
   * hangs up: what is then sent to it makes the system forget its words.
   */
  readonly isPatient: boolean
}

/** `body` is closed in any case. @throws scanner_unavailable, and what the body fails with */
export async function askClamd(at: ClamdAddress, { body, signal, isPatient }: Question): Promise<Verdict> {
  const socket = connect({ ...at, signal })
  const tooLate = setTimeout(() => socket.destroy(new Error(`clamd let nobody in within ${connectMs} ms`)), connectMs)
  socket.once('connect', () => clearTimeout(tooLate))
  body.on('error', () => {}) // whoever reads on hears of it
  const progress = { whole: false }
  try {
    const reply = replyOf(socket)
    const sent = pipeline(framed(body, isPatient ? patienceMs : 0, progress), socket, { end: false })
    // It may speak and hang up in the middle; what it said counts, and not that the rest could not be sent.
    return verdictOf(await Promise.race([reply, sent.then(() => reply)]), progress.whole)
  } catch (error) {
    throw body.errored ?? new Refusal('scanner_unavailable', { cause: error })
  } finally {
    clearTimeout(tooLate)
    socket.destroy()
    body.destroy()
  }
}

async function* framed(body: Readable, pauseMs: number, progress: { whole: boolean }): AsyncGenerator<Buffer> {
  yield Buffer.from('zINSTREAM\0')
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (chunk.length === 0) continue // it would be the end
    await turn() // what clamd has said is read first: when it has hung up, what is sent to it would cost us its words
    yield lengthOf(chunk.length)
    if (pauseMs > 0) await delay(pauseMs)
    yield chunk
  }
  progress.whole = true
  yield lengthOf(0)
}

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes)
  return length
}

function replyOf(socket: Socket): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  socket.on('data', (part: Buffer) => {
    text += part.toString('latin1')
    const end = text.indexOf('\0')
    if (end >= 0) resolve(text.slice(0, end))
    else if (text.length > longestReply) reject(new Error('clamd speaks without an end'))
  })
  socket.once('error', reject)
  socket.once('close', () => reject(new Error('clamd hung up without a word')))
  return promise
}

/** @throws what clamd said, when it is no verdict */
function verdictOf(reply: string, whole: boolean): Verdict {
  if (reply === 'stream: OK' && whole) return { is: 'clean' }
  const malware = /^stream: (.+) FOUND$/s.exec(reply)?.[1]
  if (malware !== undefined) return { is: 'infected', malware: malware.replace(/[^\x20-\x7e]/g, '?').slice(0, longestName) }
  if (reply === 'INSTREAM size limit exceeded. ERROR') return { is: 'too_large' }
  throw new Error(`clamd answered: ${reply.slice(0, longestName)}${whole ? '' : ' (before it had the whole file)'}`)
}
