export { retentionJobs } from './jobs.ts'
export { carryOutRetention, type RetentionLimits, type RetentionServices } from './retention.ts'
