// A TCP proxy that makes whatever stands behind it slow, silent, absent or a liar, and that cuts what runs through it.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface FaultProxy {
  readonly port: number
  /**
   * `pass` hands bytes on, `silent` swallows them, `refuse` resets every new connection and `lie` rewrites what the
   * server answers. Connections that are open stay open: `cut` ends them. `dead` swallows too, and a connection that lost a
   * byte to it never speaks again, as TCP has it: nobody reads on behind what is missing.
   */
  mode: 'pass' | 'silent' | 'dead' | 'refuse'
  delayMs: number
  lie: ((answer: Buffer) => Buffer) | null
  /** Resets every connection that is open. @returns how many there were */
  cut(): number
  stop(): Promise<void>
}

/** Stands before `target`, a port or the path of a socket, on a port of its own. */
export async function faultProxy(target: number | string, host = '127.0.0.1'): Promise<FaultProxy> {
  const where = typeof target === 'string' ? { path: target } : { port: target, host }
  const sockets = new Set<Socket>()
  const faults: { mode: FaultProxy['mode']; delayMs: number; lie: FaultProxy['lie'] } = { mode: 'pass', delayMs: 0, lie: null }
  const relay = (from: Socket, to: Socket, line: { dead: boolean }, answers: boolean) => {
    const late = inOrder()
    from.on('data', (data: Buffer) => {
      line.dead ||= faults.mode === 'dead'
      if (line.dead || faults.mode === 'silent') return
      const bytes = answers && faults.lie ? faults.lie(data) : data
      late(faults.delayMs, () => void (to.write(bytes) || from.pause()))
    })
    to.on('drain', () => from.resume())
    from.on('end', () => late(faults.delayMs, () => to.end())).on('error', () => to.destroy())
    from.on('close', () => {
      sockets.delete(from)
      late(faults.delayMs, () => to.destroy())
    })
  }
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (faults.mode === 'refuse') return void client.resetAndDestroy()
    const upstream = connect({ ...where, allowHalfOpen: true })
    sockets.add(client).add(upstream)
    const line = { dead: false }
    relay(client, upstream, line, false)
    relay(upstream, client, line, true)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(faults, {
    port: (server.address() as AddressInfo).port,
    cut() {
      const open = [...sockets]
      for (const socket of open) reset(socket)
      return open.length
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  })
}

/** A socket of the file system, behind the proxy, knows no reset. */
const reset = (socket: Socket): unknown => (socket.remoteAddress === undefined ? socket.destroy() : socket.resetAndDestroy())

/** Does each thing so many milliseconds later, and none before what came before it. */
function inOrder(): (delayMs: number, act: () => void) => void {
  let waiting: Promise<void> | null = null
  return (delayMs, act) => {
    if (delayMs === 0 && !waiting) return act()
    const due = delay(delayMs)
    const mine: Promise<void> = Promise.all([waiting, due]).then(() => {
      act()
      if (waiting === mine) waiting = null
    })
    waiting = mine
  }
}
