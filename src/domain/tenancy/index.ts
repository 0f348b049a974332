export {
  createOrganization,
  getOrganization,
  listOrganizationIds,
  type NewOrganization,
  type Organization,
  openOrganizationCache,
  organizationSettings,
  organizationWords,
  updateOrganizationSettings,
} from './organization.ts'
export { defaultSettings, type OrganizationSettings, type Retention, type SettingsChange } from './settings.ts'
export { changeStanding, openStanding, type Standing, standingChanged } from './standing.ts'
