import { statement } from '../../platform/db/index.ts'
import type { SettingsChange } from './settings.ts'

export interface OrganizationRow {
  id: number
  name: string
  domain: string
  status: 'active' | 'suspended' | 'deleted'
  settings: SettingsChange
  createdAt: Date
  updatedAt: Date
}

const columns = `organization_id AS id, name, domain, status, settings, created_at AS "createdAt", updated_at AS "updatedAt"`

export const selectOrganization = statement<object, OrganizationRow>(
  'organizations_select',
  `SELECT ${columns} FROM tenancy.organizations WHERE organization_id = :organizationId AND status <> 'deleted'`,
)

export const lockOrganization = statement<object, OrganizationRow>(
  'organizations_lock',
  `SELECT ${columns} FROM tenancy.organizations WHERE organization_id = :organizationId AND status <> 'deleted' FOR UPDATE`,
)

export const updateSettings = statement<{ settings: SettingsChange; at: Date }, never>(
  'organizations_update_settings',
  `UPDATE tenancy.organizations SET settings = :settings::jsonb, updated_at = :at WHERE organization_id = :organizationId`,
)

export const selectStanding = statement<object, { active: boolean }>(
  'organizations_select_standing',
  `SELECT status = 'active' AS active FROM tenancy.organizations WHERE organization_id = :organizationId`,
)

export const updateStatus = statement<{ status: OrganizationRow['status']; at: Date }, never>(
  'organizations_update_status',
  `UPDATE tenancy.organizations SET status = :status, updated_at = :at WHERE organization_id = :organizationId`,
)

export const insertOrganization = statement<
  { id: number | null; name: string; domain: string; settings: SettingsChange; at: Date },
  { id: number }
>('organizations_create', `SELECT tenancy.create_organization(:id::bigint, :name, :domain, :settings::jsonb, :at) AS id`)

export const selectOrganizationIds = statement<object, { id: number }>(
  'organizations_ids',
  `SELECT listed.id FROM tenancy.list_organization_ids() AS listed (id)`,
)
