// What a call is, in which states it can be, and how it may move. Pure: no database, no clock.

export type Direction = 'inbound' | 'outbound' | 'internal'
export const directions = ['inbound', 'outbound', 'internal'] as const

export type CallStatus = 'queued' | 'ringing' | 'in_progress' | 'completed' | 'failed' | 'no_answer' | 'busy' | 'cancelled' | 'voicemail'
export const callStatuses = [
  'queued',
  'ringing',
  'in_progress',
  'completed',
  'failed',
  'no_answer',
  'busy',
  'cancelled',
  'voicemail',
] as const satisfies readonly CallStatus[]

const liveStatuses: readonly CallStatus[] = ['queued', 'ringing', 'in_progress']
export const isLive = (status: CallStatus): boolean => liveStatuses.includes(status)

const ends: readonly CallStatus[] = ['completed', 'failed', 'no_answer', 'busy', 'cancelled', 'voicemail']

/** Where a call may go from where it is. A voicemail is a completed call of which more has become known. */
const moves: Readonly<Record<CallStatus, readonly CallStatus[]>> = {
  queued: ['ringing', 'in_progress', ...ends],
  ringing: ['in_progress', ...ends],
  in_progress: ends,
  completed: ['voicemail'],
  failed: [],
  no_answer: [],
  busy: [],
  cancelled: [],
  voicemail: [],
}

export const mayMove = (from: CallStatus, to: CallStatus): boolean => moves[from].includes(to)

/** Hang-up causes by their Q.850 names; what an end means when the provider gives no cause. */
export const defaultCauses: Readonly<Partial<Record<CallStatus, string>>> = {
  completed: 'NORMAL_CLEARING',
  voicemail: 'NORMAL_CLEARING',
  cancelled: 'NORMAL_CLEARING',
  busy: 'USER_BUSY',
  no_answer: 'NO_ANSWER',
  failed: 'NORMAL_TEMPORARY_FAILURE',
}

/** What is known of how a call went. */
export interface Progress {
  readonly status: CallStatus
  readonly answeredAt: Date | null
  readonly endedAt: Date | null
  /** All that is known of its end is that a message was left, within the call: `endedAt` is that message's time. */
  readonly endedByMessage: boolean
  readonly reportedDurationS: number | null
  readonly durationS: number | null
  readonly hangupCause: string | null
}

/** What somebody says of it: a provider's callback, a look-up, our own hang-up. */
export interface Report {
  readonly status: CallStatus
  readonly at: Date
  readonly durationS?: number | null
  readonly hangupCause?: string | null
}

/**
 * What is known after a report. Reports may come late, twice and in any order; the outcome is the same: a status moves
 * by the table alone, times are the earliest that were reported, an end goes before a message, a reported duration before a
 * computed one.
 */
export function progress(before: Progress, report: Report): Progress {
  const moved = mayMove(before.status, report.status)
  const status = moved ? report.status : before.status
  const agrees = moved || report.status === before.status || (before.status === 'voicemail' && report.status === 'completed')
  const answeredAt = report.status === 'in_progress' ? earliest(before.answeredAt, report.at) : before.answeredAt
  if (isLive(report.status) || !agrees) return withDuration({ ...before, status, answeredAt })
  return withDuration({
    ...before,
    status,
    answeredAt,
    ...endOf(before, report),
    reportedDurationS: longest(before.reportedDurationS, report.durationS ?? null),
    hangupCause: causeOf(before, status, report.hangupCause ?? null),
  })
}

/** Voicemail is the one end that is none: who leaves a message goes on talking, or is talked to again. */
function endOf({ endedAt, endedByMessage }: Progress, { status, at }: Report): Pick<Progress, 'endedAt' | 'endedByMessage'> {
  const byMessage = status === 'voicemail'
  if (endedAt === null || (endedByMessage && !byMessage)) return { endedAt: at, endedByMessage: byMessage }
  return { endedAt: endedByMessage === byMessage ? earliest(endedAt, at) : endedAt, endedByMessage }
}

/** Of an answer and an end that contradict each other the end is believed: nobody answers a call that is over. A message ends none. */
function withDuration(before: Progress): Progress {
  if (isLive(before.status)) return before
  const { answeredAt, endedAt, endedByMessage } = before
  const tooLate = answeredAt && endedAt && answeredAt > endedAt && !endedByMessage
  const known = { ...before, answeredAt: tooLate ? endedAt : answeredAt }
  return { ...known, durationS: known.reportedDurationS ?? talkTime(known) }
}

/** Unknown while a completed call's answer has not been heard of; nothing for one that was never answered. */
function talkTime({ status, answeredAt, endedAt }: Progress): number | null {
  if (answeredAt && endedAt) return Math.max(0, Math.round((endedAt.getTime() - answeredAt.getTime()) / 1000))
  return status === 'completed' || status === 'voicemail' ? null : 0
}

function causeOf(before: Progress, status: CallStatus, given: string | null): string | null {
  const known = before.hangupCause === (defaultCauses[before.status] ?? null) ? null : before.hangupCause
  return known ?? given ?? defaultCauses[status] ?? null
}

const earliest = (one: Date | null, other: Date): Date => (one !== null && one <= other ? one : other)
const longest = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other)
