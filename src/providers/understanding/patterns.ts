// Turns the grammar's phrase rules into regular expressions, once a language, and reads a caller's text with them.
// Found days and times are replaced by marks (`xday0x`, `xtime1x`), so that later rules can speak of "after <time>".
import type { ClockRule, DayRule, Grammar, TimeRule } from '../../domain/conversation/index.ts'

export interface Compiled<Rule> {
  rule: Rule
  pattern: RegExp
}

export interface CompiledGrammar {
  grammar: Grammar
  days: Compiled<DayRule>[]
  notDay: RegExp[]
  bookingDay: RegExp[]
  clocks: Compiled<ClockRule>[]
  bareHour: RegExp
  times: Compiled<TimeRule>[]
  choices: Compiled<Grammar['choices'][number]>[]
}

const longestFirst = (words: string[]): string => words.toSorted((a, b) => b.length - a.length).join('|')

function placeholders(grammar: Grammar): Record<string, string> {
  const halves = `(?<am>${grammar.am})|(?<pm>${grammar.pm})`
  return {
    wd: `(?<wd>${longestFirst(Object.keys(grammar.weekdays))})`,
    mo: `(?<mo>${longestFirst(Object.keys(grammar.months))})`,
    month: '(?<month>1[0-2]|[1-9])(?:st|nd|rd|th)?',
    nth: '(?<d>\\d{1,2})(?:st|nd|rd|th)',
    d: '(?<d>3[01]|[12]\\d|0?[1-9])',
    n: '(?<n>\\d{1,3})',
    y: '(?<y>20\\d\\d)',
    unit: `(?<unit>${longestFirst(Object.keys(grammar.units))})`,
    h: '(?<h>2[0-4]|1\\d|0?\\d)',
    m: '(?<m>[0-5]\\d)',
    mm: '(?<m>[0-5]?\\d)',
    hhmm: '(?<h>2[0-4]|1\\d|0?\\d)(?<m>[0-5]\\d)',
    ap: `(?: ?(?:${halves})(?!\\w))?`,
    AP: ` ?(?:${halves})`,
    day: 'xday(?<day>\\d+)x',
    t: 'xtime(?<t>\\d+)x',
    t2: 'xtime(?<t2>\\d+)x',
  }
}

export function compile(grammar: Grammar): CompiledGrammar {
  const known = placeholders(grammar)
  const pattern = (when: string): RegExp => {
    const source = when.replace(/\{(\w+)\}/g, (_, name: string) => {
      const text = known[name]
      if (text === undefined) throw new Error(`the ${grammar.language} grammar names an unknown placeholder {${name}}`)
      return text
    })
    return new RegExp(`(?<!\\w)(?:${source})(?!\\w)`, 'g')
  }
  const each = <Rule extends { when: string }>(rules: Rule[]): Compiled<Rule>[] =>
    rules.map((rule) => ({ rule, pattern: pattern(rule.when) }))
  return {
    grammar,
    days: each(grammar.days),
    notDay: grammar.notDay.map(pattern),
    bookingDay: grammar.bookingDay.map(pattern),
    clocks: each(grammar.clocks),
    bareHour: pattern('{hhmm}|{h}'),
    times: each(grammar.times),
    choices: each(grammar.choices),
  }
}

export type Groups = Record<string, string | undefined>

/** Replaces every match for which `meaning` gives a mark; a match without meaning is left as it stands. */
export function replaceEach(text: string, pattern: RegExp, meaning: (groups: Groups, matched: string) => string | null): string {
  return text.replace(pattern, (matched: string, ...rest: unknown[]) => {
    const last = rest.at(-1)
    const groups: Groups = typeof last === 'object' && last !== null ? { ...last } : {}
    return meaning(groups, matched) ?? matched
  })
}

export const squeeze = (text: string): string => text.replace(/ {2,}/g, ' ').trim()
