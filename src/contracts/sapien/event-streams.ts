// All open streams of this process: how many one may hold, one timer for everybody's heartbeat, and the end of those whose
// credential has ended: run out, revoked, narrowed (a user whose roles change gets a new token), or of a suspended organisation.
import type { ServerResponse } from 'node:http'
import { standingChanged } from '../../domain/tenancy/index.ts'
import type { Principal } from '../../platform/auth/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import { monotonicMs } from '../../platform/time/index.ts'
import type { House } from '../house.ts'
import type { Audience } from './event-sight.ts'
import { type EventStream, openStream } from './event-stream.ts'

/** Each stream is in one of as many groups, and hears from the timer once a round. */
const heartbeatS = 15
/** Who has not read what waits for it in this time reads no more; it comes again from where it was. */
const mostWaitingMs = 30_000
/** Those who are sent away together do not come back together. */
const reconnectMs = { least: 1_000, spread: 2_000 }

export interface StreamRequest {
  readonly principal: Principal
  readonly after: number
  readonly resumes: boolean
  readonly audience: Audience
}

export interface EventStreams {
  /**
   * Takes a place for a stream, and gives it up when the stream has ended.
   * @throws too_many_streams
   */
  admit(request: StreamRequest): (outlet: ServerResponse) => void
}

interface Open {
  readonly principal: Principal
  readonly group: number
  readonly stream: EventStream
}

type Needs = Pick<House, 'feed' | 'bus' | 'tokens' | 'standing'> & { readonly settings: Pick<House['settings'], 'eventStreams'> }

export function openStreams({ feed, bus, tokens, standing, settings }: Needs): EventStreams {
  const open = new Set<Open>()
  const places = openPlaces(settings.eventStreams)
  let timer: NodeJS.Timeout | null = null
  let [round, opened] = [0, 0]

  const endIfOver = ({ principal, stream }: Open) => {
    if (!tokens.lasts(principal)) return stream.end('the credential has ended')
    const stands = standing.isActive(principal.organizationId)
    if (stands === true) return
    // Where that cannot be read just now, it is asked again in a second.
    Promise.resolve(stands).then(
      (active) => active || stream.end('the organization is suspended'),
      () => {},
    )
  }
  for (const word of ['auth.revoked', standingChanged]) bus.subscribe(word, () => open.forEach(endIfOver))

  function tick(): void {
    round = (round + 1) % heartbeatS
    const now = monotonicMs()
    for (const each of open) {
      const { stream, group } = each
      endIfOver(each)
      if (stream.waitingSince !== null && now - stream.waitingSince > mostWaitingMs) stream.cut()
      else if (group === round) stream.ping()
    }
  }

  function forget(each: Open): void {
    open.delete(each)
    if (open.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
  }

  return {
    admit({ principal, after, resumes, audience }) {
      const giveUp = places.take(principal)
      return (outlet) => {
        opened++
        let each: Open | null = null
        const stream = openStream(outlet, {
          feed,
          organizationId: principal.organizationId,
          after,
          resumes,
          audience,
          reconnectMs: reconnectMs.least + ((opened * 37) % 100) * (reconnectMs.spread / 100),
          onClose() {
            giveUp()
            if (each) forget(each)
          },
        })
        if (outlet.destroyed) return
        each = { principal, stream, group: opened % heartbeatS }
        open.add(each)
        timer ??= setInterval(tick, 1000)
        endIfOver(each)
      }
    },
  }
}

interface StreamLimits {
  readonly perCaller: number
  readonly perOrganization: number
}

/** How many each caller and each organisation holds. */
function openPlaces({ perCaller, perOrganization }: StreamLimits) {
  const held = new Map<string, number>()
  return {
    /** @throws too_many_streams @returns gives the place up */
    take({ organizationId, kind, subject }: Principal): () => void {
      const bounds: [string, number][] = [
        [`${organizationId}`, perOrganization],
        [`${organizationId} ${kind} ${subject}`, perCaller],
      ]
      const full = bounds.find(([name, most]) => (held.get(name) ?? 0) >= most)
      if (full) refuse('too_many_streams', { message: `At most ${full[1]} streams may be open at once.`, headers: { 'retry-after': '5' } })
      for (const [name] of bounds) held.set(name, (held.get(name) ?? 0) + 1)
      return () => {
        for (const [name] of bounds) {
          const left = (held.get(name) ?? 0) - 1
          if (left > 0) held.set(name, left)
          else held.delete(name)
        }
      }
    },
  }
}
