// Holds what is in the database and what the API answers against what was promised. Each invariant is a sentence and a
// question that has an empty answer as long as the sentence is true.
import { acknowledged } from './invariants/acknowledged.ts'
import { agreement } from './invariants/agreement.ts'
import { audit, events } from './invariants/events.ts'
import { forward, told } from './invariants/forward.ts'
import { idle } from './invariants/idle.ts'
import { isolation } from './invariants/isolation.ts'
import { drained } from './invariants/jobs.ts'
import { ledger } from './invariants/ledger.ts'
import { overlap } from './invariants/overlap.ts'
import { prewritten } from './invariants/prewritten.ts'
import { tallies } from './invariants/tallies.ts'
import { dayMs } from './model.ts'
import { nowOf, type Scene } from './scene.ts'
import { broken } from './violation.ts'

export interface Exam {
  readonly scene: Scene
  /** How each call stood when it was last looked at. */
  readonly calls: Map<string, { readonly status: string; readonly answeredAt: number | null; readonly endedAt: number | null }>
  /** What was last told of each call, and up to which entry of each organisation's feed that was read. */
  readonly told: { readonly calls: Map<string, string>; readonly read: Map<number, number> }
  /** Up to which entry each organisation's feed has been read. */
  readonly read: Map<number, number>
  /** What is older has been looked at before. */
  since: Date
  days: number
}

export interface Moment {
  /** At the end of the run: nobody rings, nothing waits. */
  readonly last: boolean
}

export interface Invariant {
  readonly promise: string
  /** Days between two looks; the end is always looked at. */
  readonly every: number
  readonly check: (exam: Exam, moment: Moment) => Promise<readonly unknown[]>
}

export const invariants = {
  overlap,
  acknowledged,
  forward,
  told,
  agreement,
  ledger,
  prewritten,
  tallies,
  events,
  audit,
  isolation,
  drained,
  idle,
} as const satisfies Record<string, Invariant>

export const openExam = (scene: Scene): Exam => ({
  scene,
  calls: new Map(),
  told: { calls: new Map(), read: new Map() },
  read: new Map(),
  since: new Date(0),
  days: 0,
})

/** @throws Violation */
export async function checkDay(scene: Scene, exam: Exam, moment: Moment): Promise<void> {
  await scene.world.serving()
  exam.days += 1
  for (const { promise, every, check } of Object.values<Invariant>(invariants)) {
    if (!moment.last && exam.days % every !== 0) continue
    const evidence = await check(exam, moment)
    if (evidence.length > 0) broken(`broken: ${promise}`, evidence)
  }
  exam.since = new Date(nowOf(scene) - 2 * dayMs)
}

export const rowsOf = <R extends object>({ scene }: Exam, sql: string, values: unknown[] = []): Promise<R[]> =>
  scene.world.examine<R>(sql, values)
