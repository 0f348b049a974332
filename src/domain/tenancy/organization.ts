// The organisation that a session works in, and what it decided. Another organisation does not exist for it: every
// other id is refused like one that never was. Read often, so kept in the cache for ten minutes (`org:{id}`).
import { isDeepStrictEqual } from 'node:util'
import type { CacheFamily, Caches } from '../../platform/cache/index.ts'
import { breaks, type Database } from '../../platform/db/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import type { Session, Tx } from '../../platform/session/index.ts'
import type { Clock } from '../../platform/time/index.ts'
import {
  insertOrganization,
  lockOrganization,
  type OrganizationRow,
  selectOrganization,
  selectOrganizationIds,
  updateSettings,
} from './organization.sql.ts'
import { checkSettings, mergeSettings, type OrganizationSettings, type SettingsChange, withDefaults } from './settings.ts'

export interface Organization {
  readonly id: number
  readonly name: string
  readonly domain: string
  readonly status: OrganizationRow['status']
  readonly settings: OrganizationSettings
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly updatedAt: string
}

/** Made once for each set of caches: a family's name is unique in a process. */
const families = new WeakMap<Caches, CacheFamily<Organization>>()
export function openOrganizationCache(caches: Caches): CacheFamily<Organization> {
  const known = families.get(caches)
  if (known) return known
  const family = caches.family<Organization>({ name: 'org', tier: 'memcached', ttlS: 600, maxEntries: 10_000, parse: parseCached })
  families.set(caches, family)
  return family
}
/** What we put in is what comes out: values of a shared tier are signed, so the one field is enough to know ours. */
const parseCached = (value: unknown): Organization | null =>
  typeof value === 'object' && value !== null && 'settings' in value ? (value as Organization) : null

/** @throws organization_not_found for any but the session's own */
export async function getOrganization(
  session: Session,
  { caches }: { caches: Caches },
  id = session.organizationId,
): Promise<Organization> {
  if (id !== session.organizationId) refuse('organization_not_found')
  return openOrganizationCache(caches).get(cacheKey(id), async () =>
    toOrganization((await session.read(selectOrganization, {})) ?? refuse('organization_not_found')),
  )
}

/** What it is called, whole and by the word: nobody's password. */
export async function organizationWords(session: Session): Promise<string[]> {
  const { name, domain } = (await session.read(selectOrganization, {})) ?? refuse('organization_not_found')
  return [name, ...name.split(/\s+/), domain, domain.split('.')[0] ?? '']
}

/** What the session's organisation decided, defaults included. */
export async function organizationSettings(session: Session, services: { caches: Caches }): Promise<OrganizationSettings> {
  return (await getOrganization(session, services)).settings
}

/** What is left out of `change` stays as it is. @throws organization_not_found, invalid_request */
export async function updateOrganizationSettings(
  session: Session,
  { caches }: { caches: Caches },
  id: number,
  change: SettingsChange,
): Promise<Organization> {
  if (id !== session.organizationId) refuse('organization_not_found')
  const checked = checkSettings(change)
  return session.write(async (tx) => {
    const row = (await tx.read(lockOrganization, {})) ?? refuse('organization_not_found')
    const settings = mergeSettings(row.settings, checked)
    const [before, after] = [withDefaults(row.settings), withDefaults(settings)]
    if (isDeepStrictEqual(row.settings, settings)) return toOrganization(row)
    await tx.run(updateSettings, { settings, at: tx.now() })
    tx.emit('organization.settings_changed', { organizationId: id, settings: after }, { resource: `organization:${id}`, before, after })
    await dropOrganization(tx, caches)
    return toOrganization({ ...row, settings, updatedAt: tx.now() })
  })
}

export interface NewOrganization {
  /** Next free one where none is wanted. */
  readonly id?: number
  readonly name: string
  readonly domain: string
  readonly settings?: SettingsChange
}

/** Nobody's session can do this: the command line and the demo do. @throws domain_taken, invalid_request @returns the id */
export async function createOrganization(database: Database, clock: Clock, wanted: NewOrganization): Promise<number> {
  const { id = null, name, domain } = wanted
  const settings = checkSettings(wanted.settings ?? {})
  try {
    const rows = await database.transaction(null, (connection) =>
      connection.run(insertOrganization, { id, name, domain, settings, at: clock.now() }),
    )
    return (rows as { id: number }[])[0]?.id ?? refuse('internal')
  } catch (error) {
    if (breaks(error, 'organizations_domain')) return refuse('domain_taken')
    throw error
  }
}

export async function listOrganizationIds(database: Database): Promise<number[]> {
  return ((await database.read(null, selectOrganizationIds, {})) as { id: number }[]).map(({ id }) => id)
}

export const dropOrganization = (tx: Tx, caches: Caches): Promise<void> =>
  openOrganizationCache(caches).dropWith(tx, cacheKey(tx.organizationId))

const cacheKey = (id: number): string => `${id}:${id}`

function toOrganization({ id, name, domain, status, settings, createdAt, updatedAt }: OrganizationRow): Organization {
  return {
    id,
    name,
    domain,
    status,
    settings: withDefaults(settings),
    createdAt: toSeconds(createdAt),
    updatedAt: toSeconds(updatedAt),
  }
}

const toSeconds = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`
