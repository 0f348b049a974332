// The OpenAI-compatible endpoint, by the official SDK, behind one guard. Loaded at first use: it is slow to import.
import type OpenAI from 'openai'
import type { Guard, Guards } from '../../platform/resilience/index.ts'

export interface OpenAiSettings {
  readonly apiKey: string
  readonly baseUrl?: string | undefined
  readonly model: string
  readonly transcriptionModel: string
}

export interface OpenAiClient {
  readonly settings: OpenAiSettings
  call<T>(work: (sdk: OpenAI, signal: AbortSignal) => Promise<T>): Promise<T>
}

/** B3: two seconds for a turn; a third of that is the breaker's patience in failures. */
const policy = { timeoutMs: 2_000, retries: 0, breaker: { failures: 5, halfOpenAfterMs: 30_000 } }

export function openOpenAi(settings: OpenAiSettings, guards: Guards): OpenAiClient {
  const guard: Guard = guards.guard('openai_api', policy)
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
      return guard.call((signal) => work(loaded, signal))
    },
  }
}
