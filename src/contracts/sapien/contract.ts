// sapien's row: the public telephony API. Seed 000; requirements S1–S22.
import type { Contract } from '../../platform/http/index.ts'
import { authenticateBearer, bearerScheme } from '../bearer.ts'
import type { House } from '../house.ts'
import type { Checks } from '../shared/index.ts'
import { blobs } from './blobs.ts'
import { cache } from './cache.ts'
import { callExport } from './call-export.ts'
import { calls } from './calls.ts'
import { errorSchema, renderError } from './errors.ts'
import { events } from './events.ts'
import { hello } from './hello.ts'
import { oauth } from './oauth.ts'
import { organizations } from './organizations.ts'
import { recordings } from './recordings.ts'
import { users } from './users.ts'
import { voicemail } from './voicemail.ts'
import { wellKnown } from './well-known.ts'

export function sapien(house: House, checks: Checks): Contract {
  return {
    name: 'sapien',
    title: 'Sapien: public telephony API',
    description: 'Users, organisations, calls, recordings, blobs and voicemail of a company.',
    version: '1.0.0',
    prefixes: ['/v1', '/hello', '/oauth', '/admin', '/graphql', '/freeswitch', '/userinfo', '/.well-known', '/blobs'],
    security: bearerScheme,
    authenticate: authenticateBearer(house),
    credentialMissing: 'missing_token',
    renderError,
    errorSchema,
    invalidStatus: 400,
    limit: house.settings.limits.sapien,
    endpoints: [
      ...oauth(house),
      ...wellKnown(house),
      ...users(house),
      ...organizations(house),
      ...hello(house, checks),
      ...cache(house),
      ...calls(house),
      ...callExport(),
      ...recordings(house),
      ...voicemail(house),
      ...blobs(house),
      ...events(house),
    ],
  }
}
