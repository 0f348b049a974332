export { type LeftMessage, receiveVoicemail, type VoicemailServices } from './arrival.ts'
export { voicemailJobs } from './jobs.ts'
export { getVoicemail, getVoicemailAudio, listVoicemails, markVoicemail, removeVoicemail, type VoicemailPage } from './messages.ts'
export type { Transcriber } from './ports.ts'
