// What the domain keeps near, by the names that clearing takes: all of it has its name before its first value is asked for.
import type { Caches } from '../platform/cache/index.ts'
import { openUserCache } from './people/index.ts'
import { cachedRecordings } from './recordings/index.ts'
import { openOrganizationCache } from './tenancy/index.ts'

export function openCachedFamilies(caches: Caches): void {
  openOrganizationCache(caches)
  openUserCache(caches)
  cachedRecordings({ caches })
}
