import type { Caches } from '../../platform/cache/index.ts'
import { type Job, job } from '../../platform/jobs/index.ts'
import { organizationSettings } from '../tenancy/index.ts'
import { storeVoicemail, transcribeVoicemail, type VoicemailServices } from './arrival.ts'

export function voicemailJobs(services: VoicemailServices & { caches: Caches }): Job[] {
  return [
    job<{ id: string }>({ name: 'voicemail.store', handle: (session, { id }) => storeVoicemail(session, id, services) }),
    job<{ id: string }>({
      name: 'voicemail.transcribe',
      handle: async (session, { id }) => {
        const { defaultLanguage } = await organizationSettings(session, services)
        await transcribeVoicemail(session, id, services, defaultLanguage.slice(0, 2))
      },
    }),
  ]
}
