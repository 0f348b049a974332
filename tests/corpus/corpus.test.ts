// Gates the built-in understanding: at least 95 of 100 utterances wholly right, on what it was tuned on and on what it was not.
import { describe, expect, test } from 'vitest'
import { understand } from '../../src/providers/understanding/index.ts'
import { fresh } from './fresh.ts'
import { heldOut } from './held-out.ts'
import { hintOf, judge, type Verdict } from './judge.ts'
import type { Group } from './row.ts'
import { utterances } from './utterances.ts'

const hear = (groups: Group[]): Verdict[] =>
  groups.flatMap((group) => group.rows.map((row) => judge(row, understand(row[0], hintOf(group)))))
const share = (verdicts: Verdict[]): number => verdicts.filter((verdict) => verdict.right).length / verdicts.length

function tell(title: string, verdicts: Verdict[]): void {
  const missed = verdicts.filter((verdict) => !verdict.right)
  const lines = missed.map((verdict) => `  "${verdict.text}": ${verdict.misses.join('; ')}`)
  console.info(
    [`${title}: ${verdicts.length - missed.length} of ${verdicts.length}, ${(100 * share(verdicts)).toFixed(1)} %`, ...lines].join('\n'),
  )
}

describe('the corpus', () => {
  const tuned = hear(utterances)
  const kept = hear(heldOut)
  const unseen = hear(fresh)

  test('at least 95 of 100 utterances are understood in intent, name, day and time', () => {
    tell('tuned on', tuned)
    tell('kept aside', kept)
    tell('written afterwards', unseen)
    expect(tuned.length + kept.length + unseen.length).toBeGreaterThanOrEqual(300)
    expect(share([...tuned, ...kept, ...unseen])).toBeGreaterThanOrEqual(0.95)
  })
})
