// The understanding that needs no network: the language's grammar, with chrono-node for dates the grammar does not know.
// Decides nothing about the booking; says what was meant and how sure it is, and says nothing when it is not sure.
import type { DayWish, Expecting, Grammar, Hint, Intent, Understanding, Understood } from '../../domain/conversation/index.ts'
import { grammars, nothingUnderstood } from '../../domain/conversation/index.ts'
import { readCalendarDate } from './calendar-date.ts'
import { readChoice } from './choices.ts'
import { combineDays, type FoundDay, readDays } from './days.ts'
import { readName } from './names.ts'
import { type CompiledGrammar, compile, replaceEach, squeeze } from './patterns.ts'
import { clean, segments, type Word, words } from './text.ts'
import { readTimes } from './times.ts'

const compiled = new Map<string, CompiledGrammar>()

function grammarFor(language: string): CompiledGrammar {
  const key = language.split('-')[0] ?? 'en'
  const grammar: Grammar = grammars[key] ?? grammars.en
  const known = compiled.get(grammar.language)
  if (known) return known
  const made = compile(grammar)
  compiled.set(grammar.language, made)
  return made
}

export const builtinUnderstanding: Understanding = {
  name: 'built-in',
  extract: async (text, hint) => understand(text, hint),
}

/** Spares the first caller the 50 ms in which a language's patterns are made. For the start of a process; not needed otherwise. */
export function warmUp(languages: string[]): void {
  const hint = { now: '2026-01-01T00:00:00Z', timezone: 'UTC', expecting: 'when' as const, offered: [] }
  for (const language of languages) understand('tuesday or 24/11 at half past two', { ...hint, language })
}

/** The same without a promise. Costs well under a millisecond. */
export function understand(text: string, hint: Hint): Understood {
  const language = grammarFor(hint.language)
  const { grammar } = language
  const spoken = words(text)
  const whole = clean(spoken, grammar)
  if (grammar.greeting.test(whole)) return { ...nothingUnderstood, confidence: spoken.length > 0 && !onlyNoise(spoken, grammar) ? 0.1 : 0 }
  const named = readName(spoken, hint.expecting === 'name', grammar)
  const heard = intentOf(whole, hint.expecting, grammar)
  const name = hint.expecting === 'name' && heard !== null && leavesNoName(heard, named.rest.length) ? null : named.name
  const intent = hint.expecting === 'name' && name !== null && (heard === 'yes' || heard === 'no') ? null : heard
  const read = readWhen(clean(name === null ? spoken : named.rest, grammar), intent, hint, language)
  const about = grammar.about.find(([, pattern]) => pattern.test(whole))?.[0] ?? null
  const understood = { intent, name, ...read, about }
  return { ...understood, confidence: sureness(understood) }
}

/** "Can I speak to somebody" after "What is your name?" holds no name, whatever its words look like. */
const leavesNoName = (intent: Intent, left: number): boolean => left <= 1 && intent !== 'yes' && intent !== 'no' && intent !== 'book'

function intentOf(text: string, expecting: Expecting, grammar: Grammar): Intent {
  const found = grammar.intents.find(([, pattern]) => pattern.test(text))?.[0] ?? null
  return found === 'yes' && expecting === 'intent' && text.split(' ').length > 6 ? null : found
}

const onlyNoise = (spoken: Word[], grammar: Grammar): boolean => spoken.every((word) => grammar.fillers.includes(word.low))

type When = Pick<Understood, 'day' | 'time' | 'choice' | 'corrections' | 'bookingDay'>

function readWhen(text: string, intent: Intent, hint: Hint, language: CompiledGrammar): When {
  const today = Temporal.Instant.from(hint.now).toZonedDateTimeISO(hint.timezone).toPlainDate()
  const parts = segments(text, language.grammar)
  const when: When = { day: null, time: null, choice: null, corrections: takesBack(text, language.grammar) }
  for (const part of parts) {
    const chosen = readChoice(part, hint, language)
    const dated = readCalendarDate(chosen.text, today, hint.language)
    const marked = readDays(dated.text, today, language)
    const days = sortDays(marked.text, marked.found, intent === 'move', language)
    const bareHour = ['when', 'confirmation', 'change', 'choice'].includes(hint.expecting)
    const time = readTimes(days.text, language, { bareHour, preferLast: intent === 'move' })
    when.day = dated.wish ?? days.wish ?? when.day
    when.bookingDay = days.bookingDay ?? when.bookingDay
    when.time = time.wish ?? when.time
    when.choice = chosen.choice ?? when.choice
  }
  return when
}

function takesBack(text: string, grammar: Grammar): boolean {
  return text.search(new RegExp(grammar.corrections.source)) >= 0
}

interface Sorted {
  text: string
  /** Said of the booking that is to be moved. */
  bookingDay: DayWish | null
  wish: DayWish | null
}

/** "Not Tuesday" is the wish only when no other day was said; "my Friday appointment" tells a booking, not a wish. */
function sortDays(text: string, found: FoundDay[], moving: boolean, language: CompiledGrammar): Sorted {
  const refused = taken(text, found, language.notDay)
  const booked = moving ? taken(refused.text, found, language.bookingDay) : { text: refused.text, days: [] }
  const left = found.filter((day) => !refused.days.includes(day) && !booked.days.includes(day))
  const weekdays = refused.days.flatMap((day) => (day.wish.kind === 'date' ? [Temporal.PlainDate.from(day.wish.date).dayOfWeek] : []))
  const wish = combineDays(left, moving) ?? (weekdays.length > 0 ? { kind: 'not' as const, weekdays } : null)
  return { text: booked.text, bookingDay: combineDays(booked.days, false), wish }
}

function taken(text: string, found: FoundDay[], patterns: RegExp[]): { text: string; days: FoundDay[] } {
  const days: FoundDay[] = []
  let rest = text
  for (const pattern of patterns) {
    rest = replaceEach(rest, pattern, (groups) => {
      const day = found[Number(groups.day)]
      if (day) days.push(day)
      return day ? ' ' : null
    })
  }
  return { text: squeeze(rest), days }
}

function sureness(understood: Pick<Understood, 'intent' | 'name' | 'day' | 'time' | 'choice' | 'about'>): number {
  const parts = [understood.intent, understood.name, understood.day, understood.time, understood.choice, understood.about]
  const known = parts.filter((part) => part !== null && part !== undefined).length
  return known === 0 ? 0 : Math.min(0.95, 0.75 + 0.1 * (known - 1))
}
