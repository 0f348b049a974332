// In front of everything, before a credential is looked at: when requests wait too long to be looked at, a part of them is
// answered 503 at once, so cheaply that the rest is served as fast as ever. Health and figures are always let through.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { memoryBuckets } from '../limits/index.ts'
import type { Contract } from './contract.ts'
import type { Kitchen } from './errors.ts'
import { openHeadcount } from './headcount.ts'
import { openTicker } from './ticker.ts'
import { openTurnAway, type TurnAwayOptions } from './turn-away.ts'
import { openValve, type Valve } from './valve.ts'

export interface OverloadOptions extends Pick<Kitchen, 'log'>, TurnAwayOptions {
  readonly contracts: readonly Contract[]
  /** How long a request may wait before anybody looks at it; 0: for ever, and nobody is turned away. */
  readonly maxWaitMs: number
  /** How long whoever is let in waits for what everybody needs. */
  readonly backlogMs: () => number
  /** While fewer wait for an answer, nobody is turned away. */
  readonly aFew?: number
  /** So many at once are let in before anybody is turned away, and as many again after `crowdEveryS`. */
  readonly aCrowd?: number
}

const tickMs = 10
/** One line says how many were turned away since the last. */
const tellEveryMs = 5_000

/** Stands before what answers `server`'s requests. To be called before it listens. */
export function guardFromOverload(server: Server, options: OverloadOptions, valve: Valve = openValve(options.maxWaitMs)): void {
  if (options.maxWaitMs === 0) return
  const { aFew = usually.aFew, aCrowd = usually.aCrowd } = options
  const crowds = memoryBuckets({ clock: options.clock, maxBuckets: 2 })
  const crowd = (urgency: keyof typeof crowdEveryS) => ({ name: 'crowd', limit: aCrowd, periodS: crowdEveryS[urgency], burst: aCrowd })
  const rank = rankOf(options.contracts)
  const turnAway = openTurnAway(options)
  let turnedAway = 0
  let told = performance.now()
  const here = openHeadcount()
  const tell = () => {
    const now = performance.now()
    if (turnedAway === 0 || now - told < tellEveryMs) return
    options.log.warn(
      { turnedAway, share: Math.round(valve.share() * 100) / 100 },
      'more requests than can be answered: some were turned away',
    )
    turnedAway = 0
    told = now
  }
  const isTooMuch = ({ url = '/' }: IncomingMessage): boolean => {
    const urgency = rank(url)
    if (urgency === 'always' || valve.admits(urgency === 'precious')) return false
    return here.waiting() >= aCrowd || !crowds.take(crowd(urgency), urgency).allowed
  }
  const ticker = openTicker(tickMs, (lateMs, sinceMs) => {
    valve.measure(Math.max(lateMs, options.backlogMs()), sinceMs)
    tell()
    return here.waiting() > 0 || turnedAway > 0 || valve.share() > 0
  })
  server.once('close', () => ticker.close())

  const handlers = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[]
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (valve.share() > 0 && here.waiting() >= aFew && isTooMuch(request)) {
      turnedAway += 1
      return turnAway(request, response)
    }
    here.add(response)
    ticker.wake()
    for (const handler of handlers) handler(request, response)
  })
}

/** However slow the machine is just now, a few are no flood, and of a crowd that wants one slot everybody hears who has it. */
const usually = { aFew: 64, aCrowd: 200 }

type Rank = 'always' | 'precious' | 'usual'

/**
 * Until a whole crowd is let in again. A flood has the first at once, and whoever is let in beyond the few makes all of them wait longer:
 * of what is dear, a server does less than a crowd in a second. What providers say is worth that.
 */
const crowdEveryS = { precious: 1, usual: 10 }

/** What providers say is said once, and may be the only word of a call; they repeat it seldom. */
function rankOf(contracts: readonly Contract[]): (url: string) => Rank {
  const ranks = new Map<string, Rank>()
  for (const { operation, method, path, permission, unlimited } of contracts.flatMap(({ endpoints }) => endpoints)) {
    if (/^(health|metrics)\./.test(operation)) ranks.set(path, 'always')
    else if (method === 'POST' && permission === 'public' && unlimited) ranks.set(path, 'precious')
  }
  return (url) => {
    const end = url.indexOf('?')
    return ranks.get(end < 0 ? url : url.slice(0, end)) ?? 'usual'
  }
}
