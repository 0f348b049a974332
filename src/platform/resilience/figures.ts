// The breakers' figures over all processes, and over restarts: each adds what it has seen to one row a breaker, once a
// second where there is something to add. What a killed process had seen in its last second is lost; states are kept at once.
import type { Database } from '../db/index.ts'
import type { Log } from '../telemetry/index.ts'
import type { Clock } from '../time/index.ts'
import type { Breaker, BreakerSnapshot } from './breaker.ts'
import { addFigures, claimProbe, type FiguresRow, selectFigures, setState } from './figures.sql.ts'

export interface Figures {
  /** What all have seen; their last second may be missing. */
  all(): Promise<BreakerSnapshot[]>
  stateChanged(name: string): Promise<void>
  /** Whether this process is the one of all that probes; `closed` when another has done so already. @throws when PostgreSQL does not answer */
  claim(name: string, restMs: number): Promise<Claim>
  /** What an operator has opened and nobody closed. */
  leftOpen(): Promise<ReadonlySet<string>>
  close(): Promise<void>
}

export type Claim = 'won' | 'lost' | 'closed'

const everyMs = 1000
type Claimed = { won: boolean; state: FiguresRow['state'] | null }
type Counted = Pick<BreakerSnapshot, 'totalRequests' | 'successfulRequests' | 'failedRequests' | 'circuitOpenedCount'>
const none: Counted = { totalRequests: 0, successfulRequests: 0, failedRequests: 0, circuitOpenedCount: 0 }

export function openFigures(input: {
  database: Pick<Database, 'read'>
  clock: Clock
  log: Log
  breakers: ReadonlyMap<string, Breaker>
}): Figures {
  const { database, clock, log, breakers } = input
  const told = new Map<string, Counted>()
  const nowMs = () => clock.now().getTime()
  let telling: Promise<void> | null = null
  /** One change after the other, in the order in which they were made. */
  let changing: Promise<void> = Promise.resolve()

  async function tellAll(): Promise<void> {
    const now = [...breakers.values()].map((breaker) => breaker.snapshot(nowMs()))
    const seen = now.map((snapshot) => difference(snapshot, told.get(snapshot.name) ?? none)).filter((row) => row.total + row.opened > 0)
    if (seen.length === 0) return
    await database.read(null, addFigures, { seen: JSON.stringify(seen), at: clock.now() })
    for (const snapshot of now) told.set(snapshot.name, snapshot)
  }
  const tell = (): Promise<void> => {
    telling ??= tellAll().finally(() => {
      telling = null
    })
    return telling
  }
  const timer = setInterval(() => tell().catch((error: unknown) => log.debug({ err: error }, 'the breakers’ figures wait')), everyMs)
  timer.unref()
  const rows = async () => (await database.read(null, selectFigures, {})) as FiguresRow[]

  return {
    all: async () => {
      await tell()
      const kept = new Map((await rows()).map((row) => [row.name, row]))
      const own = [...breakers].map(([name, breaker]) => merge(breaker.snapshot(nowMs()), kept.get(name), nowMs()))
      const others = [...kept.values()].filter(({ name }) => !breakers.has(name)).map((row) => ofRow(row, nowMs()))
      return [...own, ...others].sort((one, other) => (one.name < other.name ? -1 : 1))
    },
    stateChanged: (name) => {
      const breaker = breakers.get(name)
      if (!breaker) return Promise.resolve()
      const { state, forced } = breaker.snapshot(nowMs())
      changing = changing
        .then(async () => void (await database.read(null, setState, { name, state, forced })))
        .catch((error: unknown) => log.warn({ err: error, service: name }, 'the state of a breaker could not be kept'))
      return changing
    },
    claim: async (name, restMs) => {
      await changing
      const [row] = (await database.read(null, claimProbe, { name, restS: restMs / 1000 })) as Claimed[]
      if (row?.won) return 'won'
      return row?.state === 'closed' ? 'closed' : 'lost'
    },
    leftOpen: async () => new Set((await rows()).filter(({ forced }) => forced).map(({ name }) => name)),
    close: async () => {
      clearInterval(timer)
      await changing
      await tell().catch((error: unknown) => log.debug({ err: error }, 'the breakers’ last figures are lost'))
    },
  }
}

function difference(now: BreakerSnapshot, before: Counted) {
  return {
    name: now.name,
    total: now.totalRequests - before.totalRequests,
    succeeded: now.successfulRequests - before.successfulRequests,
    failed: now.failedRequests - before.failedRequests,
    opened: now.circuitOpenedCount - before.circuitOpenedCount,
    streak: now.currentFailureStreak,
    lastFailure: now.lastFailureTime,
    lastSuccess: now.lastSuccessTime,
  }
}

/** The counts of all; the state as this process knows it, which hears of a change at once. */
function merge(own: BreakerSnapshot, row: FiguresRow | undefined, nowMs: number): BreakerSnapshot {
  if (!row) return own
  const { state, forced, rejectedRequests } = own
  const kept = ofRow(row, nowMs)
  return {
    ...kept,
    state,
    forced,
    rejectedRequests,
    timeInCurrentState: state === row.state ? kept.timeInCurrentState : own.timeInCurrentState,
  }
}

const ofRow = (row: FiguresRow, nowMs: number): BreakerSnapshot => ({
  name: row.name,
  state: row.state,
  forced: row.forced,
  totalRequests: row.total,
  successfulRequests: row.succeeded,
  failedRequests: row.failed,
  rejectedRequests: 0,
  successRate: row.total === 0 ? 1 : row.succeeded / row.total,
  circuitOpenedCount: row.opened,
  currentFailureStreak: row.streak,
  lastFailureTime: row.lastFailure,
  lastSuccessTime: row.lastSuccess,
  timeInCurrentState: Math.max(0, nowMs / 1000 - row.since),
})
