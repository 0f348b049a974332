// Counts what the server does, under the names that sei documents, by route pattern and never by path: labels stay few.
// `/metrics` writes it as Prometheus text; bella's JSON takes `figures()`.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { openDurations } from './durations.ts'

export interface FinishedRequest {
  readonly api: string
  readonly method: string
  /** The pattern (`/v1/users/:id`), or `unmatched`. */
  readonly route: string
  readonly status: number
  readonly seconds: number
}

export interface RouteFigures {
  readonly route: string
  readonly requests: number
  readonly errors: number
  readonly averageS: number
}

export interface Metrics {
  readonly registry: Registry
  /** `+1` when a client connects, `-1` when it is gone. */
  connection(change: 1 | -1): void
  requestFinished(request: FinishedRequest): void
  databaseQuery(statement: string): void
  outgoingCall(service: string, outcome: 'success' | 'failure' | 'timeout' | 'rejected', seconds: number): void
  breakerState(service: string, state: 'closed' | 'half_open' | 'open'): void
  /** `seconds` from its beginning to its end, of one attempt. */
  jobEnded(job: { readonly task: string; readonly outcome: 'done' | 'failed' | 'dead'; readonly seconds: number }): void
  /** Since this process started: all requests, those answered 5xx, the mean in seconds, and the same by route. */
  figures(): { readonly requests: number; readonly errors: number; readonly averageS: number; readonly routes: readonly RouteFigures[] }
  /** Prometheus text and its media type. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>
}

/** Of one pattern and status; what the counters of requests say when they are asked. */
interface RequestSeries {
  readonly labels: Readonly<Record<'api' | 'method' | 'route' | 'status', string>>
  readonly failed: boolean
  count: number
  readonly observe: (seconds: number) => void
  readonly row: Tally
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const states = { closed: 0, half_open: 1, open: 2 }

/** Several may live in one process (tests): nothing is registered globally. `processFigures` adds memory, event loop and the like. */
export function openMetrics(options: { readonly processFigures?: boolean } = {}): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const labelNames = ['api', 'method', 'route', 'status'] as const
  const counted: RequestSeries[] = []
  const countRequests = (name: string, help: string, isCounted: (series: RequestSeries) => boolean) =>
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const series of counted) if (isCounted(series)) this.inc(series.labels, series.count)
      },
    })
  countRequests('api_requests_total', 'Requests answered', () => true)
  countRequests('api_requests_failed_total', 'Requests answered with a 4xx or 5xx status', ({ failed }) => failed)
  const duration = openDurations<'api' | 'method' | 'route'>(registry, {
    name: 'api_requests_duration_seconds',
    help: 'From the arrival of a request to the end of its answer',
    bounds: seconds,
  })
  const durationOf = remembered<(seconds: number) => void>()
  const active = new Gauge({ name: 'api_active_connections', help: 'Clients connected', registers })
  const queries = new Counter({
    name: 'api_database_queries_total',
    help: 'Statements sent to the database',
    labelNames: ['statement'] as const,
    registers,
  })
  const outgoing = new Histogram({
    name: 'outgoing_call_duration_seconds',
    help: 'Attempts to reach an outside service',
    labelNames: ['service', 'outcome'] as const,
    buckets: seconds,
    registers,
  })
  const breakers = new Gauge({
    name: 'circuit_breaker_state',
    help: '0 closed, 1 half open, 2 open',
    labelNames: ['service'] as const,
    registers,
  })
  const jobs = new Histogram({
    name: 'job_duration_seconds',
    help: 'Attempts at jobs; failed ones are tried again, dead ones are not',
    labelNames: ['task', 'outcome'] as const,
    buckets: seconds,
    registers,
  })
  if (options.processFigures) collectDefaultMetrics({ register: registry })
  const tally = openTally()
  const requestSeries = remembered<RequestSeries>()
  const statementSeries = remembered<Counter.Internal>()

  return {
    registry,
    connection: (change) => active.inc(change),
    requestFinished: ({ api, method, route, status, seconds: took }) => {
      const series = requestSeries(`${api} ${method} ${status} ${route}`, () => {
        const found: RequestSeries = {
          labels: { api, method, route, status: String(status) },
          failed: status >= 400,
          count: 0,
          observe: durationOf(`${api} ${method} ${route}`, () => duration.series({ api, method, route })),
          row: tally.row(`${method} ${route}`),
        }
        counted.push(found)
        return found
      })
      series.count += 1
      series.observe(took)
      series.row.add(took, status >= 500)
    },
    databaseQuery: (statement) => statementSeries(statement, () => queries.labels({ statement })).inc(),
    outgoingCall: (service, outcome, took) => outgoing.observe({ service, outcome }, took),
    breakerState: (service, state) => breakers.set({ service }, states[state]),
    jobEnded: ({ task, outcome, seconds: took }) => jobs.observe({ task, outcome }, took),
    figures: tally.figures,
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  }
}

/** Finding a series by its labels costs more than counting in it; labels are few, so each is found once. */
function remembered<T>(): (name: string, find: () => T) => T {
  const known = new Map<string, T>()
  return (name, find) => {
    const before = known.get(name)
    if (before) return before
    const found = find()
    known.set(name, found)
    return found
  }
}

function openTally() {
  const routes = new Map<string, Tally>()
  return {
    row(route: string): Tally {
      const row = routes.get(route) ?? openRow()
      routes.set(route, row)
      return row
    },
    figures: () => {
      const all = openRow()
      for (const row of routes.values()) all.join(row)
      return { ...all.figures(), routes: [...routes].map(([route, row]) => ({ route, ...row.figures() })) }
    },
  }
}

type Tally = ReturnType<typeof openRow>
function openRow() {
  const sum = { requests: 0, errors: 0, seconds: 0 }
  return {
    sum,
    add(took: number, error: boolean): void {
      sum.requests += 1
      sum.errors += error ? 1 : 0
      sum.seconds += took
    },
    join(other: { readonly sum: Readonly<typeof sum> }): void {
      sum.requests += other.sum.requests
      sum.errors += other.sum.errors
      sum.seconds += other.sum.seconds
    },
    figures: () => ({ requests: sum.requests, errors: sum.errors, averageS: sum.requests === 0 ? 0 : sum.seconds / sum.requests }),
  }
}
