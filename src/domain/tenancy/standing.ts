// Whether an organisation exists and may be worked for: asked of every credential, whoever issued it, so it is kept in
// memory and told to every process. Refuses nobody itself: each contract has its own words for that.
import { LRUCache } from 'lru-cache'
import type { Caches } from '../../platform/cache/index.ts'
import type { Database } from '../../platform/db/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import type { Bus } from '../../platform/events/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { lockOrganization, selectStanding, updateStatus } from './organization.sql.ts'
import { dropOrganization } from './organization.ts'

export interface Standing {
  /** Answers at once for those seen lately. */
  isActive(organizationId: number): boolean | Promise<boolean>
}

/** What the bus says to every process, with the organisation's id. */
export const standingChanged = 'tenancy.standing_changed'
const mostKnown = 100_000

export function openStanding(database: Database, bus: Bus): Standing {
  // Only the active ones: one that is not there yet may be founded at any moment.
  const active = new LRUCache<number, true>({ max: mostKnown })
  const asked = new Map<number, Promise<boolean>>()
  let changes = 0
  const forget = (organizationId: unknown) => {
    changes++
    asked.clear()
    if (typeof organizationId === 'number') active.delete(organizationId)
    else active.clear()
  }
  bus.subscribe(standingChanged, forget)
  bus.subscribe('resync', () => forget(null))

  async function look(organizationId: number): Promise<boolean> {
    const before = changes
    const [row] = (await database.read(organizationId, selectStanding, {})) as { active: boolean }[]
    const found = row?.active ?? false
    // What was read before a change must not be remembered after it.
    if (found && before === changes) active.set(organizationId, true)
    return found
  }
  /** One look for all who ask at once: ten thousand streams do. */
  function ask(organizationId: number): Promise<boolean> {
    const known = asked.get(organizationId)
    if (known) return known
    const mine = look(organizationId).finally(() => {
      if (asked.get(organizationId) === mine) asked.delete(organizationId)
    })
    asked.set(organizationId, mine)
    return mine
  }
  return { isActive: (organizationId) => active.has(organizationId) || ask(organizationId) }
}

/** A suspended organisation's credentials open nothing, in any process, until it is resumed. @throws organization_not_found */
export async function changeStanding(
  session: Session,
  { bus, caches }: { bus: Bus; caches: Caches },
  status: 'active' | 'suspended',
): Promise<boolean> {
  return session.write(async (tx) => {
    const { status: before, id } = (await tx.read(lockOrganization, {})) ?? refuse('organization_not_found')
    if (before === status) return false
    await tx.run(updateStatus, { status, at: tx.now() })
    const type = status === 'active' ? 'organization.resumed' : 'organization.suspended'
    tx.emit(type, { organizationId: id }, { resource: `organization:${id}`, before: { status: before }, after: { status } })
    tx.afterCommit(() => bus.publish(standingChanged, id))
    await dropOrganization(tx, caches)
    return true
  })
}
