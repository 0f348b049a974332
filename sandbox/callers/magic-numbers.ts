// The numbers with a meaning. +1 500 555 01xx are people who are called, +1 500 555 02xx are parties whose calls have
// misbehaving callbacks; every other number is an ordinary person who answers. The list is data, and the reference page shows it.
import type { World } from '../world.ts'
import { type Behaviour, ordinary } from './behaviour.ts'

interface Magic {
  number: string
  does: string
  behaviour?: Partial<Behaviour>
  callbacks?: { kind: 'late' | 'repeated' | 'disordered' | 'lost'; delayMs: number }
}

const machine = "Hi, you have reached my voicemail. I can't come to the phone right now. Please leave a message after the tone."

export const magicNumbers: Magic[] = [
  { number: '+15005550100', does: 'A person who answers after three seconds, says hello, agrees and says goodbye.' },
  { number: '+15005550101', does: 'Busy.', behaviour: { answering: 'busy' } },
  { number: '+15005550102', does: 'Rings and is never answered.', behaviour: { answering: 'no-answer' } },
  { number: '+15005550103', does: 'Cannot be connected: the call fails.', behaviour: { answering: 'failed' } },
  {
    number: '+15005550104',
    does: 'A voicemail greeting and a tone; AnsweredBy is machine_start, or machine_end_beep.',
    behaviour: { answering: 'voicemail', greeting: machine, script: [], afterwards: 'silence' },
  },
  { number: '+15005550105', does: 'Answers and never says a word.', behaviour: { script: [], afterwards: 'silence' } },
  {
    number: '+15005550106',
    does: 'Answers and hangs up in the middle of the first sentence.',
    behaviour: { script: [{ hangup: true, mid: true }] },
  },
  { number: '+15005550107', does: 'Answers only after 25 seconds.', behaviour: { afterS: 25 } },
  {
    number: '+15005550108',
    does: 'Says yes to everything, six times, then hangs up.',
    behaviour: { script: Array.from({ length: 6 }, () => ({ say: 'Yes.' })) },
  },
  {
    number: '+15005550109',
    does: 'Says no to everything, six times, then hangs up.',
    behaviour: { script: Array.from({ length: 6 }, () => ({ say: 'No, thank you.' })) },
  },
  {
    number: '+15005550110',
    does: 'Presses 1 each time, six times, then hangs up.',
    behaviour: { script: Array.from({ length: 6 }, () => ({ press: '1' })) },
  },
  {
    number: '+15005550111',
    does: 'Mumbles: what is heard has a confidence of 0.21, three times, then hangs up.',
    behaviour: { script: Array.from({ length: 3 }, () => ({ say: 'uh the thing on on the', confidence: 0.21 })) },
  },
  {
    number: '+15005550112',
    does: 'Asks to be taken off the list, then hangs up.',
    behaviour: { script: [{ say: 'Please take me off your list and do not call me again.' }] },
  },
  {
    number: '+15005550113',
    does: 'Asks for a person, then waits.',
    behaviour: { script: [{ say: 'Can I speak to a person please?' }], afterwards: 'silence' },
  },
  {
    number: '+15005550114',
    does: 'Answers at once and talks for five minutes when put through to somebody.',
    behaviour: { afterS: 0, talkS: 300 },
  },
  { number: '+15005550201', does: 'Status callbacks of its calls come 1.5 seconds late.', callbacks: { kind: 'late', delayMs: 1_500 } },
  { number: '+15005550202', does: 'Every status callback of its calls comes twice.', callbacks: { kind: 'repeated', delayMs: 0 } },
  {
    number: '+15005550203',
    does: 'Status callbacks of its calls come in the wrong order: the last one first, the first one last.',
    callbacks: { kind: 'disordered', delayMs: 0 },
  },
  { number: '+15005550204', does: 'Status callbacks of its calls never come.', callbacks: { kind: 'lost', delayMs: 0 } },
]

const byNumber = new Map(magicNumbers.map((magic) => [magic.number, magic]))

/** How the person at this number behaves: as the control API said, else by magic, else as anybody. */
export function behaviourAt(world: World, number: string): Behaviour {
  return world.people.get(number) ?? { ...ordinary, ...byNumber.get(number)?.behaviour }
}

/** Whether the callbacks of a call between these two misbehave. */
export function callbackFaultOf(call: {
  from: string
  to: string
  sequence: number
}): { kind: 'late' | 'repeated' | 'disordered' | 'lost'; delayMs: number } | null {
  return byNumber.get(call.from)?.callbacks ?? byNumber.get(call.to)?.callbacks ?? null
}
