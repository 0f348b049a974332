// <Record> and <Start><Recording>: what the person says, or the whole call, kept as a recording.
// Sources: https://www.twilio.com/docs/voice/twiml/record and /voice/twiml/recording
import type { World } from '../world.ts'
import { ask, emit, Interrupted, pass } from './call.ts'
import { voiceFields } from './params.ts'
import { send } from './progress.ts'
import { lengthS, type Recording, recordingUrl, startRecording, stopRecording, wordsOn } from './recording.ts'
import { goTo, hear, hookOf, numberOf, type Outcome, press, type Scene, waitForTurn, watchedBy } from './scene.ts'
import type { Element } from './twiml.ts'

const beepMs = 500

export async function record(scene: Scene, element: Element): Promise<Outcome> {
  const { world, call } = scene
  const { attributes } = element
  if (attributes.playBeep !== 'false') await pass(world, call, beepMs)
  const recording = startRecording(world, call, {
    source: 'RecordVerb',
    channels: 1,
    track: 'inbound',
    callback: watchedBy(scene, element, 'recordingStatusCallback', 'completed'),
  })
  try {
    const key = await takeMessage(scene, element)
    stopRecording(world, recording)
    transcribe(scene, element, recording)
    if (recording.status === 'absent') return { next: 'verb' }
    return goTo(scene, attributes.action, attributes.method, actionFields(world, recording, key))
  } catch (error) {
    if (error instanceof Interrupted && error.interruption.kind === 'hangup') afterHangUp(scene, element, recording)
    throw error
  }
}

/** @returns the key that ended it, or nothing when silence did. @throws Interrupted */
async function takeMessage(scene: Scene, element: Element): Promise<string> {
  const { world, call } = scene
  const silenceMs = numberOf(element.attributes.timeout, 5) * 1000
  const finishOn = element.attributes.finishOnKey ?? '1234567890*#'
  emit(call, { type: 'listening' })
  for (;;) {
    const turn = await ask(world, call, silenceMs)
    if (!(await waitForTurn(scene, turn, silenceMs))) return ''
    if (turn.do === 'say') {
      await hear(scene, turn.text)
      // One utterance is the message of a scripted caller; a person at the keyboard may go on.
      if (!call.person.live) {
        await pass(world, call, silenceMs)
        return ''
      }
    } else if (turn.do === 'press') {
      await press(scene, turn.digits)
      const key = [...turn.digits].find((digit) => finishOn.includes(digit))
      if (key) return key
    }
  }
}

// A caller who hangs up has left a message: the action still hears of it, and its answer is not followed.
function afterHangUp(scene: Scene, element: Element, recording: Recording): void {
  const { world, call } = scene
  stopRecording(world, recording)
  transcribe(scene, element, recording)
  if (recording.status === 'absent') return
  const fields = voiceFields(world.settings.accountSid, call, { ...actionFields(world, recording, 'hangup'), CallStatus: 'completed' })
  send(world, call, hookOf(scene, element.attributes.action, element.attributes.method), fields)
}

const actionFields = (world: World, recording: Recording, digits: string) => ({
  RecordingSid: recording.sid,
  RecordingUrl: recordingUrl(world, recording),
  RecordingDuration: String(lengthS(recording)),
  Digits: digits,
})

function transcribe(scene: Scene, element: Element, recording: Recording): void {
  const { world, call } = scene
  const url = element.attributes.transcribeCallback
  if (!url || element.attributes.transcribe === 'false' || recording.status !== 'completed') return
  const sid = world.sid('TR')
  send(world, call, hookOf(scene, url, 'POST'), {
    ...voiceFields(world.settings.accountSid, call),
    TranscriptionSid: sid,
    TranscriptionText: wordsOn(recording),
    TranscriptionStatus: 'completed',
    TranscriptionType: 'fast',
    TranscriptionUrl: `${recordingUrl(world, recording)}/Transcriptions/${sid}`,
    RecordingSid: recording.sid,
    RecordingUrl: recordingUrl(world, recording),
  })
}

/** <Start><Recording>: from here to the end of the call, or until the API stops it. */
export function startOnCall(scene: Scene, element: Element): void {
  startRecording(scene.world, scene.call, {
    source: 'StartCallRecordingTwiML',
    channels: element.attributes.channels === 'mono' ? 1 : 2,
    track: trackOf(element.attributes.track),
    callback: watchedBy(scene, element, 'recordingStatusCallback', 'completed'),
  })
}

export function trackOf(value: string | undefined): Recording['track'] {
  return value === 'inbound' || value === 'outbound' ? value : 'both'
}
