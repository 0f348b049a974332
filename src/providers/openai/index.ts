export { type OpenAiClient, openAiGuard, openOpenAi } from './client.ts'
export { openAiTranscriber } from './transcription.ts'
export { openAiUnderstanding } from './understanding.ts'
