export type { Rate, UsageKind } from './rates.ts'
export { type Cost, costOfCall, recordUsage, type Usage, usageOfCall } from './usage.ts'
