// What clamd says to what it is sent (clamd(8)), as far as PING, VERSION and INSTREAM go: commands begin with z and end with NUL,
// or begin with n and end with a line. It knows one piece of malware, EICAR's harmless one, wherever in the stream it stands.
// Refuses streams beyond its limit as soon as a chunk is announced that would cross it. Keeps a few bytes of a stream, never all.

/** In two halves, lest a scanner take this file for it. */
export const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-', 'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('')
const wanted = Buffer.from(eicar, 'latin1')
const known = 'Eicar-Test-Signature'
const longestCommand = 1024

export interface Conversation {
  /** Whether a stream is on its way. */
  streaming(): boolean
  /** Takes what came. @returns what is to be said, after which clamd hangs up; null while it listens */
  hear(bytes: Buffer): string | null
}

export function openConversation(mostBytes: number): Conversation {
  let waiting: Buffer = Buffer.alloc(0)
  let terminator: '\0' | '\n' = '\0'
  const stream = { open: false, room: mostBytes, leftOfChunk: 0, tail: Buffer.alloc(0), found: false }

  const search = (bytes: Buffer): void => {
    const seen = Buffer.concat([stream.tail, bytes])
    stream.found ||= seen.includes(wanted)
    stream.tail = Buffer.from(seen.subarray(-(wanted.length - 1)))
  }
  const hearCommand = (): string | null => {
    const end = waiting.findIndex((byte) => byte === 0 || byte === 10)
    if (end < 0) return waiting.length > longestCommand ? 'UNKNOWN COMMAND' : null
    const command = waiting.subarray(0, end).toString('latin1')
    terminator = waiting[end] === 0 ? '\0' : '\n'
    waiting = waiting.subarray(end + 1)
    if (command !== (terminator === '\0' ? 'z' : 'n') + command.slice(1)) return 'UNKNOWN COMMAND'
    if (command.slice(1) === 'INSTREAM') stream.open = true
    else return { PING: 'PONG', VERSION: 'ClamAV 1.4.3/sandbox' }[command.slice(1)] ?? 'UNKNOWN COMMAND'
    return null
  }
  const hearStream = (): string | null => {
    while (waiting.length > 0) {
      if (stream.leftOfChunk === 0) {
        if (waiting.length < 4) return null
        stream.leftOfChunk = waiting.readUInt32BE()
        waiting = waiting.subarray(4)
        if (stream.leftOfChunk === 0) return `stream: ${stream.found ? `${known} FOUND` : 'OK'}`
        stream.room -= stream.leftOfChunk
        if (stream.room < 0) return 'INSTREAM size limit exceeded. ERROR'
      }
      const part = waiting.subarray(0, stream.leftOfChunk)
      search(part)
      stream.leftOfChunk -= part.length
      waiting = waiting.subarray(part.length)
    }
    return null
  }
  return {
    streaming: () => stream.open,
    hear(bytes) {
      waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes])
      const said = stream.open ? hearStream() : (hearCommand() ?? (stream.open ? hearStream() : null))
      return said === null ? null : said + terminator
    },
  }
}
