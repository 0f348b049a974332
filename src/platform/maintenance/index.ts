// The house keeps itself in order: partitions are there before their month begins, stored answers go after their day.
import { type Job, job } from '../jobs/index.ts'
import { extendPartitions, forgetAnswers } from './maintenance.sql.ts'

/** P7: an answer can be asked for again for 24 h; the sweep leaves an hour to spare. */
const keptMs = 25 * 3600 * 1000

export const maintenanceJobs = (): Job[] => [
  job({
    name: 'answers.forget',
    cron: '23 * * * *',
    handle: async (session) => void (await session.read(forgetAnswers, { olderThan: new Date(session.now().getTime() - keptMs) })),
  }),
  job({ name: 'partitions.extend', cron: '41 3 * * *', handle: async (session) => void (await session.read(extendPartitions, {})) }),
]
