// What a verb works with while a document runs, and the small acts that verbs share: speaking, hearing, leaving for another document.

import { speechMs } from '../audio/voice.ts'
import type { Turn } from '../callers/behaviour.ts'
import type { World } from '../world.ts'
import { type Call, checkInterrupted, emit, interrupt, nowOn, pass, type Source } from './call.ts'
import type { Element } from './twiml.ts'
import type { Hook } from './webhook.ts'

export interface Scene {
  world: World
  call: Call
  /** Where the running document came from; relative addresses resolve against it. */
  url: string
  /** Runs one more document on another call (a whisper before a bridge). */
  converse: (call: Call, source: Source) => Promise<void>
}

export type Outcome = { next: 'verb' } | { next: 'document'; source: Source } | { next: 'end'; status?: 'busy' | 'no-answer' | 'failed' }
export const onward: Outcome = { next: 'verb' }

/** The next document, asked for with what the verb has found out. */
export function goTo(scene: Scene, action: string | undefined, method: string | undefined, params: Record<string, string>): Outcome {
  return { next: 'document', source: { from: 'url', hook: hookOf(scene, action, method), params, fallback: scene.call.fallback } }
}

export function hookOf(scene: Scene, url: string | undefined, method: string | undefined): Hook {
  return { url: resolve(scene.url, url ?? ''), method: method ?? 'POST' }
}

export function resolve(base: string, url: string): string {
  if (url === '') return base
  if (/^https?:/i.test(url)) return url
  return URL.canParse(url, base || undefined) ? new URL(url, base || undefined).href : url
}

/** A callback that an element asks for, with the events it wants to hear of. */
export function watchedBy(scene: Scene, element: Element, name: string, usual: string): { hook: Hook; events: ReadonlySet<string> } | null {
  const url = element.attributes[name]
  if (!url) return null
  const events = (element.attributes[`${name}Event`] ?? usual).split(/[\s,]+/).filter(Boolean)
  return { hook: hookOf(scene, url, element.attributes[`${name}Method`]), events: new Set(events) }
}

export function numberOf(value: string | undefined, otherwise: number): number {
  const number = Number(value)
  return value === undefined || value === '' || Number.isNaN(number) ? otherwise : number
}

/** The server says something; the person may hang up in the middle of it. @throws Interrupted */
export async function sayTo(scene: Scene, text: string, voice: string, playsMs = speechMs(text)): Promise<void> {
  const { world, call } = scene
  checkInterrupted(call)
  const cut = call.person.hangsUpDuring(text)
  const durationMs = cut ? playsMs / 2 : playsMs
  const audible = cut ? text.slice(0, Math.ceil(text.length / 2)) : text
  call.segments.push({ track: 'outbound', atMs: nowOn(world, call), durationMs, text: audible, voice })
  call.heard.push(audible)
  call.prompt = call.prompt === '' ? audible : `${call.prompt} ${audible}`
  emit(call, { type: 'heard', text: audible })
  await pass(world, call, durationMs)
  if (cut) hangUp(call)
}

/** The person says something. @throws Interrupted */
export async function hear(scene: Scene, text: string): Promise<void> {
  const { world, call } = scene
  const durationMs = speechMs(text)
  call.segments.push({ track: 'inbound', atMs: nowOn(world, call), durationMs, text, voice: call.person.live ? call.from : personOf(call) })
  call.said.push(text)
  emit(call, { type: 'said', text })
  // What somebody typed takes its time on the call, and nobody waits for it.
  if (call.person.live) call.skewMs += durationMs
  else await pass(world, call, durationMs)
}

export async function press(scene: Scene, digits: string): Promise<void> {
  const { world, call } = scene
  const durationMs = 250 * digits.length
  call.segments.push({ track: 'inbound', atMs: nowOn(world, call), durationMs, text: digits, voice: 'keys', keys: true })
  emit(call, { type: 'pressed', digits })
  await pass(world, call, durationMs)
}

const personOf = (call: Call) => (call.direction === 'inbound' ? call.from : call.to)

/** The person puts the phone down. @throws Interrupted */
export function hangUp(call: Call): void {
  interrupt(call, { kind: 'hangup', by: call.direction === 'inbound' ? 'caller' : 'callee', status: null })
  checkInterrupted(call)
}

/** Whether the turn was begun in time; a slow thinker is silent to a short timeout. @throws Interrupted also when the person hangs up */
export async function waitForTurn(scene: Scene, turn: Turn, timeoutMs: number): Promise<boolean> {
  const thinksMs = turn.do === 'silence' ? 0 : turn.afterS * 1000
  if (turn.do === 'silence' || thinksMs > timeoutMs) {
    await pass(scene.world, scene.call, scene.call.person.live ? 0 : timeoutMs)
    return false
  }
  await pass(scene.world, scene.call, thinksMs)
  if (turn.do === 'hangup') hangUp(scene.call)
  return true
}
