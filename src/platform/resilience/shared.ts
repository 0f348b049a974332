// Keeps the breakers of all processes in step over the bus: what opens in one opens in all, and one probe is made among them all.
// The bus delivers in one order to everybody (PostgreSQL's NOTIFY does), so the first claim heard is the same one everywhere.
import { randomUUID } from 'node:crypto'
import type { Bus } from '../events/index.ts'
import type { Log } from '../telemetry/index.ts'
import type { Clock } from '../time/index.ts'
import type { Breaker } from './breaker.ts'

type Message =
  /** `to`: an answer to a newcomer's hello, which tells nobody else anything new. */
  | { readonly kind: 'open'; readonly name: string; readonly forMs: number; readonly forced: boolean; readonly to?: string | undefined }
  | { readonly kind: 'close'; readonly name: string }
  | { readonly kind: 'claim'; readonly name: string }
  | { readonly kind: 'hello' }

export interface SharedBreakers {
  opened(name: string, breaker: Breaker): Promise<void>
  closed(name: string): Promise<void>
  /** True when this process is the one to probe. Without an answer from the bus it is: better two probes than none. */
  claim(name: string): Promise<boolean>
  /** Asks the others whether this breaker, which is new here, is open already. */
  hello(name: string): void
  close(): void
}

const channel = 'breakers'
const claimWaitMs = 250

export function shareBreakers(input: {
  bus: Bus
  clock: Clock
  log: Log
  breakers: ReadonlyMap<string, Breaker>
  changed: (name: string) => void
}): SharedBreakers {
  const { bus, clock, log, breakers } = input
  const self = randomUUID()
  const claims = new Map<string, (won: boolean) => void>()
  /** Of which nothing was heard since the others were asked: an answer may be older than what was said to all meanwhile. */
  const unheard = new Set<string>()
  const nowMs = () => clock.now().getTime()

  const publish = (message: Message): Promise<void> =>
    bus.publish(channel, { ...message, from: self }).catch((error: unknown) => {
      // The breaker goes on for this process alone; the others find out by their own failures.
      log.warn({ err: error }, 'a breaker change could not be told to the other processes')
    })
  const sayOpen = (name: string, breaker: Breaker, to?: string) =>
    publish({ kind: 'open', name, forMs: breaker.restMs(nowMs()), forced: breaker.forced(), to })

  const heard = (message: Message, from: string): void => {
    const foreign = from !== self
    if (message.kind === 'hello') {
      if (foreign) for (const [name, breaker] of breakers) if (breaker.state() !== 'closed') void sayOpen(name, breaker, from)
      return
    }
    if (message.kind === 'open' && message.to !== undefined) {
      if (message.to !== self || !unheard.has(message.name)) return
    } else if (message.kind !== 'claim') unheard.delete(message.name)
    if (message.kind === 'claim') claims.get(message.name)?.(!foreign)
    const breaker = breakers.get(message.name)
    // Our own words too, but for a claim: what others said before we did may reach us after we acted, and the last word holds.
    if (!breaker || (message.kind === 'claim' && !foreign)) return
    apply(message, breaker, nowMs())
    input.changed(message.name)
  }

  const unsubscribe = bus.subscribe(channel, (payload) => {
    const message = parse(payload)
    if (message) heard(message.message, message.from)
    else log.warn({}, 'a message about breakers could not be read')
  })

  // After the bus was lost and found, what was said meanwhile is asked for again.
  const unsubscribeResync = bus.subscribe('resync', () => {
    for (const name of breakers.keys()) unheard.add(name)
    void publish({ kind: 'hello' })
  })

  return {
    opened: (name, breaker) => sayOpen(name, breaker),
    closed: (name) => publish({ kind: 'close', name }),
    claim: (name) => {
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const timer = setTimeout(resolve, claimWaitMs, true)
      claims.set(name, resolve)
      void publish({ kind: 'claim', name })
      return promise.finally(() => {
        clearTimeout(timer)
        claims.delete(name)
      })
    },
    hello: (name) => {
      unheard.add(name)
      void publish({ kind: 'hello' })
    },
    close: () => {
      unsubscribe()
      unsubscribeResync()
    },
  }
}

function apply(message: Exclude<Message, { kind: 'hello' }>, breaker: Breaker, nowMs: number): void {
  if (message.kind === 'open') {
    // Whoever is probing will say how it went; only an operator's word ends that.
    if (breaker.state() === 'half_open' && !message.forced) return
    breaker.open(nowMs, { forMs: message.forMs, forced: message.forced, heard: true })
  } else if (message.kind === 'close') breaker.close(nowMs)
  else if (breaker.state() === 'open') breaker.postpone(nowMs)
}

function parse(payload: unknown): { message: Message; from: string } | null {
  if (typeof payload !== 'object' || payload === null || !('kind' in payload) || !('from' in payload) || typeof payload.from !== 'string')
    return null
  const { kind, from } = payload
  if (kind === 'hello') return { message: { kind }, from }
  if (!('name' in payload) || typeof payload.name !== 'string') return null
  const { name } = payload
  if (kind === 'close' || kind === 'claim') return { message: { kind, name }, from }
  if (kind !== 'open' || !('forMs' in payload) || typeof payload.forMs !== 'number' || !('forced' in payload)) return null
  const to = 'to' in payload && typeof payload.to === 'string' ? payload.to : undefined
  return { message: { kind, name, forMs: payload.forMs, forced: payload.forced === true, to }, from }
}
