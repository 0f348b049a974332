// <Gather>: plays what is nested in it, listens for speech or keys, and tells its action. Silence goes on to the next verb,
// or to the action with `actionOnEmptyResult`. Source: https://www.twilio.com/docs/voice/twiml/gather
import type { Turn } from '../callers/behaviour.ts'
import { ask, type Call, emit, pass } from './call.ts'
import { voiceFields } from './params.ts'
import { send } from './progress.ts'
import { goTo, hear, hookOf, numberOf, type Outcome, onward, press, type Scene, waitForTurn } from './scene.ts'
import type { Element } from './twiml.ts'

const usualTimeoutS = 5
const autoSpeechEndMs = 1_000

export async function gather(scene: Scene, element: Element, playNested: (element: Element) => Promise<void>): Promise<Outcome> {
  const { attributes } = element
  await playNested(element)
  const accepts = new Set((attributes.input ?? 'dtmf').split(/\s+/))
  emit(scene.call, attributes.hints ? { type: 'listening', hints: attributes.hints } : { type: 'listening' })
  const timeoutMs = numberOf(attributes.timeout, usualTimeoutS) * 1000
  const turn = await ask(scene.world, scene.call, timeoutMs)
  const inTime = await waitForTurn(scene, turn, timeoutMs)
  const found = inTime ? await take(scene, element, turn, accepts, timeoutMs) : null
  if (found) return goTo(scene, attributes.action, attributes.method, found)
  if (attributes.actionOnEmptyResult !== 'true') return onward
  return goTo(scene, attributes.action, attributes.method, accepts.has('dtmf') ? { Digits: '' } : { SpeechResult: '' })
}

/** What the action is told, or null when the server did not listen for that. @throws Interrupted */
async function take(
  scene: Scene,
  element: Element,
  turn: Turn,
  accepts: Set<string>,
  timeoutMs: number,
): Promise<Record<string, string> | null> {
  if (turn.do === 'press') {
    await press(scene, turn.digits)
    if (accepts.has('dtmf')) return keys(scene, element, turn.digits, timeoutMs)
  } else if (turn.do === 'say') {
    partial(scene, element, turn.text)
    await hear(scene, turn.text)
    if (accepts.has('speech')) return speech(scene, element, turn.text, turn.confidence)
  }
  await pass(scene.world, scene.call, scene.call.person.live ? 0 : timeoutMs)
  return null
}

async function keys(scene: Scene, element: Element, pressed: string, timeoutMs: number): Promise<Record<string, string> | null> {
  const finishOn = element.attributes.finishOnKey ?? '#'
  const most = numberOf(element.attributes.numDigits, Number.POSITIVE_INFINITY)
  let digits = ''
  for (const key of pressed.replaceAll('w', '')) {
    if (finishOn !== '' && finishOn.includes(key)) return digits === '' ? null : { Digits: digits, FinishedOnKey: key, msg: 'Gather End' }
    digits += key
    if (digits.length >= most) return { Digits: digits, FinishedOnKey: '', msg: 'Gather End' }
  }
  await pass(scene.world, scene.call, timeoutMs)
  return digits === '' ? null : { Digits: digits, FinishedOnKey: '', msg: 'Gather End' }
}

async function speech(scene: Scene, element: Element, text: string, confidence: number): Promise<Record<string, string>> {
  const end = element.attributes.speechTimeout
  await pass(scene.world, scene.call, end === undefined || end === 'auto' ? autoSpeechEndMs : numberOf(end, 1) * 1000)
  return { SpeechResult: text, Confidence: confidence.toFixed(8), Language: element.attributes.language ?? 'en-US' }
}

// Half a sentence is one partial result: enough to see whether a server bears them.
function partial(scene: Scene, element: Element, text: string): void {
  const url = element.attributes.partialResultCallback
  if (!url) return
  const half = text
    .split(' ')
    .slice(0, Math.ceil(text.split(' ').length / 2))
    .join(' ')
  send(
    scene.world,
    scene.call,
    hookOf(scene, url, element.attributes.partialResultCallbackMethod),
    partialFields(scene.world.settings.accountSid, scene.call, half),
  )
}

const partialFields = (accountSid: string, call: Call, text: string) =>
  voiceFields(accountSid, call, { UnstableSpeechResult: text, StableSpeechResult: '', Stability: '0.9', SequenceNumber: '0' })
