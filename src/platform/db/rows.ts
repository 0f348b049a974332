// Rows as the bytes that they arrived in. node-postgres makes text of every field before anybody asks for it; what
// PostgreSQL has put together as JSON is only handed on, so on lanes it stays what it is. Like `batch.ts`, a checked border
// to node-postgres' inside.
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import pg from 'pg'
import { Parser } from 'pg-protocol/dist/parser.js'

interface Message {
  readonly name: string
  length: number
}
interface Packets {
  handlePacket(at: number, code: number, length: number, arrived: Buffer): Message
}

const dataRow = 'D'.charCodeAt(0)
const serverError = 'E'.charCodeAt(0)
const missing = -1
/** Of a length, which a message's own counts in. */
const lengthBytes = 4
/** From here on it costs less to hand bytes on than to make text of them and bytes again. */
const longBytes = 2 ** 12

/**
 * A row where it lies among what arrived: the number of its fields, then each one's length and bytes. It is to be read while
 * it is handled: afterwards something else may lie there.
 */
export class Row implements Message {
  readonly name = 'dataRow'
  readonly length: number
  readonly #arrived: Buffer
  readonly #at: number

  constructor(length: number, arrived: Buffer, at: number) {
    this.length = length
    this.#arrived = arrived
    this.#at = at
  }

  /** As node-postgres has them; null for SQL's NULL. */
  get fields(): (string | null)[] {
    const fields = new Array<string | null>(this.#arrived.readUInt16BE(this.#at))
    let next = this.#at + 2
    for (let index = 0; index < fields.length; index++) {
      const length = this.#lengthAt(next)
      const end = next + lengthBytes + Math.max(0, length)
      fields[index] = length === missing ? null : this.#arrived.toString('utf8', next + lengthBytes, end)
      next = end
    }
    return fields
  }

  /** The first field, for as long as one likes: its text, or where that is long a copy of its bytes; null for SQL's NULL. */
  first(): string | Buffer | null {
    const length = this.#lengthAt(this.#at + 2)
    if (length === missing) return null
    const begin = this.#at + 2 + lengthBytes
    if (length < longBytes) return this.#arrived.toString('utf8', begin, begin + length)
    const copy = Buffer.allocUnsafeSlow(length)
    this.#arrived.copy(copy, 0, begin, begin + length)
    return copy
  }

  /** Behind the row lie other rows, another organisation's too: a length that leads there is believed by nobody. */
  #lengthAt(at: number): number {
    const length = this.#arrived.readInt32BE(at)
    const end = this.#at + this.length - lengthBytes
    if (length < missing || at + lengthBytes + length > end) throw new Error('a field that is longer than its row')
    return length
  }
}

/** A message's kind, and its length without that: https://www.postgresql.org/docs/current/protocol-overview.html */
const headerBytes = 1 + lengthBytes
const usualPlace = 2 ** 16
/** A place that a long message has made larger than this is given up after it. */
const largestPlace = 2 ** 20

export interface Reader {
  /** Where the next bytes belong; never without room. */
  room(): Buffer
  /** So many bytes were put there. */
  took(bytes: number): void
  /** For bytes that lie elsewhere. */
  put(bytes: Buffer): void
}

/** Cuts what arrives into messages. All of it lies in one place, which is used again when its messages were handled. */
export function openReader(take: (message: Message) => void): Reader {
  const others = new Parser() as unknown as Packets
  let place = Buffer.allocUnsafeSlow(usualPlace)
  let used = 0

  function messageAt(at: number, code: number, length: number): Message {
    if (code === dataRow) return new Row(length, place, at)
    const message = others.handlePacket(at, code, length, place)
    if (message.name === 'error' && code !== serverError) throw message // a kind that there is not
    return message
  }

  function took(bytes: number): void {
    used += bytes
    let at = 0
    while (at + headerBytes <= used) {
      const length = place.readUInt32BE(at + 1)
      if (length < lengthBytes) throw new Error('a message that is shorter than its length')
      const next = at + 1 + length
      if (next > used) break
      take(messageAt(at + headerBytes, place[at] ?? 0, length))
      at = next
    }
    keep(at)
  }

  /** What is left is a part of a message: it goes to the beginning. The place grows with what has come, not with what is announced. */
  function keep(from: number): void {
    const before = place
    const rest = used - from
    const fits = rest < headerBytes || 1 + before.readUInt32BE(from + 1) <= before.length
    if (fits && rest <= usualPlace / 2 && before.length > largestPlace) place = Buffer.allocUnsafeSlow(usualPlace)
    if (!fits && rest > before.length / 2) place = Buffer.allocUnsafeSlow(2 * before.length)
    if (from > 0 || place !== before) before.copy(place, 0, from, used)
    used = rest
  }

  const room = () => place.subarray(used)
  return {
    room,
    took,
    put(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.copy(room(), 0, at)
        took(part)
        at += part
      }
    },
  }
}

interface Connection {
  stream: Duplex
  attachListeners(stream: Duplex): void
  emit(event: string, message: Message): void
}

/** A client whose rows come as `Row`s. The socket reads to where they are read from, unless what it reads is encrypted. */
export function rowsClient(config: pg.ClientConfig): pg.Client {
  const reader = openReader((message) => connection.emit(message.name === 'error' ? 'errorMessage' : message.name, message))
  const onread = { buffer: reader.room, callback: (bytes: number) => handle(() => reader.took(bytes)) }
  const socketFor = ({ ssl }: { readonly ssl?: unknown }) => new Socket(ssl ? {} : ({ onread } as object))
  const client = new pg.Client({ ...config, stream: socketFor as unknown as () => Duplex })
  const { connection } = client as unknown as { connection: Connection }
  connection.attachListeners = (stream) => {
    if (stream instanceof TLSSocket) stream.on('data', (bytes: Buffer) => handle(() => reader.put(bytes)))
  }
  /** What cannot be read is not PostgreSQL's: nothing that follows could be trusted. @returns that it wants more */
  function handle(work: () => void): true {
    try {
      work()
    } catch (error) {
      connection.stream.destroy(new Error('Connection terminated: what came cannot be read', { cause: error }))
    }
    return true
  }
  return client
}
