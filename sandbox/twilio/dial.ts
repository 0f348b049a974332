// <Dial>: rings one party or several, bridges the call to the first who answers, and tells the action how it went.
// Source: https://www.twilio.com/docs/voice/twiml/dial

import { speechMs } from '../audio/voice.ts'
import { behaviourAt } from '../callers/magic-numbers.ts'
import { scriptedPerson } from '../callers/script.ts'
import { type Call, durationS, emit, Interrupted, nowOn, openCall, pass, setStatus } from './call.ts'
import { endCall } from './ending.ts'
import { voiceFields } from './params.ts'
import { progress, send } from './progress.ts'
import { lengthS, type Recording, recordingUrl, startRecording, stopRecording } from './recording.ts'
import { goTo, hookOf, numberOf, type Outcome, onward, type Scene, watchedBy } from './scene.ts'
import type { Element } from './twiml.ts'

const usualTimeoutS = 30
const quickRefusalS = 2

interface Party {
  leg: Call
  element: Element | null
}

interface Result {
  status: 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled'
  leg: Call | null
  recording: Recording | null
}

export async function dial(scene: Scene, element: Element): Promise<Outcome> {
  const unknown = element.children.find((child) => child.name === 'Queue' || child.name === 'Conference')
  if (unknown) {
    emit(scene.call, { type: 'error', code: 13_200, message: `<${unknown.name}> inside <Dial> is not simulated here` })
    return conclude(scene, element, { status: 'failed', leg: null, recording: null })
  }
  const parties = partiesOf(scene, element)
  const result: Result = { status: 'no-answer', leg: null, recording: null }
  try {
    await connect(scene, element, parties, result)
  } catch (error) {
    if (error instanceof Interrupted) abandon(scene, element, parties, result, error)
    throw error
  }
  return conclude(scene, element, result)
}

function partiesOf(scene: Scene, element: Element): Party[] {
  const nouns: (Element | null)[] = element.children.length > 0 ? element.children : [null]
  return nouns.map((noun) => {
    const to = addressOf(noun, element)
    emit(scene.call, { type: 'transfer', to })
    const leg = openCall(scene.world, {
      direction: 'outbound-dial',
      parentSid: scene.call.sid,
      from: element.attributes.callerId ?? scene.call.from,
      to,
      person: scriptedPerson(behaviourAt(scene.world, to)),
      speed: scene.call.speed,
      skewMs: scene.call.skewMs,
      createdMs: nowOn(scene.world, scene.call),
      callback: noun ? watchedBy(scene, noun, 'statusCallback', 'completed') : null,
    })
    return { leg, element: noun }
  })
}

function addressOf(noun: Element | null, element: Element): string {
  if (!noun) return element.text
  return noun.name === 'Client' && !noun.text.startsWith('client:') ? `client:${noun.text}` : noun.text
}

async function connect(scene: Scene, element: Element, parties: Party[], result: Result): Promise<void> {
  const { world } = scene
  for (const { leg } of parties) {
    progress(world, leg, 'initiated')
    progress(world, leg, 'ringing')
  }
  const early = element.attributes.record?.startsWith('record-from-ringing') ? recordOf(scene, element) : null
  result.recording = early
  const timeoutS = numberOf(element.attributes.timeout, usualTimeoutS)
  const winner = firstToAnswer(parties, timeoutS)
  await passTogether(scene, parties, winner ? winner.leg.person.behaviour.afterS : refusalS(parties, timeoutS))
  for (const party of parties) if (party !== winner) endCall(world, party.leg, winner ? 'canceled' : refusal(party))
  if (!winner) {
    result.status = parties[0] ? refusal(parties[0]) : 'failed'
    return
  }
  result.leg = winner.leg
  result.status = 'completed'
  progress(world, winner.leg, 'in-progress')
  await whisper(scene, winner)
  result.recording = early ?? (records(element) ? recordOf(scene, element) : null)
  await talk(scene, winner.leg, numberOf(element.attributes.timeLimit, 14_400))
  endCall(world, winner.leg, 'completed')
}

const records = (element: Element) =>
  element.attributes.record !== undefined && !['false', 'do-not-record'].includes(element.attributes.record)

function recordOf(scene: Scene, element: Element): Recording {
  return startRecording(scene.world, scene.call, {
    source: 'DialVerb',
    channels: element.attributes.record?.endsWith('-dual') ? 2 : 1,
    track: 'both',
    callback: watchedBy(scene, element, 'recordingStatusCallback', 'completed'),
  })
}

function firstToAnswer(parties: Party[], timeoutS: number): Party | undefined {
  const answering = parties.filter(
    ({ leg }) => leg.person.behaviour.answering === 'answers' || leg.person.behaviour.answering === 'voicemail',
  )
  const inTime = answering.filter(({ leg }) => leg.person.behaviour.afterS <= timeoutS)
  return inTime.toSorted((a, b) => a.leg.person.behaviour.afterS - b.leg.person.behaviour.afterS)[0]
}

function refusal({ leg }: Party): 'busy' | 'failed' | 'no-answer' {
  const { answering } = leg.person.behaviour
  return answering === 'busy' || answering === 'failed' ? answering : 'no-answer'
}

const refusalS = (parties: Party[], timeoutS: number) =>
  parties.every((party) => refusal(party) !== 'no-answer') ? Math.min(quickRefusalS, timeoutS) : timeoutS

/** Time passes on the call and on the legs alike. @throws Interrupted */
async function passTogether(scene: Scene, parties: Party[], seconds: number): Promise<void> {
  const ended = parties.map(({ leg }) => leg.interrupted.promise)
  try {
    await pass(scene.world, scene.call, seconds * 1000, Promise.race(ended))
  } finally {
    for (const { leg } of parties) leg.skewMs = scene.call.skewMs
  }
}

/** The `url` of a noun: a document that the called party hears before the bridge. */
async function whisper(scene: Scene, { leg, element }: Party): Promise<void> {
  if (!element?.attributes.url) return
  await scene.converse(leg, {
    from: 'url',
    hook: hookOf(scene, element.attributes.url, element.attributes.method),
    params: {},
    fallback: null,
  })
  scene.call.skewMs = Math.max(scene.call.skewMs, leg.skewMs)
}

/** Both talk until the called party has had enough, the time limit comes, or somebody hangs up. */
async function talk(scene: Scene, leg: Call, limitS: number): Promise<void> {
  const { world, call } = scene
  const { behaviour } = leg.person
  const line = behaviour.answering === 'voicemail' ? behaviour.greeting : behaviour.script.find((step) => step.say)?.say
  if (line) {
    const segment = { atMs: nowOn(world, call), durationMs: speechMs(line), text: line, voice: leg.to }
    call.segments.push({ ...segment, track: 'outbound' })
    leg.segments.push({ ...segment, track: 'inbound' })
    call.heard.push(line)
    emit(call, { type: 'heard', text: line })
    emit(leg, { type: 'said', text: line })
  }
  await passTogether(scene, [{ leg, element: null }], Math.min(behaviour.talkS, limitS))
}

function resultFields(scene: Scene, result: Result): Record<string, string> {
  const fields: Record<string, string> = { DialCallStatus: result.status }
  if (result.leg)
    Object.assign(fields, { DialCallSid: result.leg.sid, DialCallDuration: String(durationS(result.leg)), DialBridged: 'true' })
  else fields.DialBridged = 'false'
  if (result.recording?.status === 'completed') {
    Object.assign(fields, {
      RecordingSid: result.recording.sid,
      RecordingUrl: recordingUrl(scene.world, result.recording),
      RecordingDuration: String(lengthS(result.recording)),
    })
  }
  return fields
}

function conclude(scene: Scene, element: Element, result: Result): Outcome {
  if (result.recording) stopRecording(scene.world, result.recording)
  const { action, method } = element.attributes
  return action ? goTo(scene, action, method, resultFields(scene, result)) : onward
}

/** The caller is gone, or the API took the call away: the legs end; a hang-up still tells the action. */
function abandon(scene: Scene, element: Element, parties: Party[], result: Result, error: Interrupted): void {
  const { world, call } = scene
  for (const { leg } of parties) {
    leg.skewMs = Math.max(leg.skewMs, call.skewMs)
    if (leg.status === 'queued') setStatus(world, leg, 'ringing')
    endCall(world, leg, leg.status === 'in-progress' ? 'completed' : 'canceled')
  }
  if (result.recording) stopRecording(world, result.recording)
  const { action, method } = element.attributes
  if (error.interruption.kind !== 'hangup' || !action) return
  const status = result.leg ? 'completed' : 'canceled'
  const fields = voiceFields(world.settings.accountSid, call, { ...resultFields(scene, { ...result, status }), CallStatus: 'completed' })
  send(world, call, hookOf(scene, action, method), fields)
}
