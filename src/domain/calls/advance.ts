// Moves a call on by what is reported of it: its row, its legs, its history, the feed and the ledger, in one change.
import type { Session, Tx } from '../../platform/session/index.ts'
import { type UsageKind, usageOfCall } from '../billing/index.ts'
import { type CallStatus, type Direction, isLive, type Progress, progress, type Report } from './call.ts'
import { type CallRow, lockCall, touchCall, updateProgress } from './calls.sql.ts'
import { recordCallUsage } from './cost.ts'
import { announce } from './feed.ts'
import { answerLegs, closeLegs, insertCallEvent } from './timeline.sql.ts'

export interface CallReport extends Report {
  /** The leg that the report is about, by the provider's name for it; the whole call when it has none. */
  readonly legSid?: string | null
}

const eventOf: Readonly<Record<CallStatus, string>> = {
  queued: 'queued',
  ringing: 'ringing',
  in_progress: 'answered',
  completed: 'completed',
  failed: 'failed',
  no_answer: 'no_answer',
  busy: 'busy',
  cancelled: 'cancelled',
  voicemail: 'voicemail',
}

/** Whether the status moved. A call that is not there moves nowhere. */
export function advanceCall(session: Session, callId: string, report: CallReport): Promise<boolean> {
  return session.write(async (tx) => {
    const call = await tx.read(lockCall, { callId })
    if (!call) return false
    const after = progress(call, report)
    const moved = after.status !== call.status
    if (!moved && sameFacts(call, after)) {
      tx.later(touchCall, { callId, now: tx.now() })
      return false
    }
    await store(tx, call, after, report, moved)
    if (moved) announce(tx, `call.${eventOf[after.status]}`, { ...call, ...after })
    return moved
  })
}

async function store(tx: Tx, call: CallRow, after: Progress, report: CallReport, moved: boolean): Promise<void> {
  const { callId } = call
  const ended = !isLive(after.status)
  tx.later(updateProgress, { callId, ...progressOf(after), onHold: call.onHold && !ended, now: tx.now() })
  if (report.status === 'in_progress') tx.later(answerLegs, { callId, sid: report.legSid ?? null, at: report.at })
  if (moved || report.status === 'in_progress') {
    tx.later(insertCallEvent, { callId, type: eventOf[report.status], at: report.at, data: {}, once: true })
  }
  if (!ended) return
  const messageAt = call.endedByMessage ? call.endedAt : null
  tx.later(closeLegs, { callId, at: after.endedAt ?? report.at, messageAt, hangupCause: after.hangupCause })
  await bill(tx, call, after)
}

const progressOf = ({ status, answeredAt, endedAt, endedByMessage, reportedDurationS, durationS, hangupCause }: Progress): Progress => ({
  status,
  answeredAt,
  endedAt,
  endedByMessage,
  reportedDurationS,
  durationS,
  hangupCause,
})

const sameFacts = (one: Progress, other: Progress): boolean => JSON.stringify(progressOf(one)) === JSON.stringify(progressOf(other))

const kindOf = (direction: Direction): UsageKind => `voice.${direction}`

/** Every started minute counts. What a later report changes is put right by an entry for the difference. */
async function bill(tx: Tx, call: CallRow, { durationS, endedAt }: Progress): Promise<void> {
  if (durationS === null || endedAt === null) return
  const kind = kindOf(call.direction)
  const billed = await usageOfCall(tx, call.callId, kind)
  const quantity = Math.ceil(durationS / 60) - billed.quantity
  if (quantity === 0) return
  await recordCallUsage(tx, { kind, quantity, callId: call.callId, source: `call:${call.callId}:${billed.entries}`, at: endedAt })
}
