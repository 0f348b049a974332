import { type Job, job } from '../../platform/jobs/index.ts'
import { carryOutRetention, type RetentionServices } from './retention.ts'

export const retentionJobs = (services: RetentionServices): Job[] => [
  job({
    name: 'retention.carry-out',
    cron: '37 * * * *',
    handle: async (session, _, { signal }) => void (await carryOutRetention(session, { ...services, signal })),
  }),
]
