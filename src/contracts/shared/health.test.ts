import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { reasonOf } from './checks.ts'

let house: TestHouse
let ailing: TestHouse
let upstream: Server
let upstreamStatus = 200
beforeAll(async () => {
  upstream = createServer((_request, response) => response.writeHead(upstreamStatus).end()).listen(0, '127.0.0.1')
  await new Promise((resolve) => upstream.once('listening', resolve))
  const { port } = upstream.address() as AddressInfo
  house = await openTestHouse()
  // Nothing listens at port 9 of this machine.
  ailing = await openTestHouse({
    env: {
      DGAPI_URL: `http://127.0.0.1:${port}`,
      COREAPI_URL: 'http://127.0.0.1:9',
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: '9',
      MEMCACHED_HOST: '127.0.0.1',
      MEMCACHED_PORT: '9',
    },
  })
})
afterAll(async () => {
  await Promise.all([house?.close(), ailing?.close()])
  upstream.close()
})

async function get(path: string, at = house, headers: Record<string, string> = {}) {
  const response = await at.request('GET', path, { headers })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> }
}
const parts = ['database', 'memcache', 'redis', 'dgapi', 'coreapi', 's3', 'sse']

describe('hello', () => {
  test.for(['/hello', '/v1/hello'])('%s answers without a token, to the second', async (path) => {
    const { status, body } = await get(path)
    expect([status, body.status]).toEqual([200, 'ok'])
    expect(body.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  })

  test('all parts at once: the embedded substitutes count and are named', async () => {
    const { status, body } = await get('/v1/hello/all')
    expect(status).toBe(200)
    expect(body).toEqual({
      database: 'ok',
      memcache: 'ok',
      redis: 'ok',
      dgapi: 'disabled',
      coreapi: 'disabled',
      s3: 'ok',
      sse: 'ok',
      backends: expect.objectContaining({ memcache: 'process memory', redis: 'process memory', s3: 'data folder' }),
    })
  })

  test.for(parts)('%s by itself says what all say', async (part) => {
    const { status, body } = await get(`/v1/hello/${part}`)
    expect([status, body[part]]).toEqual([200, part === 'dgapi' || part === 'coreapi' ? 'disabled' : 'ok'])
  })

  test('an unknown part is a 404 of this API', async () => {
    const { status, body } = await get('/v1/hello/moon')
    expect([status, body]).toEqual([404, { error: expect.objectContaining({ code: 'route_not_found' }) }])
  })

  test('what cannot be reached is an error with a class of reason, within two seconds, and no address leaks', async () => {
    const start = performance.now()
    const { status, body } = await get('/v1/hello/all', ailing)
    expect(performance.now() - start).toBeLessThan(2_500)
    expect(status).toBe(503)
    expect(body).toMatchObject({ database: 'ok', sse: 'ok', dgapi: 'ok', coreapi: 'error', redis: 'error', memcache: 'error' })
    expect(Object.keys(body.reasons as object).sort()).toEqual(['coreapi', 'memcache', 'redis'])
    expect(JSON.stringify(body)).not.toContain('127.0.0.1')
    expect((await get('/v1/hello/coreapi', ailing)).body).toMatchObject({ coreapi: 'error' })
    expect((await get('/v1/hello/database', ailing)).status).toBe(200)
  })

  test('an upstream that answers 500 is an error, one that answers 404 is there', async () => {
    upstreamStatus = 500
    const broken = await get('/v1/hello/dgapi', ailing)
    expect([broken.status, broken.body]).toEqual([503, { dgapi: 'error', reason: 'bad_answer', backends: { dgapi: 'http' } }])
    upstreamStatus = 404
    expect((await get('/v1/hello/dgapi', ailing)).body.dgapi).toBe('ok')
  })

  test('the stream that the check opens to itself is not for others', async () => {
    for (const query of ['', '?ping=1&signature=x', `?ping=${house.house.clock.now().getTime()}.x&signature=AAAA`]) {
      const { status } = await get(`/v1/hello/sse/stream${query}`)
      expect([400, 404, 422]).toContain(status)
    }
  })

  test.for([
    [{ code: 'ECONNREFUSED' }, 'refused'],
    [{ code: 'ENOTFOUND' }, 'name_not_found'],
    [{ code: '28P01' }, 'authentication'],
    [{ name: 'TimeoutError' }, 'timeout'],
    [{ message: 'WRONGPASS invalid username-password pair' }, 'authentication'],
    [{ message: 'something else' }, 'unavailable'],
  ] as const)('%j is called %s, however deep it lies', ([inner, reason]) => {
    const cause = Object.assign(new Error('message' in inner ? inner.message : ''), inner)
    expect(reasonOf(cause)).toBe(reason)
    expect(reasonOf(new Error('outer', { cause: new Error('middle', { cause }) }))).toBe(reason)
  })
})

describe('health', () => {
  test('has sei’s shape', async () => {
    const { status, body } = await get('/health')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'healthy',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      dependencies: { timescaledb: 'connected', postgresql: 'connected', redis: 'not_configured' },
    })
    expect(body.uptime).toBeGreaterThan(0)
  })

  test('is degraded, not down, without what the house can do without', async () => {
    const { status, body } = await get('/health', ailing)
    expect([status, body.status]).toEqual([200, 'degraded'])
    expect(body.dependencies).toMatchObject({ postgresql: 'connected', redis: 'disconnected', memcached: 'disconnected' })
  })

  test('is 503 when the database is gone', async () => {
    const lost = await openTestHouse()
    try {
      await cutOff(lost)
      const { status, body } = await get('/health', lost)
      expect([status, body.status, (body.dependencies as Record<string, string>).postgresql]).toEqual([503, 'unhealthy', 'disconnected'])
      expect((await get('/v1/hello/database', lost)).status).toBe(503)
    } finally {
      await restore(lost)
      await lost.close()
    }
  })
})

/** Takes the house's database away: nobody may connect, and who is connected is thrown out. */
async function cutOff({ databaseUrl }: TestHouse): Promise<void> {
  await administer(databaseUrl, (name) => [
    `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
  ])
}
const restore = ({ databaseUrl }: TestHouse): Promise<void> =>
  administer(databaseUrl, (name) => [`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`])

async function administer(databaseUrl: string, statements: (name: string) => string[]): Promise<void> {
  const { default: pg } = await import('pg')
  const url = new URL(databaseUrl)
  const name = url.pathname.slice(1)
  url.pathname = '/postgres'
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  for (const statement of statements(name)) await client.query(statement)
  await client.end()
}

describe('metrics', () => {
  test('are Prometheus text under the documented names, by route pattern', async () => {
    const token = await house.token()
    await house.request('GET', `/v1/users/${house.org.adminId}`, { token })
    const response = await house.request('GET', '/metrics')
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const text = await response.text()
    for (const name of [
      'api_requests_total',
      'api_requests_duration_seconds',
      'api_requests_failed_total',
      'api_active_connections',
      'api_database_queries_total',
    ]) {
      expect(text).toContain(`# HELP ${name} `)
    }
    expect(text).toMatch(/^api_requests_total\{[^}]*route="\/v1\/users\/:id"[^}]*\} \d+$/m)
    expect(text).not.toContain(`/v1/users/${house.org.adminId}`)
  })

  test.for([
    ['/metrics?format=json', {}],
    ['/metrics', { accept: 'application/json' }],
  ] as const)('are JSON by %s %j', async ([path, headers]) => {
    const { status, body } = await get(path, house, headers)
    expect(status).toBe(200)
    expect(body).toMatchObject({ performance: { total_requests: expect.any(Number) }, errors: { total_errors: 0, error_rate: 0 } })
    expect(body.performance).toMatchObject({ by_route: { 'GET /hello': { errors: 0, error_rate: 0 } } })
  })
})

describe('the root', () => {
  test('tells a program what this is', async () => {
    expect((await get('/')).body).toMatchObject({ version: expect.any(String), status: 'operational', docs: '/docs', health: '/health' })
  })

  test('sends a browser to the reference', async () => {
    const response = await house.request('GET', '/', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } })
    expect([response.status, response.headers.get('location')]).toEqual([302, '/reference'])
  })
})
