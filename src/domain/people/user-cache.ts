// `user:{id}`: a user as it is shown, for five minutes, dropped by every change before its answer leaves.
import type { CacheFamily, Caches } from '../../platform/cache/index.ts'
import type { Session, Tx } from '../../platform/session/index.ts'

/** Made once for each set of caches: a family's name is unique in a process. */
const families = new WeakMap<Caches, CacheFamily<string>>()

/** Values are JSON text. Asked for once at the start, so that the type has a name before its first value. */
export function userFamily(caches: Caches): CacheFamily<string> {
  const known = families.get(caches)
  if (known) return known
  const parse = (value: unknown) => (typeof value === 'string' ? value : null)
  const family = caches.family<string>({ name: 'user', tier: 'memcached', ttlS: 300, maxEntries: 50_000, parse })
  families.set(caches, family)
  return family
}

export const userKey = (session: Session, id: number): string => `${session.organizationId}:${id}`

export const dropUser = (tx: Tx, caches: Caches, id: number): Promise<void> => userFamily(caches).dropWith(tx, userKey(tx, id))
