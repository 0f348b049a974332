// Decides how a call begins: somebody rings a number hosted here, or the API rings somebody.
import { speechMs } from '../audio/voice.ts'
import type { Behaviour, Person } from '../callers/behaviour.ts'
import { behaviourAt } from '../callers/magic-numbers.ts'
import { scriptedPerson } from '../callers/script.ts'
import type { Speed } from '../clock.ts'
import type { HostedNumber, World } from '../world.ts'
import { type Call, clearInterruption, emit, Interrupted, nowOn, openCall, pass, type Source, setStatus, type Watched } from './call.ts'
import { endCall } from './ending.ts'
import { breakDown, runCall } from './interpreter.ts'
import { voiceFields } from './params.ts'
import { progress, send } from './progress.ts'
import { type NewRecording, startRecording } from './recording.ts'
import type { Hook } from './webhook.ts'

export interface Incoming {
  to: HostedNumber
  from: string
  person: Person
  speed: Speed | null
  patienceS: number
  forwardedFrom: string | null
}

/** Somebody rings a number hosted here. The call runs by itself; its number's status callback hears of the end. */
export function receiveCall(world: World, incoming: Incoming): Call {
  const { to } = incoming
  const call = openCall(world, {
    direction: 'inbound',
    from: incoming.from,
    to: to.phoneNumber,
    person: incoming.person,
    phoneNumberSid: to.sid,
    speed: incoming.speed,
    patienceS: incoming.patienceS,
    forwardedFrom: incoming.forwardedFrom,
    fallback: hookOf(to.voiceFallbackUrl, to.voiceFallbackMethod),
    callback: watched(hookOf(to.statusCallback, to.statusCallbackMethod), ['completed']),
  })
  setStatus(world, call, 'ringing')
  void runCall(world, call, { from: 'url', hook: { url: to.voiceUrl, method: to.voiceMethod }, params: {}, fallback: call.fallback })
  return call
}

export const hookOf = (url: string, method: string): Hook | null => (url === '' ? null : { url, method })
const watched = (hook: Hook | null, events: string[]): Watched | null => (hook ? { hook, events: new Set(events) } : null)

export interface Outgoing {
  from: string
  to: string
  source: Source
  fallback: Hook | null
  callback: Watched | null
  timeoutS: number
  sendDigits: string
  recording: NewRecording | null
  machineDetection: 'Enable' | 'DetectMessageEnd' | null
  asyncAmd: Hook | null
}

/** The API rings somebody. @returns the call as it stands when it is queued */
export function placeCall(world: World, outgoing: Outgoing): Call {
  const behaviour = behaviourAt(world, outgoing.to)
  const call = openCall(world, {
    direction: 'outbound-api',
    from: outgoing.from,
    to: outgoing.to,
    person: scriptedPerson(behaviour),
    fallback: outgoing.fallback,
    callback: outgoing.callback,
  })
  emit(call, { type: 'status', status: 'queued' })
  // The answer to the API leaves first, with the call still queued.
  setImmediate(() => void ring(world, call, outgoing, behaviour))
  return call
}

async function ring(world: World, call: Call, outgoing: Outgoing, behaviour: Behaviour): Promise<void> {
  let { source } = outgoing
  try {
    await pass(world, call, 200)
    progress(world, call, 'initiated')
    await pass(world, call, 800)
    if (behaviour.answering === 'failed') return endCall(world, call, 'failed')
    if (behaviour.answering !== 'busy') progress(world, call, 'ringing')
    await pass(
      world,
      call,
      Math.min(
        behaviour.answering === 'busy' ? 1 : behaviour.answering === 'no-answer' ? Number.POSITIVE_INFINITY : behaviour.afterS,
        outgoing.timeoutS,
      ) * 1000,
    )
    if (behaviour.answering === 'busy') return endCall(world, call, 'busy')
    if (behaviour.answering === 'no-answer' || behaviour.afterS > outgoing.timeoutS) return endCall(world, call, 'no-answer')
    await answer(world, call, outgoing, behaviour)
  } catch (error) {
    if (!(error instanceof Interrupted)) return breakDown(world, call, error)
    const { interruption } = error
    if (interruption.kind === 'hangup')
      return endCall(world, call, interruption.status ?? (call.answeredMs === null ? 'canceled' : 'completed'))
    // Redirected before it was answered: the new address is what the person will hear.
    source = interruption.source
    clearInterruption(call)
    if (call.answeredMs === null) progress(world, call, 'in-progress')
  }
  await runCall(world, call, source)
}

async function answer(world: World, call: Call, outgoing: Outgoing, behaviour: Behaviour): Promise<void> {
  progress(world, call, 'in-progress')
  if (outgoing.recording) startRecording(world, call, outgoing.recording)
  if (outgoing.sendDigits !== '') await pass(world, call, 500 * outgoing.sendDigits.length)
  if (outgoing.machineDetection) await detect(world, call, outgoing, behaviour)
  else if (behaviour.greeting) greet(world, call, behaviour.greeting)
}

/** Answering-machine detection: before the document, or beside it when it is asynchronous. */
async function detect(world: World, call: Call, outgoing: Outgoing, behaviour: Behaviour): Promise<void> {
  const startedMs = nowOn(world, call)
  const isMachine = behaviour.answering === 'voicemail'
  const toTheEnd = outgoing.machineDetection === 'DetectMessageEnd'
  if (behaviour.greeting) greet(world, call, behaviour.greeting)
  const verdict = isMachine ? (toTheEnd ? 'machine_end_beep' : 'machine_start') : 'human'
  await pass(world, call, isMachine && toTheEnd ? speechMs(behaviour.greeting ?? '') + 500 : 2_400)
  if (!outgoing.asyncAmd) {
    call.answeredBy = verdict
    return
  }
  const fields = voiceFields(world.settings.accountSid, call, {
    AnsweredBy: verdict,
    MachineDetectionDuration: String(Math.round(nowOn(world, call) - startedMs)),
  })
  send(world, call, outgoing.asyncAmd, fields)
}

function greet(world: World, call: Call, greeting: string): void {
  call.segments.push({ track: 'inbound', atMs: nowOn(world, call), durationMs: speechMs(greeting), text: greeting, voice: call.to })
  call.said.push(greeting)
  emit(call, { type: 'said', text: greeting })
}
