// A connection that was on its way to a process which is killed before it takes it would hang for ever: node:cluster waits
// for that process's word. Here the word is said for it, "not accepted", and node:cluster deals the connection to another.
// A checked border to node:cluster's messages (lib/internal/cluster/utils.js): were they others, this would see none.
import type { Worker } from 'node:cluster'

/** To be called before the process is dealt anything. */
export function redealWhenKilled({ process: child }: Worker): void {
  const onTheWay = new Set<number>()
  child.send = new Proxy(child.send, {
    apply(send, self, args) {
      const { act, seq } = asMessage(args[0])
      if (act === 'newconn' && typeof seq === 'number') onTheWay.add(seq)
      return Reflect.apply(send, self, args)
    },
  })
  child.on('internalMessage', (message: unknown) => {
    const { ack } = asMessage(message)
    if (typeof ack === 'number') onTheWay.delete(ack)
  })
  let parted = false
  child.once('disconnect', () => {
    parted = true
  })
  child.once('exit', () => setTimeout(redeal, lastWordsMs))
  function redeal(): void {
    // With a connection on the way Node.js never tells that the line is gone, and the dead would be dealt to again.
    if (!parted) child.emit('disconnect')
    for (const ack of onTheWay) child.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack, accepted: false })
  }
}

/** What it said before it died is read by then. */
const lastWordsMs = 50

const asMessage = (message: unknown): { readonly act?: unknown; readonly seq?: unknown; readonly ack?: unknown } =>
  typeof message === 'object' && message !== null ? message : {}
