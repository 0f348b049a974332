// What the event feed says of a call. The same words go to webhooks, event streams and alerts.
import type { Tx } from '../../platform/session/index.ts'
import { wireTime } from '../../platform/time/index.ts'
import type { CallRow } from './calls.sql.ts'

const time = (at: Date | null): string | null => (at === null ? null : wireTime(at))

/** A call's progress is nobody's change: it is in the feed and not in the audit log. */
export function announce(tx: Tx, type: `call.${string}`, call: CallRow, more: object = {}): void {
  tx.emit(type, { ...callFacts(call), ...more }, { resource: `call:${call.callId}`, users: call.userIds, audit: false })
}

export const callFacts = (call: CallRow): object => ({
  callId: call.callId,
  direction: call.direction,
  from: call.from,
  to: call.to,
  status: call.status,
  userId: call.userId,
  agentId: call.agentId,
  contactId: call.contactId,
  startTime: time(call.startedAt),
  answerTime: time(call.answeredAt),
  endTime: time(call.endedAt),
  duration: call.durationS,
  hangupCause: call.hangupCause,
  outcome: call.outcome,
})
