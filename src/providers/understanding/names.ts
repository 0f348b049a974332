// Finds the caller's name and takes it out of the text, so that Mr Friday is not a day.
// Refuses ordinary words as names; a calendar word is one only after "my name is", a title, or the question for a name.
import type { Grammar } from '../../domain/conversation/index.ts'
import type { Word } from './text.ts'

export interface NameRead {
  name: string | null
  /** What is left to be read for days and times. */
  rest: Word[]
}

interface Lexicon {
  stop: Set<string>
  calendar: Set<string>
  particles: Set<string>
  lead: Set<string>
  spelling: Set<string>
  strong: string[][]
  weak: string[][]
  first: string[][]
  last: string[][]
  after: string[][]
  titles: Record<string, string>
}

const lexicons = new WeakMap<Grammar, Lexicon>()

function lexiconOf(grammar: Grammar): Lexicon {
  const known = lexicons.get(grammar)
  if (known) return known
  const { names } = grammar
  const split = (phrases: string[]): string[][] => phrases.map((phrase) => phrase.split(' ')).toSorted((a, b) => b.length - a.length)
  const made: Lexicon = {
    stop: new Set(names.stop),
    calendar: new Set(names.calendar),
    particles: new Set(names.particles),
    lead: new Set(names.lead),
    spelling: new Set(names.spelling),
    strong: split(names.strong),
    weak: split(names.weak),
    first: split(names.first),
    last: split(names.last),
    after: split(names.after),
    titles: names.titles,
  }
  lexicons.set(grammar, made)
  return made
}

const longestName = 5
const letters = /^\p{L}[\p{L}\p{M}'’-]*$/u

const isTitle = (word: Word | undefined, lexicon: Lexicon): boolean => word !== undefined && Object.hasOwn(lexicon.titles, word.low)

function startsAt(words: Word[], at: number, phrases: string[][]): number {
  const phrase = phrases.find((candidate) => candidate.every((low, i) => words[at + i]?.low === low))
  return phrase?.length ?? 0
}

/** How far a name runs from `at`. `sure`: even a word of the calendar may be its first word. */
function runFrom(words: Word[], at: number, sure: boolean, lexicon: Lexicon): number {
  let end = at
  if (isTitle(words[end], lexicon)) end++
  const titled = end > at
  while (end < words.length && end - at < longestName) {
    const word = words[end]
    if (!word || !letters.test(word.raw)) break
    const begins = end === at || (titled && end === at + 1)
    const calendar = lexicon.calendar.has(word.low) && (begins ? sure || titled : sure || end > at + 1)
    if (lexicon.stop.has(word.low) && !calendar) break
    if (startsAt(words, end, lexicon.after) > 0 && end > at) break
    end++
  }
  while (end > at && lexicon.particles.has(words[end - 1]?.low ?? '') && end - at > 1 && !(end === words.length)) end--
  return titled && end === at + 1 ? at : end
}

const capital = (word: string): string =>
  word
    .replace(/(^|[-'’])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase())
    .replace(/(?<=^|-)Mc(\p{L})/gu, (_, letter: string) => `Mc${letter.toUpperCase()}`)

function written(run: Word[], lexicon: Lexicon): string {
  const shown = run.map((word, i) => {
    if (i === 0 && isTitle(word, lexicon)) return lexicon.titles[word.low] ?? word.raw
    if (word.raw !== word.low) return word.raw
    return i > 0 && lexicon.particles.has(word.low) ? word.low : capital(word.low)
  })
  const echoed = shown.length > 2 && shown[0]?.toLowerCase() === shown.at(-1)?.toLowerCase()
  return (echoed ? shown.slice(1) : shown).join(' ')
}

/** "n i a m h" and "n-i-a-m-h" become one word that takes the place of the heard one it resembles. */
function joinSpelled(words: Word[], lexicon: Lexicon): Word[] {
  const out: Word[] = []
  for (let i = 0; i < words.length; i++) {
    let end = i
    while (/^\p{L}$/u.test(words[end]?.raw ?? '')) end++
    const dashed = /^\p{L}(?:[-.]\p{L}){2,}$/u.test(words[i]?.raw ?? '')
    if (end - i < 3 && !dashed) {
      const word = words[i]
      if (word) out.push(word)
      continue
    }
    const spelled = dashed
      ? (words[i]?.raw ?? '').replace(/[-.]/g, '')
      : words
          .slice(i, end)
          .map((word) => word.raw)
          .join('')
    i = dashed ? i : end - 1
    if (out.at(-1)?.low === 'with') {
      out.pop()
      out.push({ raw: ',', low: ',' })
      continue
    }
    while (lexicon.spelling.has(out.at(-1)?.low ?? '')) out.pop()
    const low = spelled.toLowerCase()
    const heard = out.findLastIndex(
      (word) => word.low[0] === low[0] && Math.abs(word.low.length - low.length) <= 3 && !lexicon.stop.has(word.low),
    )
    const at = heard >= out.length - 2 && heard >= 0 ? heard : out.length
    out[at] = { raw: low, low }
  }
  return out
}

function cut(words: Word[], from: number, to: number): Word[] {
  return [...words.slice(0, from), { raw: ',', low: ',' }, ...words.slice(to)]
}

function twoPart(words: Word[], lexicon: Lexicon): NameRead | null {
  const part = (phrases: string[][]): { from: number; at: number; end: number } | null => {
    for (let i = 0; i < words.length; i++) {
      const length = startsAt(words, i, phrases)
      const end = length === 0 ? 0 : runFrom(words, i + length, true, lexicon)
      if (end > i + length && length > 0) return { from: i, at: i + length, end }
    }
    return null
  }
  const first = part(lexicon.first)
  const last = part(lexicon.last)
  if (!first && !last) return null
  const shown = [first, last].flatMap((found) => (found ? [written(words.slice(found.at, found.end), lexicon)] : []))
  const from = Math.min(first?.from ?? words.length, last?.from ?? words.length)
  return { name: shown.join(' '), rest: cut(words, from, Math.max(first?.end ?? 0, last?.end ?? 0)) }
}

/** "I'm afraid", "it's fantastic": one small word after a weak phrase is a name only with something that goes with names. */
function followed(words: Word[], at: number, end: number): boolean {
  const [only] = words.slice(at, end)
  if (!only || end - at > 1 || only.raw !== only.low) return true
  return ['from', 'here', 'speaking', 'calling', 'with', 'again', 'and'].includes(words[end]?.low ?? '')
}

function afterCue(words: Word[], asked: boolean, lexicon: Lexicon): NameRead | null {
  for (let i = 0; i < words.length; i++) {
    const strong = startsAt(words, i, lexicon.strong)
    const length = strong || startsAt(words, i, lexicon.weak)
    if (length === 0) continue
    let at = i + length
    while (['um', 'uh', 'er', 'erm', 'ah'].includes(words[at]?.low ?? '')) at++
    const end = runFrom(words, at, strong > 0, lexicon)
    const doubtful = strong === 0 && !asked && (/ing$/.test(words[at]?.low ?? '') || !followed(words, at, end))
    if (end > at && !doubtful) return { name: written(words.slice(at, end), lexicon), rest: cut(words, i, end) }
  }
  return null
}

function beforeCue(words: Word[], lexicon: Lexicon): NameRead | null {
  for (let i = 1; i < words.length; i++) {
    const length = startsAt(words, i, lexicon.after)
    if (length === 0) continue
    let from = i
    while (from > 0 && i - from < longestName && letters.test(words[from - 1]?.raw ?? '') && !lexicon.stop.has(words[from - 1]?.low ?? ''))
      from--
    if (from < i) return { name: written(words.slice(from, i), lexicon), rest: cut(words, from, i + length) }
  }
  return null
}

function bare(words: Word[], lexicon: Lexicon): NameRead | null {
  let at = 0
  while (at < words.length && (lexicon.lead.has(words[at]?.low ?? '') || words[at]?.raw === ',')) at++
  const end = runFrom(words, at, true, lexicon)
  if (end === at) return null
  const again = words[end]?.raw === ',' ? runFrom(words, end + 1, true, lexicon) : end
  if (again - end - 1 > end - at) return { name: written(words.slice(end + 1, again), lexicon), rest: cut(words, at, again) }
  const onlyDay = end === at + 1 && ['friday', 'sunday'].includes(words[at]?.low ?? '')
  return onlyDay ? null : { name: written(words.slice(at, end), lexicon), rest: cut(words, at, end) }
}

/** `asked`: the last question was for the name, so that a bare "Mary Murphy" is one. */
export function readName(spoken: Word[], asked: boolean, grammar: Grammar): NameRead {
  const lexicon = lexiconOf(grammar)
  const words = joinSpelled(spoken, lexicon)
  const text = words.map((word) => word.low).join(' ')
  const breaks = [...text.matchAll(grammar.corrections)].map((match) => text.slice(0, match.index).split(' ').filter(Boolean).length)
  for (const start of [...breaks.reverse(), 0]) {
    const head = words.slice(0, start)
    const part = words.slice(start)
    const found =
      twoPart(part, lexicon) ?? afterCue(part, asked, lexicon) ?? beforeCue(part, lexicon) ?? (asked ? bare(part, lexicon) : null)
    if (found) return { name: found.name, rest: [...head, ...found.rest] }
  }
  return { name: null, rest: words }
}
