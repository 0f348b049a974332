export type { Rate, UsageKind } from './rates.ts'
export { recordUsage, type Usage, usageOfCall } from './usage.ts'
