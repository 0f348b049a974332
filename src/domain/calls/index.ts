export { advanceCall, type CallReport } from './advance.ts'
export { type CallStatus, callStatuses, type Direction, defaultCauses, directions } from './call.ts'
export type { CallRow } from './calls.sql.ts'
export { hangUp, hold, liveCall, transfer } from './control.ts'
export { recordCallUsage } from './cost.ts'
export { type EachOptions, forEachOrganization } from './each.ts'
export { findProviderCall, loadCall, ownerOfProviderCall, silentCalls } from './find.ts'
export { type CallJobServices, callJobs } from './jobs.ts'
export type { CallSort, ExportRow } from './list.sql.ts'
export { type CallFilter, type CallPage, getCall, listCalls, streamCalls } from './list.ts'
export { type LegInput, type LegKind, type OpenCall, openCall } from './open.ts'
export { type CallServices, placeCall, type WantedCall } from './place.ts'
export type { CallUrls, FetchedCall, FetchedRecording, PlaceCall, Telephony } from './ports.ts'
export { prewriteCalls } from './prewrite.ts'
export { supervisedBy, watches } from './sight.ts'
export { tallyCalls } from './tally.ts'
export {
  addLeg,
  addTurns,
  adoptCall,
  advanceLeg,
  holdCall,
  nameCall,
  noteCallEvent,
  setOutcome,
  setParties,
  type Turn,
} from './timeline.ts'
export { seen, wireTime } from './wire.sql.ts'
