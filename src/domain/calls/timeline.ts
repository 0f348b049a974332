// What happens during a call: who joins, what is pressed and said, how it came out. Repeats of the same fact are one.
import { refuse } from '../../platform/errors/index.ts'
import type { Session, Tx } from '../../platform/session/index.ts'
import { type CallRow, claimProviderCall, lockCall, selectCall, updateHold, updateOutcome, updateParties } from './calls.sql.ts'
import { announce } from './feed.ts'
import { type LegInput, newLeg } from './open.ts'
import { answerLegs, endLeg, insertCallEvent, insertLeg, insertTurn } from './timeline.sql.ts'

export interface Turn {
  readonly speaker: 'caller' | 'agent' | 'user'
  readonly text: string
  /** Milliseconds from the answer. */
  readonly startMs: number
  readonly endMs: number
  readonly confidence?: number | null
}

/** A call by its id; or its row, where that is held already in the same transaction: it is not locked a second time then. */
export type Held = string | CallRow

/** The call's row, held until the transaction ends. @throws call_not_found */
export async function holdCall(tx: Tx, callId: string): Promise<CallRow> {
  return (await tx.read(lockCall, { callId })) ?? refuse('call_not_found')
}

/** `dtmf`, `transferred`, `hold`, `recording-started` … with what belongs to it. @throws call_not_found */
export function noteCallEvent(session: Session, held: Held, type: string, at: Date, data: object = {}): Promise<void> {
  return change(session, held, async (tx, call) => {
    const noted = await tx.read(insertCallEvent, { callId: call.callId, type, at, data, once: false })
    if (noted) announce(tx, `call.${type.replaceAll('-', '_')}`, call, { detail: data })
  })
}

/** Adds what was said, in order. @throws call_not_found */
export function addTurns(session: Session, held: Held, turns: readonly Turn[]): Promise<void> {
  return change(session, held, async (tx, { callId }) => {
    for (const turn of turns) tx.later(insertTurn, { callId, ...turn, confidence: turn.confidence ?? null })
  })
}

/** What came of it: `booked`, `cancelled`, `transferred` … @throws call_not_found */
export function setOutcome(session: Session, held: Held, outcome: string): Promise<void> {
  return change(session, held, async (tx, call) => {
    if (call.outcome === outcome) return
    tx.later(updateOutcome, { callId: call.callId, outcome, now: tx.now() })
    announce(tx, 'call.outcome', { ...call, outcome })
  })
}

/** Says who is on the call once it is known; what is left out stays. @throws call_not_found */
export function setParties(
  session: Session,
  held: Held,
  parties: { userId?: number; contactId?: number; agentId?: string },
): Promise<void> {
  return change(session, held, async (tx, { callId }) =>
    tx.later(updateParties, {
      callId,
      userId: parties.userId ?? null,
      contactId: parties.contactId ?? null,
      agentId: parties.agentId ?? null,
      now: tx.now(),
    }),
  )
}

/** Another party; with a `sid` that is known already, nothing happens. @throws call_not_found */
export function addLeg(session: Session, callId: string, leg: LegInput & { at: Date }): Promise<void> {
  return change(session, callId, async (tx, call) => {
    if (leg.sid) await tx.read(claimProviderCall, { provider: call.provider, sid: leg.sid, callId, primary: false })
    await tx.run(insertLeg, newLeg(callId, leg, leg.at, 'ringing'))
  })
}

/** How a leg went that is not the call itself. @throws call_not_found */
export function advanceLeg(
  session: Session,
  callId: string,
  sid: string,
  report: { at: Date; status: 'answered' | 'ended'; hangupCause?: string | null },
): Promise<void> {
  return change(session, callId, (tx) =>
    report.status === 'answered'
      ? tx.run(answerLegs, { callId, sid, at: report.at })
      : tx.run(endLeg, { callId, sid, at: report.at, hangupCause: report.hangupCause ?? null }),
  )
}

/** @throws call_not_found */
export function setHold(session: Session, callId: string, onHold: boolean): Promise<void> {
  return change(session, callId, async (tx, call) => {
    if (call.onHold === onHold) return
    await tx.run(updateHold, { callId, onHold, now: tx.now() })
    await noteCallEvent(tx, callId, onHold ? 'hold' : 'unhold', tx.now())
  })
}

/** The provider's name for a call that we opened without one. */
export function nameCall(session: Session, callId: string, provider: string, sid: string): Promise<void> {
  return session.write(async (tx) => void (await tx.read(claimProviderCall, { provider, sid, callId, primary: true })))
}

/**
 * A report names our call and its provider's name before the answer to our request has told us that name.
 * @returns the call's id, or null when it is none of ours
 */
export async function adoptCall(session: Session, callId: string, provider: string, sid: string): Promise<string | null> {
  const call = await session.read(selectCall, { callId })
  if (call?.provider !== provider || (call.sid !== null && call.sid !== sid)) return null
  await nameCall(session, callId, provider, sid)
  return callId
}

function change(session: Session, held: Held, work: (tx: Tx, call: CallRow) => Promise<void>): Promise<void> {
  return session.write(async (tx) => work(tx, typeof held === 'string' ? await holdCall(tx, held) : held))
}
