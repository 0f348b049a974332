// B3: where the carrier's recogniser was unsure, or gave only a recording, the words come from transcription instead.
// Without a transcriber, or when it fails, what the carrier heard stands.
import { withTimeout } from '../../platform/resilience/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { recordUsage } from '../billing/index.ts'
import type { Heard } from '../conversation/index.ts'

export interface Transcriber {
  /** Null when nothing was said. @param language ISO 639-1 */
  transcribe(audio: Buffer, options: { filename: string; contentType: string; language: string }): Promise<{ text: string } | null>
}

export interface Ears {
  hear(session: Session, heard: Heard, recordingUrl: string | null): Promise<Heard>
}

export interface EarsServices {
  readonly transcriber: Transcriber | null
  /** The audio behind a carrier's recording address; null when it is not the carrier's or is gone. */
  readonly fetchAudio: (url: string) => Promise<{ audio: Buffer; contentType: string; durationS: number } | null>
}

/** Somebody is on the line: the carrier gives a turn 15 s in all. */
const patienceMs = 5_000
const tooSlow = () => new Error(`no transcription within ${patienceMs} ms`)

/** Twilio's own advice calls results below this unreliable. */
const unsure = 0.4

export function openEars({ transcriber, fetchAudio }: EarsServices): Ears {
  return {
    async hear(session, heard, recordingUrl) {
      if (!transcriber || !recordingUrl || !isDoubtful(heard)) return heard
      try {
        const recording = await fetchAudio(recordingUrl)
        if (!recording) return heard
        const { audio, contentType, durationS } = recording
        const found = await withTimeout(patienceMs, tooSlow, () =>
          transcriber.transcribe(audio, { filename: 'turn.wav', contentType, language: 'en' }),
        )
        await recordUsage(session, {
          kind: 'transcription',
          quantity: durationS,
          callId: null,
          source: `turn:${recordingUrl}`,
          at: session.now(),
        })
        return found ? { kind: 'speech', text: found.text, confidence: null } : heard
      } catch (error) {
        session.log.warn({ err: error }, 'transcription failed; the carrier’s words stand')
        return heard
      }
    },
  }
}

function isDoubtful(heard: Heard): boolean {
  if (heard.kind === 'silence') return true
  return heard.kind === 'speech' && heard.confidence !== null && heard.confidence > 0 && heard.confidence < unsure
}
