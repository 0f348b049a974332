// Turns what was heard into one event of the transition table. Details count for more than the word before them:
// "no, Tuesday" and "can we move it to Tuesday" said while booking are both a new wish, not a refusal or another job.

import { type Heard, nothingUnderstood, type Understood } from './ports.ts'
import type { DialogueState, Phase } from './state.ts'
import type { Event } from './transitions.ts'

/** Below this a recogniser's "yes" is not taken for one where something would be done in the book. 0 is "not given". */
const tooDoubtful = 0.3

const yesNo: Phase[] = ['confirm', 'confirm_cancel', 'more']
const arranging: Phase[] = ['name', 'when', 'choose', 'confirm', 'change']

export function eventOf(state: DialogueState, heard: Heard, understood: Understood): Event {
  const event = eventOfWords(state, understood)
  const confidence = heard.kind === 'speech' ? (heard.confidence ?? 0) : 1
  const binding = event === 'yes' && (state.phase === 'confirm' || state.phase === 'confirm_cancel')
  return binding && confidence > 0 && confidence < tooDoubtful ? 'unclear' : event
}

function eventOfWords(state: DialogueState, understood: Understood): Event {
  const { intent, day, time, name, choice } = understood
  const details = day !== null || time !== null
  const choosing = state.phase === 'choose' || state.phase === 'which'
  if (intent === 'person') return 'person'
  if (choosing && choice !== null) return choice === 0 ? 'no' : 'choice'
  if (state.phase === 'which' && details) return 'when'
  if (intent === 'cancel' || intent === 'availability') return intent
  if (intent === 'goodbye') return intent
  if (intent === 'move' || intent === 'book') return details && arranging.includes(state.phase) ? 'when' : intent
  if (details) return 'when'
  if (name !== null) return 'name'
  if (intent === 'repeat' || intent === 'help') return intent
  if (understood.about) return 'about'
  return intent ?? 'unclear'
}

/** Keys: 0 a person, 9 or star the question again; 1 and 2 as the question has it; four digits are a time. */
export function eventOfKeys(state: DialogueState, digits: string): { event: Event; understood: Understood } {
  const key = /^(\d|\*)\1*$/.test(digits) ? digits.slice(0, 1) : digits
  const as = (event: Event, more: Partial<Understood> = {}): { event: Event; understood: Understood } => ({
    event,
    understood: { ...nothingUnderstood, ...more, confidence: 1 },
  })
  const clock = /^([01]\d|2[0-3])([0-5]\d)$/.exec(digits)
  if (clock && arranging.includes(state.phase)) {
    return as('when', { time: { kind: 'at', at: { minutes: Number(clock[1]) * 60 + Number(clock[2]), open: false } } })
  }
  if (key === '0') return as('person', { intent: 'person' })
  if (key === '9' || key === '*') return as('repeat', { intent: 'repeat' })
  const number = /^[1-8]$/.test(key) ? Number(key) : 0
  if (number === 0) return as('unclear')
  if (state.phase === 'choose' || state.phase === 'which') return as('choice', { choice: number })
  if (yesNo.includes(state.phase))
    return number === 1 ? as('yes', { intent: 'yes' }) : number === 2 ? as('no', { intent: 'no' }) : as('unclear')
  if (state.phase === 'change') return number <= 2 ? as('about', { about: number === 1 ? 'time' : 'name' }) : as('unclear')
  const intent = state.phase === 'open' ? (['book', 'move', 'cancel'] as const)[number - 1] : undefined
  return intent ? as(intent, { intent }) : as('unclear')
}
