// What the dialogue does to arrive at a time, a name and a booking. Books only after a read-back that was answered with yes.
import { dateOf } from './calendar.ts'
import { mergeName } from './names.ts'
import { meant } from './offers.ts'
import { lost } from './plain-actions.ts'
import { instead, type Sought, seek, type Wanted } from './seek.ts'
import type { DialogueState, Place } from './state.ts'
import { ask, type Made, settleOn, spokenDay, spokenSlots, spokenWhen, type Turn, tell } from './turn.ts'

/** Takes over what was said; what was not said stays. True when the wished time changed. */
export function takeDetails(turn: Turn): boolean {
  const { state, understood } = turn
  if (understood.name !== null) state.fullName = mergeName(state.fullName, understood.name)
  if (understood.day === null && understood.time === null) return false
  if (understood.day) {
    state.day = understood.day
    const relative = state.time !== null && ['earlier', 'later', 'shift', 'first', 'last', 'any'].includes(state.time.kind)
    if (relative) state.time = null
  }
  if (understood.time) state.time = understood.time
  return true
}

function wantedOf(turn: Turn, show: boolean): Wanted {
  const { state, desk, now } = turn
  const first = state.candidate ?? state.offered[0] ?? state.booking
  const last = state.candidate ?? state.offered.at(-1) ?? state.booking
  const reference = state.candidate || state.offered.length > 0 || !state.refused ? first && last && { first, last } : state.refused
  return {
    desk,
    now,
    day: state.day,
    time: state.time,
    reference: reference ?? null,
    show,
    keepTime: state.job === 'move' && state.booking !== null,
  }
}

/** The next step towards a booking: whatever is still missing, or the read-back. */
export async function seekSlot(turn: Turn): Promise<Made> {
  const { state } = turn
  state.job = state.job === 'move' && state.booking ? 'move' : 'book'
  const changed = takeDetails(turn)
  if (!changed && state.candidate) return nameOrReadBack(turn, state.candidate)
  if (!changed && turn.event === 'name' && state.offered.length > 0 && state.fullName) return offerAgain(turn)
  const browsing = state.offered.length > 0 || state.refused !== null
  if (state.job === 'book' && !state.fullName && !browsing) return ask(turn, 'name', 'askName')
  return settle(turn, false)
}

/** The same, but shows what is free rather than ask for what is missing. */
export async function showFree(turn: Turn): Promise<Made> {
  const { state, understood } = turn
  state.job = state.job === 'move' && state.booking ? 'move' : 'book'
  const compares = understood.time?.kind === 'earlier' || understood.time?.kind === 'later'
  if (state.candidate && understood.day && !understood.time) state.time = null
  if (!compares && understood.day === null && understood.time === null && state.phase !== 'when')
    state.day = state.day ?? { kind: 'soonest' }
  takeDetails(turn)
  return settle(turn, true)
}

async function settle(turn: Turn, show: boolean): Promise<Made> {
  const sought = await seek(wantedOf(turn, show))
  if (sought.kind === 'found' && show) tell(turn, 'isFree', { when: spokenWhen(turn, sought.place) })
  return present(turn, sought)
}

function present(turn: Turn, sought: Sought): Made {
  const { state } = turn
  switch (sought.kind) {
    case 'found':
      return nameOrReadBack(turn, sought.place)
    case 'offers':
      if (sought.reason) tell(turn, sought.reason, sought.instead ? { when: spokenWhen(turn, sought.instead) } : {})
      state.offered = sought.slots
      state.candidate = null
      return offerAgain(turn)
    case 'ask':
      state.candidate = null
      if (state.job === 'move' && state.booking && sought.what === 'when')
        return ask(turn, 'when', 'askMoveTo', { from: spokenWhen(turn, state.booking) })
      if (sought.what === 'time' && sought.date) return ask(turn, 'when', 'askTime', { when: spokenDay(turn, sought.date) })
      return ask(turn, 'when', sought.what === 'day' ? 'askDay' : 'askWhen')
    case 'nothing':
      forgetWish(state)
      tell(turn, 'nothingAtAll')
      return ask(turn, 'when', 'askWhen')
  }
}

const forgetWish = (state: DialogueState): void => {
  state.day = null
  state.time = null
  state.candidate = null
}

function offerAgain(turn: Turn): Made {
  const { offered } = turn.state
  return ask(turn, 'choose', offered.length === 1 ? 'offerOne' : 'offer', { slots: spokenSlots(turn, offered) })
}

export function nameOrReadBack(turn: Turn, place: Place): Made {
  const { state } = turn
  settleOn(state, place)
  state.offered = []
  state.refused = null
  const when = spokenWhen(turn, place)
  if (state.job === 'move' && state.booking) {
    const name = state.booking.fullName ?? state.fullName ?? turn.prompts.yourself
    return ask(turn, 'confirm', 'readBackMove', { when, name, from: spokenWhen(turn, state.booking) })
  }
  return state.fullName ? ask(turn, 'confirm', 'readBack', { when, name: state.fullName }) : ask(turn, 'name', 'askName')
}

/** "The second one", "the half past", "the morning one"; a time that was not offered is a new wish. */
export async function choose(turn: Turn): Promise<Made> {
  const { state, understood } = turn
  const { offered } = state
  if (understood.choice !== null) {
    const slot = understood.choice === -1 ? offered.at(-1) : offered[understood.choice - 1]
    return slot ? nameOrReadBack(takeName(turn), slot) : lost(turn)
  }
  if (understood.day === null && understood.time === null) return lost(turn)
  const fitting = meant(offered, understood.day, understood.time)
  const [first] = fitting
  if (first && (fitting.length === 1 || understood.time?.kind === 'any')) return nameOrReadBack(takeName(turn), first)
  if (first && fitting.length < offered.length) {
    state.offered = fitting
    return offerAgain(takeName(turn))
  }
  if (understood.day === null && !sameDate(offered)) state.day = state.day?.kind === 'date' ? state.day : { kind: 'soonest' }
  if (understood.day === null && sameDate(offered)) state.day = { kind: 'date', date: dateOf(offered[0]?.localStart ?? '') }
  if (understood.time === null && !offered.some((slot) => meant([slot], null, state.time).length > 0)) state.time = null
  return seekSlot(turn)
}

const sameDate = (slots: { localStart: string }[]): boolean => new Set(slots.map((slot) => dateOf(slot.localStart))).size === 1

function takeName(turn: Turn): Turn {
  if (turn.understood.name !== null) turn.state.fullName = mergeName(turn.state.fullName, turn.understood.name)
  return turn
}

/** A bare yes chooses only when there is one to choose. */
export async function chooseOnly(turn: Turn): Promise<Made> {
  const [only] = turn.state.offered
  if (only && turn.state.offered.length === 1) return nameOrReadBack(takeName(turn), only)
  return lost(turn, 'pickOne')
}

export async function declineOffer(turn: Turn): Promise<Made> {
  const { state } = turn
  const [first] = state.offered
  const last = state.offered.at(-1)
  if (first && last) state.refused = { first, last }
  state.offered = []
  state.time = null
  state.day = null
  return ask(turn, 'when', 'askWhen')
}

/**
 * In the read-back only a yes to exactly what was read back books. A yes with another day, time or name is a correction
 * and is read back again.
 */
export async function confirmBooking(turn: Turn): Promise<Made> {
  const { state, understood } = turn
  const { candidate, fullName } = state
  const changed = takeDetails(turn)
  if (!candidate) return seekSlot(turn)
  const sameName = state.fullName === fullName
  if (!changed) return understood.intent === 'yes' && sameName ? book(turn, candidate) : nameOrReadBack(turn, candidate)
  if (understood.intent === 'yes' && sameName && meant([candidate], understood.day, understood.time).length === 1)
    return book(turn, candidate)
  if (understood.day === null) state.day = { kind: 'date', date: dateOf(candidate.localStart) }
  return settle(turn, false)
}

async function book(turn: Turn, place: Place): Promise<Made> {
  const { state, desk } = turn
  const moving = state.job === 'move' && state.booking ? state.booking : null
  const name = state.fullName
  if (!moving && name === null) return ask(turn, 'name', 'askName')
  const made = moving ? await desk.move(moving.id, place.startsAt) : await desk.book({ fullName: name ?? '', startsAt: place.startsAt })
  if (made === 'taken') {
    state.candidate = null
    return present(turn, await instead({ desk, now: turn.now }, place, 'justTaken'))
  }
  tell(turn, moving ? 'moved' : 'booked', { when: spokenWhen(turn, made), name: name ?? '' })
  state.latest = { id: made.id, startsAt: made.startsAt, localStart: made.localStart, fullName: made.fullName }
  startAfresh(state)
  return ask(turn, 'more', 'askMore', {}, moving ? 'moved' : 'booked')
}

/** The name stays; it is the same caller. */
export function startAfresh(state: DialogueState): void {
  forgetWish(state)
  state.job = null
  state.booking = null
  state.bookings = []
  state.offered = []
  state.refused = null
}

export async function dropBooking(turn: Turn): Promise<Made> {
  tell(turn, turn.state.job === 'move' ? 'kept' : 'dropped')
  startAfresh(turn.state)
  return ask(turn, 'more', 'askMore')
}

export async function askChange(turn: Turn): Promise<Made> {
  return ask(turn, 'change', 'askChange')
}

/** "The name is wrong", "another day": asks for the new one. The old time stays the one that "later" is counted from. */
export async function changeSubject(turn: Turn): Promise<Made> {
  if (turn.understood.name !== null && turn.understood.about === 'name') return seekSlot(turn)
  if (turn.understood.about === 'name' && turn.state.job === 'book') return ask(turn, 'name', 'askNewName')
  const { state } = turn
  if (turn.understood.about === 'time') return ask(turn, 'when', 'askWhen')
  if (turn.understood.about === 'day') state.day = null
  return ask(turn, 'when', turn.understood.about === 'day' ? 'askDay' : 'askWhen')
}
