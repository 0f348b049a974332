export { builtinUnderstanding, understand, warmUp } from './builtin.ts'
export { type FallbackOptions, fallback } from './fallback.ts'
