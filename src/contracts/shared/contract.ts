// What belongs to no one contract: the root, health, metrics. Sei's seed documents them, so they speak its dialect.
import type { Contract } from '../../platform/http/index.ts'
import { bearerScheme } from '../bearer.ts'
import type { House } from '../house.ts'
import { errorSchema, renderError } from '../sei/errors.ts'
import type { Checks } from './checks.ts'
import { eventStreamCheck } from './event-stream-check.ts'
import { health } from './health.ts'
import { metrics } from './metrics.ts'
import { root } from './root.ts'

export function shared(house: House, checks: Checks): Contract {
  return {
    name: 'shared',
    title: 'Patchbay: health, metrics and reference',
    description: 'What the five APIs have in common.',
    version: house.version,
    prefixes: ['/health', '/metrics', '/docs', '/redoc', '/openapi', '/openapi.json', '/reference'],
    security: bearerScheme,
    authenticate: async () => null,
    credentialMissing: 'missing_token',
    renderError,
    errorSchema,
    invalidStatus: 422,
    limit: 'off',
    endpoints: [root(house), health(house, checks), metrics(house), eventStreamCheck(house)],
  }
}
