import { type Job, job } from '../../platform/jobs/index.ts'
import { type FetchServices, fetchRecording } from './lifecycle.ts'

export function recordingJobs(services: FetchServices): Job[] {
  return [
    job<{ provider: string; sid: string }>({
      name: 'recordings.fetch',
      handle: (session, payload, { lastAttempt }) => fetchRecording(session, payload, services, lastAttempt),
    }),
  ]
}
