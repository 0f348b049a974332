export type { Rate, UsageKind } from './rates.ts'
export { type Cost, recordUsage, type Usage, usageOfCall } from './usage.ts'
