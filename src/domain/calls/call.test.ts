import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CallStatus, callStatuses, isLive, mayMove, type Progress, progress, type Report } from './call.ts'

const start = Date.parse('2026-11-02T09:00:00Z')
const at = (seconds: number): Date => new Date(start + seconds * 1000)
const fresh: Progress = {
  status: 'queued',
  answeredAt: null,
  endedAt: null,
  endedByMessage: false,
  reportedDurationS: null,
  durationS: null,
  hangupCause: null,
}
const outcomeOf = (reports: readonly Report[]): Progress => reports.reduce(progress, fresh)

/** A call as it truly went: its reports in order, the end with or without a duration and a cause. */
const history = fc
  .record({
    rings: fc.integer({ min: 0, max: 60 }),
    talks: fc.integer({ min: 0, max: 7200 }),
    end: fc.constantFrom<CallStatus>('completed', 'busy', 'no_answer', 'failed', 'cancelled'),
    reported: fc.boolean(),
    cause: fc.option(fc.constantFrom('CALL_REJECTED', 'NORMAL_CLEARING', 'UNALLOCATED_NUMBER'), { nil: null }),
    voicemail: fc.option(fc.nat({ max: 7200 }), { nil: null }),
  })
  .map(({ rings, talks, end, reported, cause, voicemail }): Report[] => {
    const answered = end === 'completed'
    const ended = at(1 + rings + (answered ? talks : 0))
    return [
      { status: 'queued', at: at(0) },
      { status: 'ringing', at: at(1) },
      ...(answered ? [{ status: 'in_progress' as const, at: at(1 + rings) }] : []),
      { status: end, at: ended, durationS: reported ? (answered ? talks : 0) : null, hangupCause: cause },
      ...(answered && voicemail !== null ? [{ status: 'voicemail' as const, at: at(1 + rings + Math.min(voicemail, talks)) }] : []),
    ]
  })

describe('the progress of a call', () => {
  test('whatever the order and however often reports come, the call ends up the same', () => {
    const shuffled = history.chain((reports) =>
      fc.record({
        reports: fc.constant(reports),
        disordered: fc.array(fc.constantFrom(...reports), { maxLength: 8 }).chain((repeats) =>
          fc.shuffledSubarray([...reports, ...repeats], {
            minLength: reports.length + repeats.length,
            maxLength: reports.length + repeats.length,
          }),
        ),
      }),
    )
    fc.assert(
      fc.property(shuffled, ({ reports, disordered }) => {
        expect(outcomeOf(disordered)).toEqual(outcomeOf(reports))
      }),
      { numRuns: 2000 },
    )
  })

  test('a late report never moves a call backwards, and an end stays', () => {
    for (const end of callStatuses.filter((status) => !isLive(status))) {
      for (const late of callStatuses) {
        const ended = progress(fresh, { status: end, at: at(30) })
        const later = progress(ended, { status: late, at: at(31) })
        expect(later.status).toBe(end === 'completed' && late === 'voicemail' ? 'voicemail' : end)
        expect(later.endedAt).toEqual(at(end === 'voicemail' && late === 'completed' ? 31 : 30))
      }
    }
  })

  test('no move leads back: the table has no cycle', () => {
    const reach = (from: CallStatus): Set<CallStatus> =>
      new Set(callStatuses.filter((to) => mayMove(from, to)).flatMap((to) => [to, ...reach(to)]))
    for (const status of callStatuses) expect(reach(status).has(status)).toBe(false)
  })

  test('a reported duration goes before the computed one', () => {
    const ended = outcomeOf([
      { status: 'in_progress', at: at(5) },
      { status: 'completed', at: at(65), durationS: 58 },
    ])
    expect(ended).toMatchObject({ status: 'completed', durationS: 58, hangupCause: 'NORMAL_CLEARING' })
  })

  test('a call that nobody answered lasted no time at all', () => {
    expect(
      outcomeOf([
        { status: 'ringing', at: at(1) },
        { status: 'no_answer', at: at(31) },
      ]),
    ).toMatchObject({ durationS: 0, hangupCause: 'NO_ANSWER' })
  })

  test('an end that was reported before its answer learns how long it lasted once the answer is known', () => {
    const ended = progress(fresh, { status: 'completed', at: at(90) })
    expect(ended.durationS).toBeNull()
    expect(progress(ended, { status: 'in_progress', at: at(30) })).toMatchObject({ status: 'completed', durationS: 60 })
  })

  test('a message is no end: the call ended when somebody says so, and until then with its message', () => {
    const reports: Report[] = [
      { status: 'in_progress', at: at(5) },
      { status: 'voicemail', at: at(30) },
      { status: 'completed', at: at(65), durationS: 60 },
      { status: 'completed', at: at(66) },
    ]
    expect(outcomeOf(reports.slice(0, 2))).toMatchObject({ status: 'voicemail', endedAt: at(30), endedByMessage: true, durationS: 25 })
    for (const order of [reports, reports.toReversed()]) {
      expect(outcomeOf(order)).toMatchObject({ status: 'voicemail', endedAt: at(65), endedByMessage: false, durationS: 60 })
    }
  })

  test('a message that is told to be older than the answer leaves the answer alone, whatever comes first', () => {
    const reports: Report[] = [
      { status: 'in_progress', at: at(6) },
      { status: 'voicemail', at: at(4) },
      { status: 'in_progress', at: at(5) },
    ]
    const end: Report = { status: 'completed', at: at(9) }
    for (const order of [reports, reports.toReversed()]) {
      expect(outcomeOf(order)).toMatchObject({ status: 'voicemail', answeredAt: at(5), endedAt: at(4), durationS: 0 })
      expect(outcomeOf([...order, end])).toMatchObject({ answeredAt: at(5), endedAt: at(9), durationS: 4 })
      expect(outcomeOf([end, ...order])).toMatchObject({ answeredAt: at(5), endedAt: at(9), durationS: 4 })
    }
  })

  test('no call was answered after its end, whichever was heard of first', () => {
    const reports: Report[] = [
      { status: 'in_progress', at: at(50) },
      { status: 'completed', at: at(40) },
      { status: 'in_progress', at: at(45) },
    ]
    for (const order of [reports, reports.toReversed()]) {
      expect(outcomeOf(order)).toMatchObject({ status: 'completed', answeredAt: at(40), endedAt: at(40), durationS: 0 })
    }
  })
})
