// Brings calls to their true end when nobody reports it: callbacks get lost, providers forget, processes are killed.
import { systemPrincipal } from '../../platform/auth/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { advanceCall } from './advance.ts'
import { lockSilentCall, touchCall } from './calls.sql.ts'
import { liveCalls, organizationsWithLiveCalls } from './find.ts'
import type { FetchedCall, Telephony } from './ports.ts'

const silentForMs = 120_000
const atOnce = 8

/** Asks about every live call of which nothing was heard for two minutes. @returns how many were asked about */
export async function reconcileCalls(
  session: Session,
  { telephony, openSession }: { telephony: Telephony; openSession: (principal: ReturnType<typeof systemPrincipal>) => Session },
): Promise<number> {
  const silentSince = new Date(session.now().getTime() - silentForMs)
  let asked = 0
  for (const organizationId of await organizationsWithLiveCalls(session, silentSince)) {
    asked += await reconcileOrganization(openSession(systemPrincipal(organizationId, 'job:calls.reconcile')), silentSince, telephony)
  }
  return asked
}

async function reconcileOrganization(session: Session, silentSince: Date, telephony: Telephony): Promise<number> {
  const calls = (await liveCalls(session, silentSince)).filter(({ provider }) => provider === telephony.name)
  for (let index = 0; index < calls.length; index += atOnce) {
    await Promise.all(calls.slice(index, index + atOnce).map((call) => reconcileOne(session, call, silentSince, telephony)))
  }
  return calls.length
}

type SilentCall = Awaited<ReturnType<typeof liveCalls>>[number]

async function reconcileOne(session: Session, call: SilentCall, silentSince: Date, telephony: Telephony): Promise<void> {
  const { callId, sid, status } = call
  try {
    const found = sid === null ? null : await telephony.fetchCall(sid)
    if (found) await settle(session, callId, status === 'in_progress', found)
    else await giveUp(session, call, silentSince)
  } catch (error) {
    // The others must be asked about all the same; this one is asked about again in a minute.
    session.log.warn({ err: error, callId }, 'could not ask the provider about a call')
  }
}

/** It may have been rung, or heard of, since we looked: then it lives. */
function giveUp(session: Session, { callId, sid }: SilentCall, silentSince: Date): Promise<void> {
  return session.write(async (tx) => {
    if (!(await tx.read(lockSilentCall, { callId, sid, silentSince }))) return
    await advanceCall(tx, callId, { status: 'failed', at: tx.now(), hangupCause: 'RECOVERY_ON_TIMER_EXPIRE' })
  })
}

async function settle(session: Session, callId: string, answered: boolean, found: FetchedCall): Promise<void> {
  const { status, startedAt, endedAt, durationS } = found
  if (status === 'queued' || status === 'ringing') return session.write((tx) => tx.run(touchCall, { callId, now: tx.now() }))
  if (!answered && (status === 'in_progress' || status === 'completed')) {
    await advanceCall(session, callId, { status: 'in_progress', at: startedAt ?? session.now() })
  }
  await advanceCall(session, callId, { status, at: endedAt ?? session.now(), durationS })
}
