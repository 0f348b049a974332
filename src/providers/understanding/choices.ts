// Reads which of the offered slots was meant by its place: "the second", "the last one", "the half past".
import type { Hint, Slot } from '../../domain/conversation/index.ts'
import { type CompiledGrammar, replaceEach } from './patterns.ts'

export interface ChoiceRead {
  text: string
  choice: number | null
}

export function readChoice(text: string, hint: Hint, language: CompiledGrammar): ChoiceRead {
  if (hint.expecting !== 'choice' && hint.expecting !== 'booking') return { text, choice: null }
  let choice: number | null = null
  let rest = text
  for (const { rule, pattern } of language.choices) {
    rest = replaceEach(rest, pattern, (groups) => {
      const picked = pick(rule.pick, Number(groups.n ?? groups.d ?? '0'), hint.offered)
      if (picked === null) return null
      choice = picked
      return ' '
    })
  }
  return { text: rest.trim(), choice }
}

function pick(what: number | 'n' | 'middle' | 'half', said: number, offered: Slot[]): number | null {
  if (typeof what === 'number') return what
  if (what === 'n') return said >= 1 && said <= Math.max(offered.length, 3) ? said : null
  if (what === 'middle') return offered.length > 0 ? Math.ceil(offered.length / 2) : null
  const halves = offered.flatMap((slot, i) => (slot.localStart.endsWith(':30') ? [i + 1] : []))
  return halves.length === 1 ? (halves[0] ?? null) : null
}
