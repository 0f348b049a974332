// The outside world behind the domain's ports: which adapters serve them follows from the settings.
import type { Messenger } from '../domain/booking/index.ts'
import type { CallUrls, Telephony } from '../domain/calls/index.ts'
import type { Understanding } from '../domain/conversation/index.ts'
import type { MalwareScanner } from '../domain/files/index.ts'
import { type Ears, openEars, type Transcriber } from '../domain/reception/index.ts'
import type { Settings } from '../platform/config/index.ts'
import type { Guards } from '../platform/resilience/index.ts'
import type { Log } from '../platform/session/index.ts'
import { clamavGuard, clamavScanner } from './clamav/index.ts'
import { type OpenAiClient, openAiGuard, openAiTranscriber, openAiUnderstanding, openOpenAi } from './openai/index.ts'
import { noTelephony, openTwilio, twilioAudio, twilioGuard, twilioTelephony } from './twilio/index.ts'
import { builtinUnderstanding, fallback } from './understanding/index.ts'

export interface Providers {
  readonly telephony: Telephony
  readonly messenger: Messenger
  readonly callUrls: CallUrls
  readonly understanding: Understanding
  readonly transcriber: Transcriber | null
  readonly ears: Ears
  readonly scanner: MalwareScanner | null
}

/** B3: what a model may take of a turn before the built-in understanding answers it. */
const understandingBudgetMs = 2_000

export function openProviders(input: { settings: Settings; guards: Guards; log: Log; baseUrl: () => string }): Providers {
  const { settings, guards, log, baseUrl } = input
  openAiGuard(guards)
  twilioGuard(guards)
  const scannerGuard = clamavGuard(guards, settings.malwareScanner)
  const { url: scannerUrl } = settings.malwareScanner
  const { accountSid, authToken, baseUrl: twilioUrl } = settings.twilio
  const twilio = accountSid && authToken ? openTwilio({ accountSid, authToken, baseUrl: twilioUrl }, guards) : null
  const openai = settings.openai ? openOpenAi(settings.openai, guards) : null
  const transcriber = transcriberOf(settings, openai, guards)
  const voice = (part: string) => `${baseUrl()}/twilio/voice/${part}`
  const telephony = twilio ? twilioTelephony(twilio) : noTelephony()
  return {
    telephony,
    messenger: { send: ({ from, to, text }) => telephony.sendMessage({ from, to, text }) },
    callUrls: {
      answer: (callId) => voice(`answer?call=${callId}`),
      status: (callId) => voice(`status?call=${callId}`),
      transfer: (callId, to) => voice(`transfer?call=${callId}&to=${encodeURIComponent(to)}`),
      hold: (callId) => voice(`hold?call=${callId}`),
    },
    understanding: understandingOf(openai),
    transcriber,
    scanner: scannerUrl ? clamavScanner(scannerUrl, scannerGuard, log) : null,
    ears: openEars({ transcriber, fetchAudio: twilio ? twilioAudio(twilio) : async () => null }),
  }
}

/** The operator's own service; else the sandbox's, when it runs; else nobody transcribes. */
function transcriberOf({ transcription }: Settings, openai: OpenAiClient | null, guards: Guards): Transcriber | null {
  if (openai) return openAiTranscriber(openai)
  if (!transcription) return null
  const { model, ...rest } = transcription
  return openAiTranscriber(openOpenAi({ ...rest, model, transcriptionModel: model }, guards))
}

function understandingOf(openai: OpenAiClient | null): Understanding {
  const builtin = builtinUnderstanding
  return openai ? fallback(openAiUnderstanding(openai), builtin, { budgetMs: understandingBudgetMs }) : builtin
}
