// Opens a call once, whoever hears of it first and however often. Refuses nothing: a call that rings is a fact.
import { uuidv7 } from '../../platform/ids/index.ts'
import type { Session, Tx } from '../../platform/session/index.ts'
import type { CallStatus, Direction } from './call.ts'
import { claimProviderCall, insertCall, lockCall, selectProviderCall } from './calls.sql.ts'
import { announce } from './feed.ts'
import { insertCallEvent, insertLeg } from './timeline.sql.ts'

export type LegKind = 'caller' | 'agent' | 'user' | 'number' | 'voicemail'

export interface LegInput {
  readonly kind: LegKind
  readonly number?: string | null
  readonly userId?: number | null
  readonly agentId?: string | null
  readonly sid?: string | null
}

export interface OpenCall {
  readonly direction: Direction
  readonly from: string
  readonly to: string
  readonly provider: string
  /** Null for a call of ours that the provider has not named yet: `nameCall` does it later. */
  readonly sid: string | null
  readonly at: Date
  readonly status: 'queued' | 'ringing' | 'in_progress'
  readonly numberId?: string | null
  readonly agentId?: string | null
  readonly userId?: number | null
  readonly contactId?: number | null
  readonly legs: readonly LegInput[]
}

/** Idempotent by provider and sid: two at once make one call, and both learn its id. */
export function openCall(session: Session, input: OpenCall): Promise<{ callId: string; created: boolean }> {
  return session.write(async (tx) => {
    const callId = uuidv7(input.at)
    if (input.sid !== null) {
      const known = await claim(tx, input.provider, input.sid, callId)
      if (known !== callId) return { callId: known, created: false }
    }
    tx.later(insertCall, newCall(input, callId, tx.now()))
    for (const leg of input.legs) tx.later(insertLeg, newLeg(callId, leg, input.at, input.status))
    tx.later(insertCallEvent, { callId, type: firstEvent[input.status], at: input.at, data: {}, once: true })
    const call = await tx.read(lockCall, { callId })
    if (call) {
      announce(tx, 'call.started', call)
      if (input.status === 'ringing') announce(tx, 'call.ringing', call)
      if (input.status === 'in_progress') announce(tx, 'call.answered', call)
    }
    return { callId, created: true }
  })
}

const firstEvent: Readonly<Record<OpenCall['status'], string>> = { queued: 'queued', ringing: 'ringing', in_progress: 'answered' }

async function claim(tx: Tx, provider: string, sid: string, callId: string): Promise<string> {
  const claimed = await tx.read(claimProviderCall, { provider, sid, callId, primary: true })
  if (claimed) return claimed.callId
  return (await tx.read(selectProviderCall, { provider, sid }))?.callId ?? callId
}

const newCall = (input: OpenCall, callId: string, now: Date) => ({
  callId,
  direction: input.direction,
  from: input.from,
  to: input.to,
  status: input.status as CallStatus,
  userId: input.userId ?? null,
  contactId: input.contactId ?? null,
  agentId: input.agentId ?? null,
  numberId: input.numberId ?? null,
  provider: input.provider,
  startedAt: input.at,
  answeredAt: input.status === 'in_progress' ? input.at : null,
  now,
})

export const newLeg = (callId: string, leg: LegInput, at: Date, status: CallStatus) => ({
  callId,
  kind: leg.kind,
  number: leg.number ?? null,
  userId: leg.userId ?? null,
  agentId: leg.agentId ?? null,
  sid: leg.sid ?? null,
  at,
  answeredAt: status === 'in_progress' ? at : null,
})
