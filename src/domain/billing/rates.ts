// What a unit costs where an organisation has no rate of its own: list prices, in millionths of a dollar (P13).

export interface Rate {
  readonly unit: string
  readonly microsPerUnit: number
  readonly currency: string
}

export type UsageKind =
  | 'voice.inbound'
  | 'voice.outbound'
  | 'voice.internal'
  | 'recording.minutes'
  | 'storage'
  | 'speech'
  | 'transcription'
  | 'tokens'
  | 'message'

const dollars = (unit: string, microsPerUnit: number): Rate => ({ unit, microsPerUnit, currency: 'USD' })

export const defaultRates: Readonly<Record<UsageKind, Rate>> = {
  'voice.inbound': dollars('minute', 8_500),
  'voice.outbound': dollars('minute', 14_000),
  'voice.internal': dollars('minute', 0),
  'recording.minutes': dollars('minute', 2_500),
  // Bytes are counted; what keeping them costs is a matter of the month, not of the moment.
  storage: dollars('byte', 0),
  // What a carrier's recogniser heard, per utterance.
  speech: dollars('utterance', 20_000),
  transcription: dollars('second', 100),
  tokens: dollars('token', 1),
  message: dollars('message', 8_300),
}
