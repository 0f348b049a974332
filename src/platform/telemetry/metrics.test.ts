import { describe, expect, test } from 'vitest'
import { openMetrics } from './index.ts'

const request = { api: 'sapien', method: 'GET', route: '/v1/users/:id', seconds: 0.02 }

describe('metrics', () => {
  test('are exposed under the names that sei documents, by route pattern', async () => {
    const metrics = openMetrics()
    for (const status of [200, 404, 500]) {
      metrics.connection(1)
      metrics.requestFinished({ ...request, status })
      metrics.connection(-1)
    }
    metrics.connection(1)
    metrics.databaseQuery('user_select')
    const { contentType, body } = await metrics.render()
    expect(contentType).toContain('text/plain')
    expect(body).toContain('api_requests_total{api="sapien",method="GET",route="/v1/users/:id",status="200"} 1')
    expect(body).toContain('api_requests_failed_total{api="sapien",method="GET",route="/v1/users/:id",status="404"} 1')
    expect(body).not.toMatch(/api_requests_failed_total\{.*status="200"/)
    expect(body).toContain('api_requests_duration_seconds_count{api="sapien",method="GET",route="/v1/users/:id"} 3')
    expect(body).toContain('api_active_connections 1')
    expect(body).toContain('api_database_queries_total{statement="user_select"} 1')
  })

  test('the figures for JSON say how many, how many went wrong on our side, and how long they took', () => {
    const metrics = openMetrics()
    expect(metrics.figures()).toEqual({ requests: 0, errors: 0, averageS: 0, routes: [] })
    metrics.requestFinished({ ...request, status: 200, seconds: 0.1 })
    metrics.requestFinished({ ...request, status: 503, seconds: 0.3 })
    metrics.requestFinished({ ...request, route: '/v1/calls', status: 404, seconds: 0.2 })
    const figures = metrics.figures()
    expect(figures).toMatchObject({ requests: 3, errors: 1 })
    expect(figures.averageS).toBeCloseTo(0.2)
    expect(figures.routes[0]).toMatchObject({ route: 'GET /v1/users/:id', requests: 2, errors: 1 })
  })

  test('two servers in one process count apart', () => {
    const [one, two] = [openMetrics({ processFigures: true }), openMetrics({ processFigures: true })]
    one.requestFinished({ ...request, status: 200 })
    expect(two.figures().requests).toBe(0)
  })
})
