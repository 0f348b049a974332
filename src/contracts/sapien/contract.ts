// sapien's row: the public telephony API. Seed 000; requirements S1–S22.
import type { Contract } from '../../platform/http/index.ts'
import { authenticateBearer, bearerScheme } from '../bearer.ts'
import type { House } from '../house.ts'
import { errorSchema, renderError } from './errors.ts'

export function sapien(house: House): Contract {
  return {
    name: 'sapien',
    title: 'Sapien: public telephony API',
    description: 'Users, organisations, calls, recordings, blobs and voicemail of a company.',
    version: '1.0.0',
    prefixes: ['/v1', '/hello', '/oauth', '/admin', '/graphql', '/freeswitch', '/userinfo', '/.well-known', '/blobs'],
    security: bearerScheme,
    authenticate: authenticateBearer(house.tokens),
    credentialMissing: 'missing_token',
    renderError,
    errorSchema,
    invalidStatus: 400,
    limit: house.settings.limits.sapien,
    endpoints: [],
  }
}
