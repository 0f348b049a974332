// The sandbox's own API, as the commands use it: make somebody ring, speak for them, listen to what happens.
import { CommandError } from './terminal.ts'

export type SandboxEvent =
  | { type: 'heard'; text: string }
  | { type: 'listening' }
  | { type: 'said'; text: string }
  | { type: 'pressed'; digits: string }
  | { type: 'status'; status: string }
  | { type: 'recording'; status: string }
  | { type: 'transfer'; to: string }
  | { type: 'error'; message: string }
  | { type: 'ended'; duration: number }

export interface SandboxCall {
  readonly sid: string
  /** From the beginning, then as it happens, until the call has ended. */
  events(): AsyncGenerator<SandboxEvent>
  say(text: string): Promise<void>
  press(digits: string): Promise<void>
  stayQuiet(): Promise<void>
  hangUp(): Promise<void>
}

export interface CallWish {
  readonly to: string
  readonly from?: string
  readonly script?: readonly object[]
  readonly interactive?: boolean
  readonly speed?: number | 'instant'
}

export async function hostNumber(
  baseUrl: string,
  number: { phoneNumber: string; voiceUrl: string; statusCallback: string },
): Promise<void> {
  await post(`${baseUrl}/sandbox/numbers`, number)
}

export async function ring(baseUrl: string, wish: CallWish): Promise<SandboxCall> {
  const { sid } = (await post(`${baseUrl}/sandbox/calls`, wish)) as { sid: string }
  const call = `${baseUrl}/sandbox/calls/${sid}`
  return {
    sid,
    events: () => readEvents(`${call}/events`),
    say: async (text) => void (await post(`${call}/say`, { text })),
    press: async (digits) => void (await post(`${call}/press`, { digits })),
    stayQuiet: async () => void (await post(`${call}/silence`, {})),
    hangUp: async () => void (await post(`${call}/hangup`, {})),
  }
}

async function post(url: string, body: object): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok) throw new CommandError(`The sandbox refused: ${text}`)
  return text ? JSON.parse(text) : null
}

async function* readEvents(url: string): AsyncGenerator<SandboxEvent> {
  const response = await fetch(url)
  if (!response.body) return
  let rest = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim()) yield JSON.parse(line) as SandboxEvent
  }
}
