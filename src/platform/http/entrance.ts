// Where connections come in, and how a server stops without a client noticing.
//
// libuv takes one new connection from a listening socket in each turn of its loop, and where much is to do a turn takes long: a crowd
// that connects anew would wait for seconds, and with it those who are to hear at once that there is no room. So the address is
// opened several times, where the system deals connections out among those who listen (Linux, SO_REUSEPORT).
//
// To stop, the doors are shut at once, and every connection that is open gets its next answer with `Connection: close` (see
// `observe`): closing one that is idle could cross a request that is already on its way, which the client would see fail. Only who
// asks for nothing all the while is hung up on.
import cluster from 'node:cluster'
import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, Server, type Socket } from 'node:net'

export interface Entrance {
  /** Opens it. @returns the port, the system's choice when 0 was asked for */
  open(where: { readonly port: number; readonly host: string }): Promise<number>
  /** Resolves when the last connection has ended; those that stay idle are ended after `lingerMs`. */
  drain(lingerMs: number): Promise<void>
}

interface Options {
  readonly server: HttpServer
  /** How the server itself is made to listen. */
  readonly listen: (options: { port: number; host: string; backlog: number; reusePort: boolean }) => Promise<unknown>
}

/** Connections that wait to be taken. One too many is tried again by its own system a second later, when it could have had a refusal. */
const backlog = 4_096
const doors = 32

export function openEntrance({ server, listen }: Options): Entrance {
  const open = new Set<Socket>()
  const add = (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  }
  server.on('connection', add)
  server.on('secureConnection', add)
  const sideDoors: Server[] = []
  return {
    async open({ port, host }) {
      // Of a crew, the leader opens the door and hands connections on.
      const reusePort = process.platform === 'linux' && !cluster.isWorker
      await listen({ port, host, backlog, reusePort })
      const { address, port: chosen } = server.address() as AddressInfo
      for (let door = 1; reusePort && door < doors; door++) sideDoors.push(await sideDoorOf(server, address, chosen))
      return chosen
    },
    async drain(lingerMs) {
      // node:http's own close would hang up on idle connections at once.
      const shut = [server, ...sideDoors].map((door) => new Promise((resolve) => Server.prototype.close.call(door, resolve)))
      const timer = setTimeout(() => {
        for (const socket of open) if (!isAnswered(socket)) socket.destroy()
      }, lingerMs)
      await Promise.all(shut)
      clearTimeout(timer)
    },
  }
}

/** What comes in here is the server's. */
async function sideDoorOf(server: HttpServer, host: string, port: number): Promise<Server> {
  const { allowHalfOpen, noDelay } = server as Server & { allowHalfOpen?: boolean; noDelay?: boolean }
  const door = createServer({ allowHalfOpen: allowHalfOpen ?? true, noDelay: noDelay ?? true }, (socket) =>
    server.emit('connection', socket),
  )
  door.listen({ host, port, backlog, reusePort: true })
  await once(door, 'listening')
  return door
}

/** Whether node:http has an answer under way on it. */
function isAnswered(socket: Socket): boolean {
  const { _httpMessage: answer } = socket as { _httpMessage?: object | null }
  return answer !== undefined && answer !== null
}
