// Speaks HTTP by hand, so that it can be spoken wrongly: bytes out, bytes in, until the other side closes or says enough.
import { connect, type Socket } from 'node:net'

export interface Wire {
  readonly socket: Socket
  write(text: string | Buffer): void
  /** What came, once it holds `word` or the connection has ended. */
  until(word: string | RegExp): Promise<string>
  ended(): Promise<string>
}

export async function openWire(url: string): Promise<Wire> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let text = ''
  let over = false
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of [...waiting]) look()
  }
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
    wake()
  })
  socket.on('error', () => {}) // a reset is an end too
  socket.on('close', () => {
    over = true
    wake()
  })
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  const when = (enough: () => boolean) =>
    new Promise<string>((resolve) => {
      const look = () => {
        if (!over && !enough()) return
        waiting.delete(look)
        resolve(text)
      }
      waiting.add(look)
      look()
    })
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    until: (word) => when(() => (typeof word === 'string' ? text.includes(word) : word.test(text))),
    ended: () => when(() => false),
  }
}

export const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
