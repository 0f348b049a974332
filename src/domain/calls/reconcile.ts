// Brings calls to their true end when nobody reports it: callbacks get lost, providers forget, processes are killed.
import type { Session } from '../../platform/session/index.ts'
import { advanceCall } from './advance.ts'
import { isLive } from './call.ts'
import { lockSilentCall, selectOrganizationsWithSilentCalls, touchCall } from './calls.sql.ts'
import { type EachOptions, forEachOrganization } from './each.ts'
import { silentCalls } from './find.ts'
import type { FetchedCall, Telephony } from './ports.ts'

const silentForMs = 120_000
const atOnce = 8

/**
 * Asks about every call of which nothing was heard for two minutes and of which something is still to be told: how it ends, or,
 * when its caller left a message and may have gone on, how long it lasted. @returns how many were asked about
 */
export async function reconcileCalls(session: Session, options: EachOptions & { telephony: Telephony }): Promise<number> {
  const silentSince = new Date(session.now().getTime() - silentForMs)
  const found = await session.list(selectOrganizationsWithSilentCalls, { silentSince })
  const work = (inside: Session) => reconcileOrganization(inside, silentSince, options)
  return forEachOrganization(found, { ...options, subject: 'job:calls.reconcile', work })
}

async function reconcileOrganization(
  session: Session,
  silentSince: Date,
  { telephony, signal }: { telephony: Telephony; signal?: AbortSignal },
): Promise<number> {
  const calls = await silentCalls(session, telephony.name, silentSince)
  for (let index = 0; index < calls.length; index += atOnce) {
    signal?.throwIfAborted()
    await Promise.all(calls.slice(index, index + atOnce).map((call) => reconcileOne(session, call, silentSince, telephony)))
  }
  return calls.length
}

type SilentCall = Awaited<ReturnType<typeof silentCalls>>[number]

async function reconcileOne(session: Session, call: SilentCall, silentSince: Date, telephony: Telephony): Promise<void> {
  const { callId, sid, status } = call
  try {
    const found = sid === null ? null : await telephony.fetchCall(sid)
    if (!found) await giveUp(session, call, silentSince)
    else if (status === 'voicemail') await measure(session, call, found)
    else await settle(session, callId, status === 'in_progress', found)
  } catch (error) {
    // The others must be asked about all the same, however many cannot: this one comes behind them, and is asked about again.
    session.log.warn({ err: error, callId }, 'could not ask the provider about a call')
    await touch(session, callId)
  }
}

/** It may have been rung, or heard of, since we looked: then it lives. */
function giveUp(session: Session, call: SilentCall, silentSince: Date): Promise<void> {
  const { callId, sid } = call
  return session.write(async (tx) => {
    if (!(await tx.read(lockSilentCall, { callId, sid, silentSince }))) return
    if (call.status === 'voicemail') await lasted(tx, call, null, null)
    else await advanceCall(tx, callId, { status: 'failed', at: tx.now(), hangupCause: 'RECOVERY_ON_TIMER_EXPIRE' })
  })
}

async function settle(session: Session, callId: string, answered: boolean, found: FetchedCall): Promise<void> {
  const { status, startedAt, endedAt, durationS } = found
  if (status === 'queued' || status === 'ringing') return touch(session, callId)
  if (!answered && (status === 'in_progress' || status === 'completed')) {
    await advanceCall(session, callId, { status: 'in_progress', at: startedAt ?? session.now() })
  }
  await advanceCall(session, callId, { status, at: endedAt ?? session.now(), durationS })
}

/** A call that left a message is over when the provider says so, and lasted as long as it says. */
async function measure(session: Session, call: SilentCall, { status, endedAt, durationS }: FetchedCall): Promise<void> {
  if (isLive(status)) await touch(session, call.callId)
  else await lasted(session, call, endedAt, durationS)
}

/** What nobody can tell is as long as is known here: told once, it is not asked about again. */
async function lasted(session: Session, call: SilentCall, endedAt: Date | null, durationS: number | null): Promise<void> {
  const at = endedAt ?? call.endedAt ?? session.now()
  await advanceCall(session, call.callId, { status: 'completed', at, durationS: durationS ?? call.durationS ?? 0 })
}

const touch = (session: Session, callId: string): Promise<void> => session.write((tx) => tx.run(touchCall, { callId, now: tx.now() }))
