// The voice dialogue. `greet` opens it, `respond` takes one turn: understand, look up the transition, act, say.
// Pure but for the desk and the understanding it is given; never books, moves or cancels without a confirmed read-back.
import {
  askChange,
  changeSubject,
  choose,
  chooseOnly,
  confirmBooking,
  declineOffer,
  dropBooking,
  seekSlot,
  showFree,
} from './booking-actions.ts'
import { eventOf, eventOfKeys } from './events.ts'
import { amendLatest, cancelBooking, chooseBooking, findToCancel, findToMove, keepBooking, openAgain } from './existing-actions.ts'
import { askAgainUnclear, askAgainUnheard, farewell, giveHelp, repeatQuestion, transfer } from './plain-actions.ts'
import {
  type Desk,
  type Expecting,
  type Heard,
  type Hint,
  nothingUnderstood,
  type Slot,
  type Understanding,
  type Understood,
} from './ports.ts'
import { fill, promptsFor } from './prompts/prompts.ts'
import { type DialogueState, openingState, type Phase, type Place, type Step } from './state.ts'
import { type Action, type Event, transitions } from './transitions.ts'
import { end, listenFor, type Made, type Turn } from './turn.ts'

const behaviour: Record<Action, (turn: Turn) => Promise<Made>> = {
  askAgainUnheard,
  askAgainUnclear,
  repeatQuestion,
  giveHelp,
  transfer,
  farewell,
  seekSlot,
  showFree,
  choose,
  chooseOnly,
  declineOffer,
  confirmBooking,
  askChange,
  changeSubject,
  findToCancel,
  findToMove,
  chooseBooking,
  cancelBooking,
  keepBooking,
  dropBooking,
  openAgain,
  amendLatest,
}

/** No conversation is longer; whoever is still here is put through to a person. */
const mostTurns = 60

const expecting: Record<Phase, Expecting> = {
  open: 'intent',
  name: 'name',
  when: 'when',
  choose: 'choice',
  confirm: 'confirmation',
  change: 'change',
  which: 'booking',
  confirm_cancel: 'confirmation',
  more: 'more',
  ended: 'more',
}

export interface Greeting {
  language: string
  organizationName: string
  callerName: string | null
  /** The organisation's own words, in place of the built-in greeting. */
  greeting?: string
}

export function greet(input: Greeting): Step {
  const prompts = promptsFor(input.language)
  const values = { organization: input.organizationName, name: input.callerName ?? '' }
  const text = fill(input.greeting ?? prompts.say[input.callerName ? 'greetingKnown' : 'greeting'], values)
  const state: DialogueState = { ...openingState(input.language, input.organizationName, input.callerName), asked: prompts.say.askIntent }
  return { state, instructions: [listenFor('open', text, prompts)], outcome: null, understood: null, usedFallback: false }
}

export interface Response {
  state: DialogueState
  heard: Heard
  /** UTC instant. */
  now: string
  desk: Desk
  understanding: Understanding
}

export async function respond(input: Response): Promise<Step> {
  const { heard, now, desk, understanding } = input
  const prompts = promptsFor(input.state.language)
  const state: DialogueState = structuredClone(input.state)
  if (state.phase === 'ended') {
    return {
      state,
      instructions: [{ do: 'hangup', text: prompts.say.goodbye }],
      outcome: state.done ?? 'none',
      understood: null,
      usedFallback: false,
    }
  }
  const { event, understood } = await hear(state, heard, now, desk, understanding)
  state.turns++
  const turn: Turn = { state, event, understood: understood ?? nothingUnderstood, prompts, desk, now, said: [] }
  const made = await take(turn, state.phase)
  return { ...withCounts(made, event, input.state), understood, usedFallback: understood?.usedFallback ?? false }
}

async function take(turn: Turn, phase: Exclude<Phase, 'ended'>): Promise<Made> {
  if (turn.state.turns > mostTurns)
    return end(turn, { do: 'transfer', reason: 'too_long', text: turn.prompts.say.transferLost }, 'transferred')
  return behaviour[transitions[phase][turn.event].act](turn)
}

async function hear(
  state: DialogueState,
  heard: Heard,
  now: string,
  desk: Desk,
  understanding: Understanding,
): Promise<{ event: Event; understood: Understood | null }> {
  if (heard.kind === 'silence' || (heard.kind === 'speech' && heard.text.trim() === '')) return { event: 'silence', understood: null }
  if (heard.kind === 'digits') return eventOfKeys(state, heard.digits)
  const understood = await understanding.extract(heard.text, hintOf(state, now, desk.timezone))
  return { event: eventOf(state, heard, understood), understood }
}

/** What an understanding is told about the turn. For those who must understand before they open the desk's transaction. */
export function hintOf(state: DialogueState, now: string, timezone: string): Hint {
  return { now, timezone, language: state.language, expecting: expecting[state.phase], offered: offeredOf(state) }
}

function offeredOf(state: DialogueState): Slot[] {
  const asSlot = (place: Place): Slot => ({ startsAt: place.startsAt, endsAt: place.startsAt, localStart: place.localStart, resourceId: 0 })
  if (state.phase === 'which') return state.bookings.map(asSlot)
  return state.candidate ? [asSlot(state.candidate)] : state.offered
}

/** A turn that led on ends a run of silences or misunderstandings. */
function withCounts(made: Made, event: Event, before: DialogueState): Made {
  const stuck = event === 'silence' || event === 'repeat' || event === 'help' || made.state.misunderstandings > before.misunderstandings
  const state: DialogueState = {
    ...made.state,
    silences: event === 'silence' ? made.state.silences : 0,
    misunderstandings: stuck ? made.state.misunderstandings : 0,
  }
  return { ...made, state }
}
