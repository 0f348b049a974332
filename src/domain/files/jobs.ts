import { type Job, job } from '../../platform/jobs/index.ts'
import { collectBytes, type FileServices } from './files.ts'

export function fileJobs(services: FileServices): Job[] {
  return [job<{ key: string }>({ name: 'blobs.collect', handle: (session, { key }) => collectBytes(session, key, services) })]
}
