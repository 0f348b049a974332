// Speech to text by the OpenAI-compatible transcription endpoint.
import { refuse } from '../../platform/errors/index.ts'
import type { OpenAiClient } from './client.ts'

export interface Transcriber {
  /** Null when nothing was said. @param language ISO 639-1 */
  transcribe(audio: Buffer, options: { filename: string; contentType: string; language: string }): Promise<{ text: string } | null>
}

export function openAiTranscriber(client: OpenAiClient): Transcriber {
  return {
    async transcribe(audio, { filename, contentType, language }) {
      const { toFile } = await import('openai')
      const file = await toFile(audio, filename, { type: contentType })
      const { text }: { text?: unknown } = await client.transcribe((sdk, signal) =>
        sdk.audio.transcriptions.create({ file, model: client.settings.transcriptionModel, language }, { signal }),
      )
      if (typeof text !== 'string') return refuse('provider_failed', { message: 'The transcriber answered without a text.' })
      return text.trim() ? { text: text.trim() } : null
    },
  }
}
