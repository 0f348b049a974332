// bella's row: appointments by voice. Seed 004; requirements B1–B5.
import type { Contract } from '../../platform/http/index.ts'
import type { House } from '../house.ts'
import { admit } from '../standing.ts'
import { appointments } from './appointments.ts'
import { availability } from './availability.ts'
import { calendarFeed } from './calendar-feed.ts'
import { circuitBreakers } from './circuit-breakers.ts'
import { errorSchema, renderError } from './errors.ts'
import { health } from './health.ts'
import { users } from './users.ts'
import { voice } from './voice.ts'
import { voiceCallbacks } from './voice-callbacks.ts'

export function bella(house: House): Contract {
  return {
    name: 'bella',
    title: 'Bella: appointments booked by voice',
    description: 'The voice call, appointments, availability and the calendar feed.',
    version: '3.0.0',
    prefixes: ['/appointments', '/appointments.ics', '/users', '/twilio', '/healthz', '/readyz', '/api/unified'],
    security: { apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' } },
    authenticate: async ({ headers }) => {
      const key = headers['x-api-key']
      return key === undefined ? null : admit(house, await house.apiKeys.verify(String(key)), 'invalid_api_key')
    },
    credentialMissing: 'invalid_api_key',
    renderError,
    errorSchema,
    invalidStatus: 422,
    limit: house.settings.limits.bella,
    endpoints: [
      ...voice(house),
      ...voiceCallbacks(house),
      ...appointments(),
      ...availability(),
      ...calendarFeed(house),
      ...users(),
      ...circuitBreakers(house),
      ...health(house),
    ],
  }
}
