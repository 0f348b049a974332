export { type Checks, type Finding, openChecks, type Part, parts } from './checks.ts'
export { shared } from './contract.ts'
export { listeningOrigin } from './origin.ts'
