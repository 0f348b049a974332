import { type Job, job } from '../jobs/index.ts'
import type { Audit } from './index.ts'

/** What was written since the last checkpoint is what the database's owner could still rewrite: minutes, not days. */
export const auditJobs = ({ audit }: { readonly audit: Audit }): Job[] => [
  job({ name: 'audit.checkpoint', cron: '*/5 * * * *', handle: async () => void (await audit.checkpoint()) }),
]
