// The jobs of calls: ringing what was asked for, finding out about what has gone silent, and what lists need
// beforehand: the text of what is over, and how many there are.
import { type Job, job } from '../../platform/jobs/index.ts'
import type { OpenSession } from '../../platform/session/index.ts'
import { type CallServices, ringPlacedCall } from './place.ts'
import { prewriteCalls } from './prewrite.ts'
import { reconcileCalls } from './reconcile.ts'
import { tallyCalls } from './tally.ts'

export interface CallJobServices extends CallServices {
  readonly openSession: OpenSession
}

export function callJobs(services: CallJobServices): Job[] {
  return [
    job<{ callId: string }>({
      name: 'calls.place',
      handle: (session, { callId }) => ringPlacedCall(session, callId, services),
    }),
    job({
      name: 'calls.reconcile',
      cron: '* * * * *',
      priority: 0,
      handle: async (session, _, { signal }) => void (await reconcileCalls(session, { ...services, signal })),
    }),
    job({
      name: 'calls.prewrite',
      cron: '* * * * *',
      handle: async (session, _, { signal }) => void (await prewriteCalls(session, { ...services, signal })),
    }),
    job({
      name: 'calls.tally',
      cron: '*/10 * * * *',
      handle: async (session, _, { signal }) => void (await tallyCalls(session, { ...services, signal })),
    }),
  ]
}
