// Every job there is, with what each needs; the worker runs these and no others.
import { type Audit, auditJobs } from '../platform/audit/index.ts'
import type { Lockout } from '../platform/auth/index.ts'
import type { BlobStore } from '../platform/blobs/index.ts'
import type { Caches } from '../platform/cache/index.ts'
import type { Job } from '../platform/jobs/index.ts'
import { maintenanceJobs } from '../platform/maintenance/index.ts'
import type { OpenSession } from '../platform/session/index.ts'
import { bookingJobs, type Messenger } from './booking/index.ts'
import { type CallUrls, callJobs, type Telephony } from './calls/index.ts'
import { fileJobs } from './files/index.ts'
import { peopleJobs } from './people/index.ts'
import { recordingJobs } from './recordings/index.ts'
import { retentionJobs } from './retention/index.ts'
import { type Transcriber, voicemailJobs } from './voicemail/index.ts'

export interface JobServices {
  readonly caches: Caches
  readonly blobs: BlobStore
  readonly audit: Audit
  readonly lockout: Lockout
  readonly telephony: Telephony
  readonly callUrls: CallUrls
  readonly messenger: Messenger
  readonly transcriber: Transcriber | null
  readonly openSession: OpenSession
}

export const jobs = (services: JobServices): Job[] => [
  ...callJobs(services),
  ...recordingJobs(services),
  ...voicemailJobs(services),
  ...fileJobs(services),
  ...bookingJobs(services),
  ...peopleJobs(services),
  ...retentionJobs(services),
  ...auditJobs(services),
  ...maintenanceJobs(),
]
