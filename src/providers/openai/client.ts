// The OpenAI-compatible endpoint, by the official SDK, behind one guard. Loaded at first use: it is slow to import.
import type OpenAI from 'openai'
import type { Guard, Guards } from '../../platform/resilience/index.ts'

export interface OpenAiSettings {
  readonly apiKey: string
  readonly baseUrl?: string | undefined
  readonly model: string
  readonly transcriptionModel: string
}

type Work<T> = (sdk: OpenAI, signal: AbortSignal) => Promise<T>

export interface OpenAiClient {
  readonly settings: OpenAiSettings
  /** While somebody is on the line. */
  call<T>(work: Work<T>): Promise<T>
  /** For whole recordings: nobody waits, and it takes as long as it takes to listen. */
  transcribe<T>(work: Work<T>): Promise<T>
}

/** B3: two seconds for a turn. */
const turnPolicy = { timeoutMs: 2_000, retries: 0, breaker: { failures: 5, halfOpenAfterMs: 30_000 } }
const transcriptionPolicy = { timeoutMs: 60_000, retries: 1, breaker: { failures: 5, halfOpenAfterMs: 30_000 } }

/** There whether it is configured or not: its breaker is listed either way. */
export const openAiGuard = (guards: Guards): Guard => guards.guard('openai_api', turnPolicy)

export function openOpenAi(settings: OpenAiSettings, guards: Guards): OpenAiClient {
  const turns = openAiGuard(guards)
  const transcriptions: Guard = guards.guard('openai_transcription', transcriptionPolicy)
  let sdk: Promise<OpenAI> | null = null
  const load = async (): Promise<OpenAI> => {
    const { default: Sdk } = await import('openai')
    return new Sdk({ apiKey: settings.apiKey, maxRetries: 0, ...(settings.baseUrl ? { baseURL: settings.baseUrl } : {}) })
  }
  return {
    settings,
    async call(work) {
      sdk ??= load()
      const loaded = await sdk
      return turns.call((signal) => work(loaded, signal))
    },
    async transcribe(work) {
      sdk ??= load()
      const loaded = await sdk
      return transcriptions.call((signal) => work(loaded, signal), { idempotent: true })
    },
  }
}
