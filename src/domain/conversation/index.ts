// The voice dialogue: what is said next, and what is done in the appointment book, for everything a caller may say.
export type { ChoiceRule, ClockRule, DayRule, Grammar, NameWords, Part, TimeRule } from './grammar/grammar.ts'
export { grammars } from './grammar/index.ts'
export * from './ports.ts'
