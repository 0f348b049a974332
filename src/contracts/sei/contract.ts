// sei's row: engineering analytics. Seed 003. Its log-in is where people sign in, for every contract (E1, S1).
import type { Contract } from '../../platform/http/index.ts'
import { authenticateBearer, bearerScheme } from '../bearer.ts'
import type { House } from '../house.ts'
import { auth } from './auth.ts'
import { errorSchema, renderError } from './errors.ts'

export function sei(house: House): Contract {
  return {
    name: 'sei',
    title: 'SEI: engineering analytics',
    description: 'Signing in; the analytics follow.',
    version: '0.1.0',
    prefixes: ['/api/v1'],
    security: bearerScheme,
    authenticate: authenticateBearer(house),
    credentialMissing: 'missing_token',
    renderError,
    errorSchema,
    invalidStatus: 422,
    limit: house.settings.limits.sei,
    anonymousLimit: house.settings.limits.seiAnonymous,
    endpoints: [...auth(house)],
  }
}
