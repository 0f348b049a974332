// Acts on a live call: hang up, transfer, hold. The provider does it and reports what came of it; what it cannot do is
// refused. Refuses calls that the caller does not see (404) and calls that have ended.
import { refuse } from '../../platform/errors/index.ts'
import type { Session } from '../../platform/session/index.ts'
import type { Sight } from '../people/index.ts'
import { advanceCall } from './advance.ts'
import { isLive } from './call.ts'
import { type CallRow, selectCall } from './calls.sql.ts'
import { selectCallSeen } from './list.sql.ts'
import { selectCaller } from './place.sql.ts'
import type { CallServices } from './place.ts'
import { noteCallEvent, setHold } from './timeline.ts'

/** A live call that the caller sees. @throws call_not_found, call_not_live */
export async function liveCall(session: Session, sight: Sight, callId: string): Promise<CallRow> {
  if (!(await session.read(selectCallSeen, { callId, ...sight }))) refuse('call_not_found')
  const call = (await session.read(selectCall, { callId })) ?? refuse('call_not_found')
  return isLive(call.status) ? call : refuse('call_not_live')
}

/** A call that the provider has never heard of ends here; any other ends when the provider says so. @throws call_not_found, call_not_live */
export async function hangUp(session: Session, sight: Sight, callId: string, { telephony }: CallServices): Promise<void> {
  const call = await liveCall(session, sight, callId)
  session.log.info({ callId }, 'hanging up')
  if (call.sid === null) {
    await advanceCall(session, callId, { status: 'cancelled', at: session.now() })
    return
  }
  await telephony.hangUp(call.sid)
  await note(session, callId, 'hangup-requested', {})
}

/** To a number, or to a person's phone. @throws call_not_found, call_not_live, unknown_user, no_device */
export async function transfer(
  session: Session,
  sight: Sight,
  callId: string,
  target: { to: string } | { userId: number },
  { telephony, callUrls }: CallServices,
): Promise<void> {
  const { sid } = await liveCall(session, sight, callId)
  const to = 'to' in target ? target.to : await phoneOf(session, target.userId)
  await telephony.redirect(sid ?? refuse('call_not_live'), callUrls.transfer(callId, to))
  await note(session, callId, 'transferred', 'to' in target ? { to } : { to, userId: target.userId })
}

async function phoneOf(session: Session, userId: number): Promise<string> {
  const person = (await session.read(selectCaller, { userId, all: true, viewer: null })) ?? refuse('unknown_user')
  return person.mobile ?? refuse('no_device')
}

/** On hold, or back. Asked twice, it is done once. @throws call_not_found, call_not_live */
export async function hold(session: Session, sight: Sight, callId: string, onHold: boolean, services: CallServices): Promise<void> {
  const { telephony, callUrls } = services
  const call = await liveCall(session, sight, callId)
  if (call.onHold === onHold) return
  await telephony.redirect(call.sid ?? refuse('call_not_live'), onHold ? callUrls.hold(callId) : callUrls.answer(callId))
  await setHold(session, callId, onHold)
}

/** What somebody did to a call is in its history, in the feed and in the audit log. */
function note(session: Session, callId: string, type: string, data: object): Promise<void> {
  return session.write(async (tx) => {
    await noteCallEvent(tx, callId, type, tx.now(), data)
    tx.emit(`call.${type}`, {}, { feed: false, resource: `call:${callId}`, after: data })
  })
}
