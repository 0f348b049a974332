// clamd on a port of its own: one connection, one command, one answer. Goes wrong as the control API says.
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { takeFault, type World } from '../world.ts'
import { openConversation } from './conversation.ts'

export interface Clamd {
  /** `clamd://127.0.0.1:40124` */
  url: string
  close: () => Promise<void>
}

export async function startClamd(world: World): Promise<Clamd> {
  const { host, clamdPort, clamdMostBytes } = world.settings
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket)).on('error', () => {}) // who hangs up on us is gone
    converse(world, socket, clamdMostBytes)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(clamdPort, host, resolve)
  })
  return {
    url: `clamd://${host}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

function converse(world: World, socket: Socket, mostBytes: number): void {
  const conversation = openConversation(mostBytes)
  let fault: ReturnType<typeof takeFault<'scan'>> = null
  const say = (text: string): void => {
    socket.removeAllListeners('data').pause()
    if (fault?.kind === 'silent') return
    const words = fault?.kind === 'nonsense' ? 'what did you say?\0' : fault?.kind === 'cut off' ? text.slice(0, 8) : text
    // Like clamd it hangs up with whatever was not read: who still sends is reset.
    socket.write(words, () => socket.destroy())
  }
  socket.on('data', (bytes: Buffer) => {
    const before = conversation.streaming()
    const said = conversation.hear(bytes)
    if (!before && conversation.streaming()) {
      fault = takeFault(world, 'scan')
      if (fault?.kind === 'reset') return void socket.resetAndDestroy()
      if (fault?.kind === 'slow') return later(socket, fault.delayMs, said, say)
    }
    if (said !== null) say(said)
  })
}

function later(socket: Socket, delayMs: number, said: string | null, say: (text: string) => void): void {
  socket.pause()
  setTimeout(() => {
    if (said !== null) say(said)
    else socket.resume()
  }, delayMs)
}
