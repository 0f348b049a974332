export { cachedRecordings, type Recording, type RecordingCaches } from './cache.ts'
export { recordingJobs } from './jobs.ts'
export { type FetchServices, fetchRecording, type RecordingReport, reportRecording } from './lifecycle.ts'
export { controlRecording, getRecording, listRecordings, type RecordingFilter, removeRecording, setLegalHold } from './recordings.ts'
