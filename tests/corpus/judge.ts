// Holds what was understood against what was wanted. All four fields must be right for an utterance to count.
import type { Hint, Understood } from '../../src/domain/conversation/index.ts'
import type { Group, Row } from './row.ts'
import { usualNow, usualZone } from './row.ts'
import { showDay, showTime } from './show.ts'

export interface Verdict {
  text: string
  right: boolean
  /** Field by field, wanted and got, for the misses. */
  misses: string[]
}

export function hintOf(group: Group): Hint {
  return {
    now: group.now ?? usualNow,
    timezone: group.timezone ?? usualZone,
    language: group.language ?? 'en',
    expecting: group.expecting,
    offered: (group.offered ?? []).map((localStart, i) => ({
      startsAt: `${localStart}:00Z`,
      endsAt: `${localStart}:00Z`,
      localStart,
      resourceId: i + 1,
    })),
  }
}

export function judge([text, wanted]: Row, understood: Understood): Verdict {
  const pairs: [string, unknown, unknown][] = [
    ['intent', wanted.intent ?? null, understood.intent],
    ['name', wanted.name ?? null, understood.name],
    ['day', wanted.day ?? null, showDay(understood.day)],
    ['time', wanted.time ?? null, showTime(understood.time)],
  ]
  if (wanted.choice !== undefined) pairs.push(['choice', wanted.choice, understood.choice])
  const misses = pairs.filter(([, want, got]) => want !== got).map(([field, want, got]) => `${field}: wanted ${want}, got ${got}`)
  return { text, right: misses.length === 0, misses }
}
