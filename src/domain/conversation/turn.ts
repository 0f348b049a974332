// One turn in the making: the draft of the next state, what is said on the way, and how a turn ends.

import { dateOf, today } from './calendar.ts'
import type { DayWish, Desk, Slot, TimeWish, Understood } from './ports.ts'
import { fill, type PromptKey, type Prompts } from './prompts/prompts.ts'
import type { DialogueState, Instruction, Outcome, Phase, Place, Step } from './state.ts'
import type { Event } from './transitions.ts'

export interface Turn {
  /** A copy that the turn may change. */
  state: DialogueState
  event: Event
  understood: Understood
  prompts: Prompts
  desk: Desk
  now: string
  /** Sentences said before the question. */
  said: string[]
}

export type Made = Pick<Step, 'state' | 'instructions' | 'outcome'>

export function tell(turn: Turn, key: PromptKey, values: Record<string, string> = {}): void {
  const sentence = fill(turn.prompts.say[key], values)
  turn.said.push(sentence.charAt(0).toUpperCase() + sentence.slice(1))
}

const secondsToAnswer: Partial<Record<Phase, number>> = { name: 6, when: 6, choose: 6 }

const hintsFor: Partial<Record<Phase, keyof Prompts['hints']>> = {
  open: 'intent',
  name: 'name',
  when: 'when',
  choose: 'choice',
  which: 'choice',
  confirm: 'confirmation',
  confirm_cancel: 'confirmation',
  change: 'when',
  more: 'intent',
}

/** Ends the turn with a question; `phase` says what the answer will be to. */
export function ask(turn: Turn, phase: Phase, key: PromptKey, values: Record<string, string> = {}, outcome: Outcome | null = null): Made {
  const question = fill(turn.prompts.say[key], values)
  return askInWords(turn, phase, question, outcome)
}

export function askInWords(turn: Turn, phase: Phase, question: string, outcome: Outcome | null = null): Made {
  const state: DialogueState = { ...turn.state, phase, asked: question, done: outcome ?? turn.state.done }
  const text = [...turn.said, question].join(' ')
  return { state, instructions: [listenFor(phase, text, turn.prompts)], outcome }
}

export function listenFor(phase: Phase, text: string, prompts: Prompts): Instruction {
  const hints = hintsFor[phase]
  return { do: 'listen', text, hints: hints ? prompts.hints[hints] : [], timeoutS: secondsToAnswer[phase] ?? 5, keys: true }
}

/** Ends the conversation. */
export function end(turn: Turn, instruction: Instruction, outcome: Outcome): Made {
  return { state: { ...turn.state, phase: 'ended', asked: '', done: outcome }, instructions: [instruction], outcome }
}

export function spokenWhen(turn: Turn, place: { localStart: string }): string {
  const year = Number(today(turn.now, turn.desk.timezone).slice(0, 4))
  return turn.prompts.when(turn.prompts.day(place.localStart, year), turn.prompts.time(place.localStart))
}

export function spokenDay(turn: Turn, date: string): string {
  return turn.prompts.day(`${date}T12:00`, Number(today(turn.now, turn.desk.timezone).slice(0, 4)))
}

/** The day is named once when all are on the same one. */
export function spokenSlots(turn: Turn, slots: { localStart: string }[]): string {
  let day = ''
  const items = slots.map((slot) => {
    const again = dateOf(slot.localStart) === day
    day = dateOf(slot.localStart)
    return again ? turn.prompts.time(slot.localStart) : spokenWhen(turn, slot)
  })
  return turn.prompts.list(items)
}

const atClock = (place: Place): TimeWish => ({
  kind: 'at',
  at: { minutes: Number(place.localStart.slice(11, 13)) * 60 + Number(place.localStart.slice(14, 16)), open: false },
})
const onDay = (place: Place): DayWish => ({ kind: 'date', date: dateOf(place.localStart) })

/** From now on this is the time under discussion. */
export function settleOn(state: DialogueState, place: Place | Slot): void {
  state.candidate = { startsAt: place.startsAt, localStart: place.localStart }
  state.day = onDay(place)
  state.time = atClock(place)
}
