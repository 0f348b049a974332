// Places calls. The call is written first and rung by a job, so that none is forgotten; a claim in its history, made
// before the provider is asked, keeps a repeated job from ringing twice. Refuses foreign numbers and people without a phone.
import { Refusal, refuse, refuseField } from '../../platform/errors/index.ts'
import type { Session, Tx } from '../../platform/session/index.ts'
import { type Sight, sightOf } from '../people/index.ts'
import { advanceCall } from './advance.ts'
import { lockCall, touchCall } from './calls.sql.ts'
import { type LegInput, openCall } from './open.ts'
import { selectCaller, selectCallingAgent, selectContactOf, selectFirstLeg, selectOwnNumber } from './place.sql.ts'
import type { CallUrls, Telephony } from './ports.ts'
import { insertCallEvent } from './timeline.sql.ts'
import { nameCall } from './timeline.ts'

export interface WantedCall {
  /** One of the organisation's numbers. */
  readonly from: string
  readonly to: string
  /** Rings this person first, then the other side. */
  readonly userId?: number
  /** Talks to the other side. */
  readonly agentId?: string
}

export interface CallServices {
  readonly telephony: Telephony
  readonly callUrls: CallUrls
}

/** An agent's call belongs to who asked for it. @returns the new call's id. @throws unknown_number, unknown_user, unknown_agent, no_device, invalid_request */
export function placeCall(session: Session, wanted: WantedCall, provider: string): Promise<string> {
  const { userId, agentId, from, to } = wanted
  if ((userId === undefined) === (agentId === undefined)) {
    refuseField('body', 'userId', 'either userId or agentId says who talks, and not both', 'required')
  }
  return session.write(async (tx) => {
    const number = (await tx.read(selectOwnNumber, { e164: from })) ?? refuse('unknown_number')
    const first = userId === undefined ? await agentLeg(tx, agentId ?? '', from) : await personLeg(tx, userId, sightOf(tx.principal))
    const far: LegInput = { kind: 'number', number: to }
    const contact = await tx.read(selectContactOf, { number: to })
    const { callId } = await openCall(tx, {
      direction: 'outbound',
      from,
      to,
      provider,
      sid: null,
      at: tx.now(),
      status: 'queued',
      numberId: number.id,
      userId: userId ?? tx.principal.userId,
      agentId: agentId ?? null,
      contactId: contact?.id ?? null,
      legs: first.kind === 'user' ? [first, far] : [far, first],
    })
    await tx.enqueue('calls.place', { callId }, { key: `calls.place:${callId}`, maxAttempts: 3 })
    tx.emit('call.requested', {}, { feed: false, resource: `call:${callId}`, after: wanted })
    return callId
  })
}

async function personLeg(tx: Tx, userId: number, sight: Sight): Promise<LegInput> {
  const person = (await tx.read(selectCaller, { userId, ...sight })) ?? refuse('unknown_user')
  return { kind: 'user', userId, number: person.mobile ?? refuse('no_device') }
}

/** The agent speaks from our own number: it has none to ring. */
async function agentLeg(tx: Tx, agentId: string, from: string): Promise<LegInput> {
  const agent = (await tx.read(selectCallingAgent, { agentId })) ?? refuse('unknown_agent')
  return { kind: 'agent', agentId: agent.id, number: from }
}

/** The job's work. Whether the provider took a call that timed out is found out by reconciliation, not by ringing again. */
export async function ringPlacedCall(session: Session, callId: string, { telephony, callUrls }: CallServices): Promise<void> {
  const numbers = await claimRinging(session, callId)
  if (!numbers) return
  const sid = await telephony
    .placeCall({ ...numbers, answerUrl: callUrls.answer(callId), statusUrl: callUrls.status(callId), key: callId })
    .then((placed) => placed.sid)
    .catch(async (error: unknown) => {
      if (error instanceof Refusal && error.code === 'provider_timeout') return null
      session.log.warn({ err: error, callId }, 'the provider did not take a call')
      await advanceCall(session, callId, { status: 'failed', at: session.now(), hangupCause: 'NORMAL_TEMPORARY_FAILURE' })
      return null
    })
  // It rings: whatever goes wrong from here on, the call has not failed, and the provider's next word about it names it.
  if (sid !== null) await nameCall(session, callId, telephony.name, sid)
}

/**
 * Whom to ring, for the first who asks while the call still waits to be rung. However long it waited, it is not silent now.
 * All that is needed is read in the claim: whoever has claimed it and then fails has nobody to take its place.
 */
function claimRinging(session: Session, callId: string): Promise<{ readonly from: string; readonly to: string } | null> {
  return session.write(async (tx) => {
    const call = await tx.read(lockCall, { callId })
    if (call?.status !== 'queued' || call.sid !== null) return null
    const first = await tx.read(selectFirstLeg, { callId })
    if (!first) return null
    tx.later(touchCall, { callId, now: tx.now() })
    const claimed = await tx.read(insertCallEvent, { callId, type: 'dialing', at: tx.now(), data: {}, once: true })
    return claimed ? { from: call.from, to: first.number } : null
  })
}
