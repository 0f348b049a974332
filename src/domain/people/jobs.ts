// What happens to people later: names of those who left become free, counts of failed sign-ins that are over are swept.
import type { Lockout } from '../../platform/auth/index.ts'
import type { Caches } from '../../platform/cache/index.ts'
import { type Job, job } from '../../platform/jobs/index.ts'
import { releaseUsername } from './users.ts'

export function peopleJobs(services: { readonly caches: Caches; readonly lockout: Lockout }): Job[] {
  return [
    job<{ userId: number }>({
      name: 'users.release-name',
      handle: async (session, { userId }) => void (await releaseUsername(session, services, userId)),
    }),
    job({ name: 'sign-ins.sweep', cron: '17 * * * *', handle: () => services.lockout.sweep() }),
  ]
}
