// What the dialogue does with bookings that the caller already has: find by number, choose one, cancel, move.
import { seekSlot, startAfresh } from './booking-actions.ts'
import { dateOf } from './calendar.ts'
import { meant } from './offers.ts'
import { lost } from './plain-actions.ts'
import type { Booking, DayWish } from './ports.ts'
import type { Known } from './state.ts'
import { ask, type Made, spokenSlots, spokenWhen, type Turn, tell } from './turn.ts'

const mostNamed = 3

const knownOf = (booking: Booking): Known => ({
  id: booking.id,
  startsAt: booking.startsAt,
  localStart: booking.localStart,
  fullName: booking.fullName,
})

export async function findToCancel(turn: Turn): Promise<Made> {
  const { state, understood } = turn
  state.job = 'cancel'
  const bookings = (await turn.desk.bookingsOfCaller()).map(knownOf)
  const fitting = meant(bookings, understood.day, understood.time)
  return forOneOf(turn, fitting.length > 0 ? fitting : bookings)
}

/** "Move my appointment to Thursday": the day is the new one, unless it is the day of one of several bookings. */
export async function findToMove(turn: Turn): Promise<Made> {
  const { state, understood } = turn
  state.job = 'move'
  const bookings = (await turn.desk.bookingsOfCaller()).map(knownOf)
  const fitting = understood.day && understood.time === null ? meant(bookings, understood.day, null) : []
  const named = understood.bookingDay ? meant(bookings, understood.bookingDay, null) : []
  const selects = named.length === 0 && fitting.length > 0
  state.day = selects ? null : understood.day
  state.time = selects ? null : understood.time
  state.candidate = null
  state.offered = []
  return forOneOf(turn, selects ? fitting : named.length > 0 ? named : bookings)
}

async function forOneOf(turn: Turn, bookings: Known[]): Promise<Made> {
  const { state } = turn
  const [only] = bookings
  if (!only) {
    tell(turn, 'noBooking')
    startAfresh(state)
    return ask(turn, 'more', 'askMore')
  }
  if (bookings.length === 1) return goOnWith(turn, only)
  state.bookings = bookings.slice(0, mostNamed)
  return ask(turn, 'which', 'askWhich', { slots: spokenSlots(turn, state.bookings) })
}

async function goOnWith(turn: Turn, booking: Known): Promise<Made> {
  const { state } = turn
  state.booking = booking
  state.bookings = []
  if (state.job === 'cancel') return ask(turn, 'confirm_cancel', 'readBackCancel', { when: spokenWhen(turn, booking) })
  state.job = 'move'
  return seekSlot({ ...turn, understood: { ...turn.understood, name: null, day: null, time: null } })
}

export async function chooseBooking(turn: Turn): Promise<Made> {
  const { state, understood } = turn
  const { bookings } = state
  const chosen =
    understood.choice === null
      ? meant(bookings, understood.day, understood.time)
      : bookings.slice(understood.choice === -1 ? -1 : understood.choice - 1).slice(0, 1)
  const [first] = chosen
  if (!first) return lost(turn)
  return goOnWith(turn, first)
}

export async function cancelBooking(turn: Turn): Promise<Made> {
  const { state, desk } = turn
  const { booking } = state
  if (!booking) return findToCancel(turn)
  await desk.cancel(booking.id)
  tell(turn, 'cancelled', { when: spokenWhen(turn, booking) })
  if (state.latest?.id === booking.id) state.latest = null
  startAfresh(state)
  return ask(turn, 'more', 'askMore', {}, 'cancelled')
}

export async function keepBooking(turn: Turn): Promise<Made> {
  tell(turn, 'kept')
  startAfresh(turn.state)
  return ask(turn, 'more', 'askMore')
}

export async function openAgain(turn: Turn): Promise<Made> {
  startAfresh(turn.state)
  return ask(turn, 'open', 'askIntent')
}

/** "Actually make that Friday", said after the booking was made, moves the booking just made. */
export async function amendLatest(turn: Turn): Promise<Made> {
  const { state, understood } = turn
  if (!state.latest) return seekSlot(turn)
  state.job = 'move'
  state.booking = state.latest
  const day: DayWish = understood.day ?? { kind: 'date', date: dateOf(state.latest.localStart) }
  return seekSlot({ ...turn, understood: { ...understood, day, name: null } })
}
