// The demo organisation of a first start: Acme Corporation, number 100, with an assistant on its main line.
import { type Founded, type FoundingServices, foundOrganization } from './organization.ts'

export const demoNumber = '+15005550006'

export function foundDemo(services: FoundingServices, _sandboxUrl: string | null): Promise<Founded> {
  return foundOrganization(services, {
    id: 100,
    name: 'Acme Corporation',
    domain: 'acme.example',
    timezone: 'Europe/London',
    language: 'en',
    settings: { defaultCountry: 'GB' },
    number: { e164: demoNumber, sid: null },
  })
}
