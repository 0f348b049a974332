// S5. The caller's organisation; every other does not exist.
import { Type } from 'typebox'
import { getOrganization, updateOrganizationSettings } from '../../domain/tenancy/index.ts'
import { type AnyEndpoint, endpoint, Kept } from '../../platform/http/index.ts'
import type { House } from '../house.ts'
import { IdParams, listOf, Organization, Page, SettingsChange } from './shapes.ts'

const missing = 'organization_not_found'

export function organizations(house: House): AnyEndpoint[] {
  return [
    endpoint({
      operation: 'organizations.list',
      method: 'GET',
      path: '/v1/organizations',
      summary: 'The organizations that the caller sees: their own',
      permission: 'organizations:read',
      query: Type.Object(Page),
      response: { 200: listOf('organizations', Organization) },
      handle: async ({ session, query: { limit, offset } }) => {
        const all = [await getOrganization(session, house)]
        return { organizations: all.slice(offset, offset + limit), total: all.length, limit, offset }
      },
    }),
    endpoint({
      operation: 'organizations.get',
      method: 'GET',
      path: '/v1/organizations/:id',
      params: IdParams,
      missing,
      summary: 'One organization, with its settings',
      permission: 'organizations:read',
      response: { 200: Organization },
      errors: ['organization_not_found'],
      handle: async ({ session, params }) => new Kept(await getOrganization(session, house, params.id)),
    }),
    endpoint({
      operation: 'organizations.update-settings',
      method: 'PUT',
      path: '/v1/organizations/:id/settings',
      params: IdParams,
      missing,
      summary: 'Change settings; what is left out stays as it is',
      permission: 'organizations:write',
      body: SettingsChange,
      response: { 200: Organization },
      errors: ['organization_not_found'],
      examples: [
        {
          title: 'Record, and keep for 90 days',
          body: { voicemailEnabled: true, recordingEnabled: true, maxRecordingDays: 90 },
          status: 200,
        },
      ],
      handle: ({ session, params, body }) => updateOrganizationSettings(session, house, params.id, body),
    }),
  ]
}
