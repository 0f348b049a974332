export { builtinUnderstanding, understand } from './builtin.ts'
export { type FallbackOptions, fallback } from './fallback.ts'
