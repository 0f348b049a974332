// A carrier for tests: posts forms signed as Twilio signs them, and lets a caller talk from turn to turn.
import twilio from 'twilio'
import type { TestHouse } from '../support/house.ts'

export const authToken = 'a-token-that-only-tests-know-0001'

export interface Line {
  readonly sid: string
  readonly from: string
  /** What the last answer was. */
  readonly heard: readonly string[]
  ring(): Promise<string>
  say(words: string, confidence?: number): Promise<string>
  press(digits: string): Promise<string>
  stayQuiet(): Promise<string>
  /** Posts to a path with this call's parameters and others. */
  post(path: string, more?: Record<string, string>): Promise<Response>
  /** Where the last answer wants the next words. */
  action(): string
}

let calls = 0

export function signed(house: TestHouse, path: string, params: Record<string, string>): Promise<Response> {
  const signature = twilio.getExpectedTwilioSignature(authToken, `${house.url}${path}`, params)
  return house.request('POST', path, { form: params, headers: { 'x-twilio-signature': signature } })
}

export function openLine(house: TestHouse, options: { from?: string; to?: string } = {}): Line {
  const number = ++calls
  const sid = `CA${number.toString(16).padStart(32, '0')}`
  const from = options.from ?? `+4477009${String(number).padStart(5, '0')}`
  const base = {
    AccountSid: 'AC1',
    CallSid: sid,
    From: from,
    To: options.to ?? house.org.phoneNumber ?? '',
    CallStatus: 'in-progress',
    Direction: 'inbound',
  }
  const heard: string[] = []
  const post = (path: string, more: Record<string, string> = {}) => signed(house, path, { ...base, ...more })
  const hear = async (path: string, more: Record<string, string>) => {
    const response = await post(path, more)
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`)
    heard.push(text)
    return text
  }
  const action = () => {
    const found = /action="([^"]+)"/.exec(heard.at(-1) ?? '')?.[1]
    if (!found) throw new Error(`the last answer listens to nobody: ${heard.at(-1)}`)
    return found.replaceAll('&amp;', '&').replace(house.url, '')
  }
  return {
    sid,
    from,
    heard,
    action,
    post,
    ring: () => hear('/twilio/voice', { CallStatus: 'ringing' }),
    say: (words, confidence = 0.92) => hear(action(), { SpeechResult: words, Confidence: String(confidence) }),
    press: (digits) => hear(action(), { Digits: digits }),
    stayQuiet: () => hear(action(), {}),
  }
}
