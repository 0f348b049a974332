// Cleans what a recogniser wrote: one case, no punctuation, number words as digits, misheard words put right.
// Refuses to read more than a thousand characters, so that no utterance can cost more than a moment.
import type { Grammar } from '../../domain/conversation/index.ts'
import { squeeze } from './patterns.ts'

const longestRead = 1000

/** A word as it was written, and as it is compared. */
export interface Word {
  raw: string
  low: string
}

/** Words with their case and inner apostrophes and hyphens; punctuation, pictures and symbols are gone. */
export function words(text: string): Word[] {
  return text
    .slice(0, longestRead)
    .normalize('NFC')
    .replace(/[’‘`´]/g, "'")
    .replace(/\b([ap])\.\s?m\b\.?/gi, '$1m')
    .split(/[^\p{L}\p{M}\p{N}'’:./-]+/u)
    .map((raw) => raw.replace(/^['.:/-]+|['.:/-]+$/g, ''))
    .filter((raw) => raw !== '')
    .map((raw) => ({ raw, low: raw.toLowerCase() }))
}

const digits = /^\d+$/

function numberOf(word: string, grammar: Grammar): { value: number; ordinal: boolean } | null {
  const plain = word.endsWith('ish') ? word.slice(0, -3) : word
  const value = grammar.numbers[plain] ?? grammar.numbers[word]
  if (value !== undefined) return { value, ordinal: false }
  const nth = grammar.ordinals[word]
  return nth === undefined ? null : { value: nth, ordinal: true }
}

const suffixed = (n: number): string =>
  `${n}${n === 1 || n === 21 || n === 31 ? 'st' : n === 2 || n === 22 ? 'nd' : n === 3 || n === 23 ? 'rd' : 'th'}`

/** "twenty third" → "23rd", "two thirty" → "2 30", "fourish" → "4 ish". */
function numberWords(tokens: string[], grammar: Grammar): string[] {
  const out: string[] = []
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] ?? ''
    const found = numberOf(token, grammar)
    if (!found) {
      const ish = /^(\d{1,2}(?::\d\d)?)ish$/.exec(token)
      out.push(...(ish ? [ish[1] ?? '', 'ish'] : [token]))
      continue
    }
    const next = numberOf(tokens[i + 1] ?? '', grammar)
    const joins = !found.ordinal && found.value >= 20 && found.value % 10 === 0 && next !== null && next.value > 0 && next.value < 10
    const value = joins ? found.value + next.value : found.value
    if (joins) i++
    const ordinal = joins ? next.ordinal : found.ordinal
    out.push(ordinal ? suffixed(value) : String(value))
    if (!digits.test(token) && (tokens[i] ?? '').endsWith('ish')) out.push('ish')
  }
  return out
}

/** The text that the phrase rules read. */
export function clean(spoken: Word[], grammar: Grammar): string {
  let text = ` ${spoken.map((word) => word.low.replace(/^(\d{1,2})\.(\d\d)$/, '$1:$2')).join(' ')} `
  text = text.replace(/(?<=\p{L})-(?=\p{L})/gu, ' ').replace(/(?<=\p{L})[.:/]+(?=\p{L}|$)/gu, ' ')
  text = text.replace(/(\d)(am|pm)\b/g, '$1 $2').replace(/(\d)-ish\b/g, '$1 ish')
  for (const [from, to] of grammar.before) text = text.replace(from, to)
  const noise = new Set(grammar.fillers)
  const tokens = squeeze(text)
    .split(' ')
    .filter((token) => !noise.has(token))
  text = numberWords(tokens, grammar).join(' ')
  for (const [from, to] of grammar.rewrites) text = text.replace(from, to)
  return squeeze(text)
}

/** Cuts where the caller takes something back; what comes later counts for more. */
export function segments(text: string, grammar: Grammar): string[] {
  return text
    .split(grammar.corrections)
    .map(squeeze)
    .filter((part) => part !== '')
}
