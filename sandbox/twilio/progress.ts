// Decides which status callbacks a call sends, in which order, and how they go wrong when somebody wants that.
// Source of names and order: https://www.twilio.com/docs/voice/api/call-resource#statuscallbackevent
import { callbackFaultOf } from '../callers/magic-numbers.ts'
import { rfc2822 } from '../clock.ts'
import { type CallbackFault, takeFault, type World } from '../world.ts'
import { type Call, type CallStatus, durationS, emit, isOver, nowOn, setStatus } from './call.ts'
import { voiceFields } from './params.ts'
import type { Fields } from './signature.ts'
import { callHook, type Hook } from './webhook.ts'

export type ProgressEvent = 'initiated' | 'ringing' | 'answered' | 'completed'

const usualDelayMs = 1_500

/** Moves the call on and tells whoever asked to be told. */
export function progress(world: World, call: Call, status: CallStatus): void {
  setStatus(world, call, status)
  const event = eventOf(status)
  if (!event || !call.callback?.events.has(event)) return
  send(world, call, call.callback.hook, callbackFields(world, call))
}

function eventOf(status: CallStatus): ProgressEvent | null {
  if (status === 'queued') return null
  if (status === 'initiated' || status === 'ringing') return status
  return status === 'in-progress' ? 'answered' : 'completed'
}

function callbackFields(world: World, call: Call): Fields {
  const fields = voiceFields(world.settings.accountSid, call, {
    CallbackSource: 'call-progress-events',
    SequenceNumber: String(call.sequence),
    Timestamp: rfc2822(nowOn(world, call)),
  })
  call.sequence += 1
  if (!isOver(call)) return fields
  const seconds = durationS(call)
  return { ...fields, CallDuration: String(seconds), Duration: String(Math.ceil(seconds / 60)), SipResponseCode: sipCode(call.status) }
}

const sipCodes: Partial<Record<CallStatus, string>> = { busy: '486', 'no-answer': '487', canceled: '487', failed: '404' }
const sipCode = (status: CallStatus) => sipCodes[status] ?? '200'

/** Sends a callback in the call's own order, without holding the call up. Its answer is recorded and otherwise ignored. */
export function send(world: World, call: Call, hook: Hook, fields: Fields): void {
  const fault = callbackFaultOf(call) ?? takeFault(world, 'callbacks')
  const go = () => deliver(world, call, hook, fields)
  if (fault) emit(call, { type: 'error', code: 0, message: `on purpose: this callback is ${fault.kind}` })
  if (fault?.kind === 'disordered' && !isOver(call)) call.heldBack.push(go)
  else call.callbacks = misdeliver(fault?.kind ?? null, fault?.delayMs || usualDelayMs, call.callbacks, go)
  // What was held back follows the end of the call, the latest of it first.
  if (isOver(call)) for (const held of call.heldBack.splice(0).reverse()) call.callbacks = call.callbacks.then(held)
}

function misdeliver(kind: CallbackFault | null, delayMs: number, before: Promise<void>, go: () => Promise<void>): Promise<void> {
  if (kind === 'lost') return before
  if (kind === 'repeated') return before.then(go).then(go)
  if (kind === 'late') return before.then(() => sleep(delayMs)).then(go)
  return before.then(go)
}

// Real time: the delay is one that the server sees, whatever the speed of the clock here.
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

async function deliver(world: World, call: Call, hook: Hook, fields: Fields): Promise<void> {
  const exchange = await callHook(world, hook, fields)
  call.exchanges.push(exchange)
  if (exchange.error !== null || (exchange.status ?? 0) >= 400)
    emit(call, { type: 'error', code: 11200, message: `the callback to ${exchange.url} failed: ${exchange.error ?? exchange.status}` })
}
