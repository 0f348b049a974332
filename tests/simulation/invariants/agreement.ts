import { type Invariant, rowsOf } from '../exam.ts'

interface CallRow {
  sid: string
  status: string
  duration: number | null
  ended: Date | null
}

const ours: Readonly<Record<string, readonly string[]>> = {
  completed: ['completed', 'voicemail'],
  busy: ['busy'],
  failed: ['failed'],
  'no-answer': ['no_answer'],
}

/** Carriers tell times to the second. */
const secondOf = (at: Date | number | null): number | null => (at === null ? null : Math.floor(Number(at) / 1000))

export const agreement: Invariant = {
  promise: 'in the end a call went and lasted here as the carrier says it did',
  every: Number.POSITIVE_INFINITY,
  async check(exam) {
    const rows = await rowsOf<CallRow>(
      exam,
      `SELECT p.sid, c.status, c.duration_s AS duration, c.ended_at AS ended FROM calls.provider_calls p
         JOIN calls.calls c ON c.organization_id = p.organization_id AND c.id = p.call_id WHERE p.primary_call`,
    )
    const known = new Map(rows.map((row) => [row.sid, row]))
    return [...exam.scene.world.office.calls.values()].flatMap((call) => {
      const row = known.get(call.sid)
      // Nobody ever told us of a missed call whose report was lost.
      if (!row && call.direction === 'inbound' && call.status === 'no-answer') return []
      const agrees =
        row && ours[call.status]?.includes(row.status) && row.duration === call.durationS && secondOf(row.ended) === secondOf(call.endedAt)
      return agrees ? [] : [{ call, row }]
    })
  },
}
