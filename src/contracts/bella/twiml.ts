// Renders what reception decided as TwiML, with the carrier's own SDK.
import VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js'
import type { Line, Reply } from '../../domain/reception/index.ts'

/** Twilio's language tags for what we speak. */
const tags: Readonly<Record<string, string>> = { en: 'en-GB', de: 'de-DE' }
const longestMessageS = 180
const longestHoldS = 3600

type Say = Parameters<VoiceResponse['say']>[0]
type Voice = InstanceType<typeof VoiceResponse>

/** @param url makes the address of one of our own webhooks, by its last part */
export function renderTwiml(reply: Reply, url: (part: string) => string): string {
  const voice = new VoiceResponse()
  const language = tags[reply.language] ?? reply.language
  for (const line of reply.lines) renderLine(voice, line, { reply, language, url })
  return voice.toString()
}

interface Page {
  readonly reply: Reply
  readonly language: string
  readonly url: (part: string) => string
}

const renderers: { readonly [K in Line['do']]: (voice: Voice, line: Extract<Line, { do: K }>, page: Page) => void } = {
  say: (voice, { text }, page) => speak(voice, text, page),
  listen,
  hangup: (voice, { text }, page) => {
    speak(voice, text, page)
    voice.hangup()
  },
  dial,
  voicemail: leaveMessage,
  record: (voice, _line, { url }) => {
    voice.start().recording({
      channels: 'dual',
      recordingStatusCallback: url('recording'),
      recordingStatusCallbackMethod: 'POST',
      recordingStatusCallbackEvent: ['in-progress', 'completed', 'absent'],
    })
  },
  wait: (voice) => {
    voice.pause({ length: longestHoldS })
  },
  reject: (voice) => {
    voice.reject({ reason: 'rejected' })
  },
}

function renderLine<K extends Line['do']>(voice: Voice, line: Extract<Line, { do: K }>, page: Page): void {
  renderers[line.do as K](voice, line, page)
}

function speak(voice: Voice, text: string, { language }: Page): void {
  if (text) voice.say({ language } as Say, text)
}

function leaveMessage(voice: Voice, { text }: { text: string }, page: Page): void {
  speak(voice, text, page)
  voice.record({
    action: page.url(`voicemail?turn=${page.reply.turn}`),
    method: 'POST',
    maxLength: longestMessageS,
    playBeep: true,
    finishOnKey: '#',
    recordingStatusCallback: page.url('recording?kind=voicemail'),
  })
}

/** Listens for words and keys; silence comes back as a post too, because `actionOnEmptyResult` is set. */
function listen(voice: Voice, line: Extract<Line, { do: 'listen' }>, { reply, language, url }: Page): void {
  const gather = voice.gather({
    input: line.keys ? ['speech', 'dtmf'] : ['speech'],
    action: url(`collect?turn=${reply.turn}`),
    method: 'POST',
    language,
    hints: line.hints.join(', '),
    timeout: line.timeoutS,
    speechTimeout: 'auto',
    ...(line.keys ? { numDigits: 1 } : {}),
    actionOnEmptyResult: true,
  } as Parameters<Voice['gather']>[0])
  if (line.text) gather.say({ language } as Say, line.text)
}

function dial(voice: Voice, { number, from, timeoutS }: Extract<Line, { do: 'dial' }>, { url }: Page): void {
  const dialling = voice.dial({ action: url('dialled'), method: 'POST', callerId: from, timeout: timeoutS, answerOnBridge: true })
  // How the other party fares is a leg of the call.
  dialling.number(
    { statusCallback: url('status'), statusCallbackMethod: 'POST', statusCallbackEvent: ['initiated', 'answered', 'completed'] },
    number,
  )
}
