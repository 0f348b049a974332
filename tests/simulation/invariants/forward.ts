import { type Invariant, rowsOf } from '../exam.ts'
import { dayMs } from '../model.ts'
import { nowOf } from '../scene.ts'

interface CallRow {
  id: string
  status: string
  answered: Date | null
  ended: Date | null
  /** A message is no end: the call goes on. */
  byMessage: boolean
  started: Date
  updated: Date
  openLegs: number
}

const ends = ['completed', 'failed', 'no_answer', 'busy', 'cancelled', 'voicemail']
const next: Readonly<Record<string, readonly string[]>> = {
  queued: ['ringing', 'in_progress', ...ends],
  ringing: ['in_progress', ...ends],
  in_progress: ends,
  completed: ['voicemail'],
}

export const forward: Invariant = {
  promise: 'a call only moves forward through its states, its times only become truer, and it ends with all its legs',
  every: 1,
  async check(exam, { last }) {
    const rows = await rowsOf<CallRow>(
      exam,
      `SELECT c.id, c.status, c.started_at AS started, c.answered_at AS answered, c.ended_at AS ended, c.ended_by_message AS "byMessage", c.updated_at AS updated,
              (SELECT count(*)::int FROM calls.legs l WHERE l.organization_id = c.organization_id AND l.call_id = c.id AND l.ended_at IS NULL) AS "openLegs"
         FROM calls.calls c WHERE c.updated_at >= $1 OR c.status IN ('queued', 'ringing', 'in_progress')`,
      [exam.since],
    )
    return rows.flatMap((row) => {
      const before = exam.calls.get(row.id)
      const live = !ends.includes(row.status)
      const endedAt = row.byMessage ? null : (row.ended?.getTime() ?? null)
      exam.calls.set(row.id, { status: row.status, answeredAt: row.answered?.getTime() ?? null, endedAt })
      const faults = [
        before && before.status !== row.status && !next[before.status]?.includes(row.status) && `went from ${before.status}`,
        before?.endedAt && (!row.ended || row.ended.getTime() > before.endedAt) && 'its end moved on',
        before?.answeredAt && (!row.answered || row.answered.getTime() > before.answeredAt) && 'its answer moved on',
        row.ended && row.answered && !row.byMessage && row.ended < row.answered && 'it ended before it was answered',
        live === (row.ended !== null) && 'it is live and has ended, or neither',
        !live && row.openLegs > 0 && 'it has ended and a leg of it has not',
        before?.endedAt && row.byMessage && 'its end is only a message again',
        live && (last || row.updated.getTime() < nowOf(exam.scene) - 2 * dayMs) && 'it never ends',
      ].filter(Boolean)
      return faults.length > 0 ? [{ ...row, before, faults }] : []
    })
  },
}

interface Told {
  seq: number
  id: string
  status: string
}

const statusOf = `CASE type WHEN 'call.answered' THEN 'in_progress' WHEN 'call.started' THEN 'queued' ELSE substr(type, 6) END`

/** A step back that was made good before anybody looked is in the feed all the same. */
export const told: Invariant = {
  promise: 'what is told of a call, event by event, never goes back',
  every: 1,
  async check(exam) {
    const wrong: unknown[] = []
    for (const { founded } of exam.scene.organizations) {
      const rows = await rowsOf<Told>(
        exam,
        `SELECT seq::int AS seq, data->>'callId' AS id, ${statusOf} AS status FROM platform.events
          WHERE organization_id = $1 AND seq > $2
            AND type IN ('call.started', 'call.ringing', 'call.answered', ${ends.map((end) => `'call.${end}'`).join(', ')}) ORDER BY seq`,
        [founded.organizationId, exam.told.read.get(founded.organizationId) ?? 0],
      )
      for (const row of rows) {
        const before = exam.told.calls.get(row.id)
        if (before ? !next[before]?.includes(row.status) : row.status !== 'queued') wrong.push({ ...row, before })
        exam.told.calls.set(row.id, row.status)
        exam.told.read.set(founded.organizationId, row.seq)
      }
    }
    return wrong
  },
}
