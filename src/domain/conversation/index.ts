// The voice dialogue: what is said next, and what is done in the appointment book, for everything a caller may say.

export { type Greeting, greet, hintOf, type Response, respond } from './dialogue.ts'
export type { ChoiceRule, ClockRule, DayRule, Grammar, NameWords, Part, TimeRule } from './grammar/grammar.ts'
export { grammars } from './grammar/index.ts'
export * from './ports.ts'
export { type PromptKey, type Prompts, promptsFor } from './prompts/prompts.ts'
export type { DialogueState, Instruction, Outcome, Phase, Step } from './state.ts'
