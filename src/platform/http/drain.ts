// How a server stops without a client noticing. The door is shut at once, and every connection that is open gets its next
// answer with `Connection: close` (see `observe`): closing one that is idle could cross a request that is already on its
// way, which the client would see fail. Only who asks for nothing all the while is hung up on.
import type { Server as HttpServer } from 'node:http'
import { Server, type Socket } from 'node:net'

export interface Drain {
  /** Resolves when the last connection has ended; those that stay idle are ended after `lingerMs`. */
  drain(lingerMs: number): Promise<void>
}

/** To be called before the server listens. */
export function watchConnections(server: HttpServer): Drain {
  const open = new Set<Socket>()
  const add = (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  }
  server.on('connection', add)
  server.on('secureConnection', add)
  return {
    async drain(lingerMs) {
      const ended = new Promise<void>((resolve) => {
        // node:http's own close would hang up on idle connections at once.
        Server.prototype.close.call(server, () => resolve())
      })
      const timer = setTimeout(() => {
        for (const socket of open) if (!isAnswered(socket)) socket.destroy()
      }, lingerMs)
      await ended
      clearTimeout(timer)
    },
  }
}

/** Whether node:http has an answer under way on it. */
function isAnswered(socket: Socket): boolean {
  const { _httpMessage: answer } = socket as { _httpMessage?: object | null }
  return answer !== undefined && answer !== null
}
