// `/health`: sei's shape with the fields of its neighbours. The database is required, so its loss is a 503; without Redis,
// Memcached or files the house still answers, so theirs is `degraded`.
import { Type } from 'typebox'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import type { House } from '../house.ts'
import type { Checks, Finding } from './checks.ts'
import { listeningOrigin } from './origin.ts'

const Dependency = Type.Enum(['connected', 'disconnected', 'not_configured'])
const Health = Type.Object({
  status: Type.Enum(['healthy', 'degraded', 'unhealthy']),
  service: Type.String(),
  version: Type.String(),
  environment: Type.String(),
  timestamp: Type.String({ format: 'date-time' }),
  uptime: Type.Number(),
  dependencies: Type.Object({
    timescaledb: Dependency,
    postgresql: Dependency,
    redis: Dependency,
    memcached: Dependency,
    storage: Dependency,
  }),
})

export const health = (house: House, checks: Checks): AnyEndpoint =>
  endpoint({
    operation: 'health.get',
    method: 'GET',
    path: '/health',
    summary: 'Whether the server and what it depends on work; `uptime` in seconds',
    permission: 'public',
    unlimited: true,
    response: { 200: Health, 503: Health },
    handle: async ({ request }) => {
      const origin = listeningOrigin(request)
      const [database, redis, memcache, storage] = await Promise.all([
        checks.check('database', origin),
        checks.check('redis', origin),
        checks.check('memcache', origin),
        checks.check('s3', origin),
      ])
      const states = {
        // The analytics are kept in the same PostgreSQL, with or without the extension.
        timescaledb: stateOf(database),
        postgresql: stateOf(database),
        redis: house.caches.configured('redis') ? stateOf(redis) : 'not_configured',
        memcached: house.caches.configured('memcached') ? stateOf(memcache) : 'not_configured',
        storage: stateOf(storage),
      }
      const lost = Object.values(states).includes('disconnected')
      const status = states.postgresql === 'disconnected' ? 'unhealthy' : lost ? 'degraded' : 'healthy'
      return answer(
        status === 'unhealthy' ? 503 : 200,
        { ...describe(house), status, dependencies: states },
        { 'cache-control': 'no-store' },
      )
    },
  })

const stateOf = (finding: Finding): string => (finding.state === 'ok' ? 'connected' : 'disconnected')

function describe({ version, settings, clock, startedAt }: House): object {
  const now = clock.now()
  return {
    service: 'Patchbay',
    version,
    environment: settings.env,
    timestamp: `${now.toISOString().slice(0, 19)}Z`,
    uptime: Math.round((now.getTime() - startedAt) / 100) / 10,
  }
}
