// What a call is while it lasts: its state, its own timeline, what was said on it, and who watches. Decides how a call passes time and
// how it is interrupted (somebody hangs up, the API redirects it); whoever waits on a call waits here.
import type { Person, Turn } from '../callers/behaviour.ts'
import type { Speed } from '../clock.ts'
import type { World } from '../world.ts'
import type { Recording } from './recording.ts'
import type { Exchange, Hook } from './webhook.ts'

export type CallStatus = 'queued' | 'initiated' | 'ringing' | 'in-progress' | 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled'
export type Direction = 'inbound' | 'outbound-api' | 'outbound-dial'
export const finalStatuses: ReadonlySet<CallStatus> = new Set(['completed', 'busy', 'no-answer', 'failed', 'canceled'])

/** Where the next TwiML comes from. */
export type Source =
  | { from: 'url'; hook: Hook; params: Record<string, string>; fallback: Hook | null }
  | { from: 'text'; twiml: string; url: string }

export type Interruption =
  | { kind: 'hangup'; by: 'caller' | 'callee' | 'api'; status: CallStatus | null }
  | { kind: 'redirect'; source: Source }

export type CallEvent =
  | { type: 'heard' | 'said'; text: string }
  | { type: 'listening'; hints?: string }
  | { type: 'pressed'; digits: string }
  | { type: 'status'; status: CallStatus }
  | { type: 'recording'; sid: string; status: string }
  | { type: 'transfer'; to: string }
  | { type: 'error'; code: number; message: string }
  | { type: 'ended'; duration: number }

/** Something audible: inbound is what the person says, outbound what the server plays. Times are ms of the call's timeline. */
export interface Segment {
  track: 'inbound' | 'outbound'
  atMs: number
  durationMs: number
  text: string
  /** Whose voice; keys are tones. */
  voice: string
  keys?: true
}

export interface Watched {
  hook: Hook
  events: ReadonlySet<string>
}

export interface Call {
  sid: string
  parentSid: string | null
  direction: Direction
  from: string
  to: string
  phoneNumberSid: string | null
  status: CallStatus
  createdMs: number
  startedMs: number | null
  answeredMs: number | null
  endedMs: number | null
  answeredBy: string | null
  forwardedFrom: string | null
  fallback: Hook | null
  callback: Watched | null
  person: Person
  speed: Speed | null
  patienceS: number
  /** How far this call's timeline is ahead of the sandbox's clock. */
  skewMs: number
  interruption: Interruption | null
  interrupted: PromiseWithResolvers<void>
  sequence: number
  callbacks: Promise<void>
  /** Callbacks kept back on purpose, to come out of order. */
  heldBack: (() => Promise<void>)[]
  /** Settles when the call is over and its last callback was answered. */
  settled: PromiseWithResolvers<void>
  events: CallEvent[]
  watchers: Set<(event: CallEvent) => void>
  heard: string[]
  said: string[]
  /** What the person heard since they last spoke. */
  prompt: string
  exchanges: Exchange[]
  segments: Segment[]
  recordings: Recording[]
}

export type NewCall = Pick<Call, 'direction' | 'from' | 'to' | 'person'> & Partial<Call>

// Enough for any look back; a long load test must not fill the memory.
const keptCalls = 20_000

export function openCall(world: World, given: NewCall): Call {
  forgetOldest(world)
  const call: Call = {
    sid: world.sid('CA'),
    parentSid: null,
    phoneNumberSid: null,
    status: 'queued',
    createdMs: world.clock.now(),
    startedMs: null,
    answeredMs: null,
    endedMs: null,
    answeredBy: null,
    forwardedFrom: null,
    fallback: null,
    callback: null,
    speed: null,
    patienceS: 120,
    skewMs: 0,
    interruption: null,
    interrupted: Promise.withResolvers(),
    sequence: 0,
    callbacks: Promise.resolve(),
    heldBack: [],
    settled: Promise.withResolvers(),
    events: [],
    watchers: new Set(),
    heard: [],
    said: [],
    prompt: '',
    exchanges: [],
    segments: [],
    recordings: [],
    ...given,
  }
  world.calls.set(call.sid, call)
  return call
}

function forgetOldest(world: World): void {
  for (const call of world.calls.values()) {
    if (world.calls.size < keptCalls || !isOver(call)) return
    world.calls.delete(call.sid)
    for (const recording of call.recordings) world.recordings.delete(recording.sid)
  }
}

export const isOver = (call: Call) => finalStatuses.has(call.status)
export const nowOn = (world: World, call: Call) => world.clock.now() + call.skewMs
const paceOf = (world: World, call: Call) => call.speed ?? world.clock.speed()

export function emit(call: Call, event: CallEvent): void {
  call.events.push(event)
  for (const watcher of [...call.watchers]) watcher(event)
}

export function setStatus(world: World, call: Call, status: CallStatus): void {
  call.status = status
  if (status === 'ringing') call.startedMs = nowOn(world, call)
  if (status === 'in-progress') call.answeredMs = nowOn(world, call)
  if (finalStatuses.has(status)) call.endedMs = nowOn(world, call)
  emit(call, { type: 'status', status })
}

/** When it was dialled; a call that never rang has the time it was made. */
export const startOf = (call: Call) => call.startedMs ?? (isOver(call) ? call.createdMs : null)

/** Whole seconds between the answer and the end; 0 when nobody answered. */
export function durationS(call: Call): number {
  if (call.answeredMs === null || call.endedMs === null) return 0
  return Math.max(1, Math.round((call.endedMs - call.answeredMs) / 1000))
}

export class Interrupted extends Error {
  readonly interruption: Interruption
  constructor(interruption: Interruption) {
    super(interruption.kind)
    this.interruption = interruption
  }
}

/** The first interruption wins, except that a hang-up beats a redirection. */
export function interrupt(call: Call, interruption: Interruption): void {
  if (isOver(call) || call.interruption?.kind === 'hangup') return
  call.interruption = interruption
  call.interrupted.resolve()
}

export function checkInterrupted(call: Call): void {
  if (call.interruption) throw new Interrupted(call.interruption)
}

export function clearInterruption(call: Call): void {
  call.interruption = null
  call.interrupted = Promise.withResolvers()
}

/** Lets `ms` pass on the call, or less when `until` settles first. @throws Interrupted */
export async function pass(world: World, call: Call, ms: number, until?: Promise<unknown>): Promise<void> {
  checkInterrupted(call)
  const pace = paceOf(world, call)
  if (pace === 'instant') {
    call.skewMs += ms
    return
  }
  const startedMs = world.clock.now()
  const passedMs = await world.clock.wait(ms, {
    speed: pace,
    cancel: until ? Promise.race([call.interrupted.promise, until]) : call.interrupted.promise,
  })
  // A call with a pace of its own runs ahead of the clock, or falls behind it.
  call.skewMs += passedMs - (world.clock.now() - startedMs)
  checkInterrupted(call)
}

/** Waits for something outside the call, and no longer than the call lasts. @throws Interrupted */
export async function during<T>(call: Call, work: Promise<T>): Promise<T> {
  checkInterrupted(call)
  const first = await Promise.race([work.then((value) => ({ value })), call.interrupted.promise.then(() => null)])
  checkInterrupted(call)
  return first ? first.value : work
}

/** What the person does now that the server listens; silence when they do nothing within `timeoutMs`. @throws Interrupted */
export async function ask(world: World, call: Call, timeoutMs: number): Promise<Turn> {
  const heard = call.prompt
  call.prompt = ''
  const answer = call.person.next(heard)
  if (!(answer instanceof Promise)) return answer
  const pace = paceOf(world, call)
  const patienceMs = pace === 'instant' ? call.patienceS * 1000 : Math.max(timeoutMs / pace, call.patienceS * 1000)
  let timer: NodeJS.Timeout | undefined
  const bored = new Promise<Turn>((resolve) => {
    timer = setTimeout(() => resolve({ do: 'silence' }), patienceMs)
  })
  try {
    return await during(call, Promise.race([answer, bored]))
  } finally {
    clearTimeout(timer)
    call.person.stop?.()
  }
}
