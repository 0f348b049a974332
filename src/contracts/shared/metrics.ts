// `/metrics`: Prometheus text; as JSON, what bella's operators read: performance and errors by route, since the start.
import { Type } from 'typebox'
import { type AnyEndpoint, answer, endpoint, type RequestFacts } from '../../platform/http/index.ts'
import type { House } from '../house.ts'

const Figures = {
  requests: Type.Integer(),
  errors: Type.Integer(),
  error_rate: Type.Number(),
  average_ms: Type.Number(),
}
const Json = Type.Object({
  timestamp: Type.String({ format: 'date-time' }),
  uptime_seconds: Type.Number(),
  performance: Type.Object({
    total_requests: Type.Integer(),
    average_response_ms: Type.Number(),
    by_route: Type.Record(Type.String(), Type.Object(Figures)),
  }),
  errors: Type.Object({
    total_errors: Type.Integer(),
    error_rate: Type.Number(),
    by_route: Type.Record(Type.String(), Type.Integer()),
  }),
})

export const metrics = (house: House): AnyEndpoint =>
  endpoint({
    operation: 'metrics.get',
    method: 'GET',
    path: '/metrics',
    summary: 'What the server has done: Prometheus text, or JSON by `?format=json` or Accept',
    permission: 'public',
    unlimited: true,
    query: Type.Object({ format: Type.Optional(Type.Enum(['json', 'prometheus'])) }),
    response: { 200: Json },
    alsoAs: { 200: 'text/plain' },
    handle: async ({ query, request }) => {
      if (query.format === 'json' || (!query.format && prefersJson(request))) return toJson(house)
      const { contentType, body } = await house.metrics.render()
      return answer(200, body, { 'content-type': contentType, vary: 'accept' })
    },
  })

const prefersJson = ({ headers }: RequestFacts): boolean => {
  const accept = String(headers.accept ?? '')
  return accept.includes('application/json') && !accept.includes('text/plain') && !accept.includes('openmetrics')
}

function toJson({ metrics: counted, clock, startedAt }: House): object {
  const { requests, errors, averageS, routes } = counted.figures()
  const now = clock.now()
  const rate = (some: number, all: number) => (all === 0 ? 0 : Math.round((some / all) * 10_000) / 10_000)
  const ms = (seconds: number) => Math.round(seconds * 100_000) / 100
  return {
    timestamp: `${now.toISOString().slice(0, 19)}Z`,
    uptime_seconds: Math.round((now.getTime() - startedAt) / 1000),
    performance: {
      total_requests: requests,
      average_response_ms: ms(averageS),
      by_route: Object.fromEntries(
        routes.map((row) => [
          row.route,
          { requests: row.requests, errors: row.errors, error_rate: rate(row.errors, row.requests), average_ms: ms(row.averageS) },
        ]),
      ),
    },
    errors: {
      total_errors: errors,
      error_rate: rate(errors, requests),
      by_route: Object.fromEntries(routes.filter((row) => row.errors > 0).map((row) => [row.route, row.errors])),
    },
  }
}
