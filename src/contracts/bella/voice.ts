// B2: Twilio's side of a call. What it posts is unpacked here, reception decides, the answer is TwiML.
import { Type } from 'typebox'
import type { Heard } from '../../domain/conversation/index.ts'
import { answerCall, type Reply, type TurnInput, takeTurn } from '../../domain/reception/index.ts'
import { type AnyEndpoint, answer, endpoint, type RequestFacts } from '../../platform/http/index.ts'
import type { Session } from '../../platform/session/index.ts'
import type { House } from '../house.ts'
import { callOf, signedByTwilio } from './signed.ts'
import { renderTwiml } from './twiml.ts'

export const Text = Type.Optional(Type.String({ maxLength: 4096 }))
/** It becomes part of an address when the carrier is asked about the call. */
const CallSid = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })
export const Posted = Type.Object({ CallSid, From: Text, To: Text, CallStatus: Text }, { additionalProperties: true })
const Collected = Type.Object(
  {
    ...Posted.properties,
    SpeechResult: Type.Optional(Type.String({ maxLength: 20_000 })),
    Confidence: Text,
    Digits: Text,
    RecordingUrl: Text,
  },
  { additionalProperties: true },
)
const Turn = Type.Object({ turn: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })) }, { additionalProperties: true })

export const webhook = { permission: 'public', unlimited: true, accepts: ['form'], tags: ['Voice'] } as const

export const voice = (house: House): AnyEndpoint[] => {
  const verify = signedByTwilio(house)
  return [
    endpoint({
      operation: 'voice.answer',
      method: 'POST',
      path: '/twilio/voice',
      summary: 'A call comes in; the answer is what the caller hears first',
      ...webhook,
      verify,
      body: Posted,
      response: { 200: 'text/xml' },
      errors: ['invalid_signature'],
      handle: async ({ session, body, request }) => twiml(await answerCall(session, ringOf(body), house), request),
    }),
    endpoint({
      operation: 'voice.collect',
      method: 'POST',
      path: '/twilio/voice/collect',
      summary: 'What the caller said or pressed; the answer is the next step of the dialogue',
      ...webhook,
      verify,
      query: Turn,
      body: Collected,
      response: { 200: 'text/xml' },
      errors: ['invalid_signature'],
      handle: async ({ session, query, body, request }) => {
        const input = await turnOf(house, session, body, query.turn ?? null, request)
        return twiml(await takeTurn(session, input, house), request)
      },
    }),
  ]
}

/** The answer as TwiML; its addresses lead back to where the post came in. */
export const twiml = (reply: Reply, { origin }: RequestFacts) =>
  answer(
    200,
    renderTwiml(reply, (part) => `${origin}/twilio/voice/${part}`),
    { 'content-type': 'text/xml; charset=utf-8' },
  )

interface Fields {
  readonly CallSid: string
  readonly From?: string
  readonly To?: string
}
export const ringOf = ({ CallSid, From = '', To = '' }: Fields) => ({ provider: 'twilio', sid: CallSid, from: From, to: To })

type Collected = Fields & { SpeechResult?: string; Confidence?: string; Digits?: string; RecordingUrl?: string }

async function turnOf(house: House, session: Session, body: Collected, turn: number | null, request: RequestFacts): Promise<TurnInput> {
  const posted = JSON.stringify([...request.form].sort(([a], [b]) => (a < b ? -1 : 1)))
  return {
    ...ringOf(body),
    callId: callOf(request),
    turn,
    posted,
    heard: await house.ears.hear(session, heardOf(body), body.RecordingUrl ?? null),
  }
}

/** What Twilio's recogniser made of it; keys win over words, nothing is silence. */
function heardOf({ SpeechResult, Confidence, Digits }: Collected): Heard {
  if (Digits) return { kind: 'digits', digits: Digits }
  const text = SpeechResult?.trim()
  if (!text) return { kind: 'silence' }
  const confidence = Number(Confidence)
  return { kind: 'speech', text, confidence: Confidence !== undefined && Number.isFinite(confidence) ? confidence : null }
}
