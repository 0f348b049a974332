// The appointment book as the voice dialogue uses it: the same rules and the same judge as the API, in one call's
// transaction. A refusal on the phone is an answer, so it comes back as a word and leaves the transaction usable.
import { Refusal, refuse } from '../../platform/errors/index.ts'
import type { Tx } from '../../platform/session/index.ts'
import { wireTime } from '../../platform/time/index.ts'
import { type Contact, findContact, findOrCreateContact } from '../contacts/index.ts'
import type { Booking, Desk, Slot } from '../conversation/index.ts'
import {
  type Appointment,
  cancelAppointment,
  durationOf,
  getAppointment,
  placeAppointment,
  upcomingOf,
  updateAppointment,
} from './appointments.ts'
import { findNearest, listFreeSlots, longestRangeDays, type Wish } from './availability.ts'
import { localMinute, minuteMs } from './calendar.ts'
import { readBook, readCalendar } from './calendars.ts'
import { type FreeSlot, onGrid, slotAt, type Vacancy, vacancyOf } from './slots.ts'

export interface Caller {
  readonly contact: Contact | null
  readonly callId: string | null
  /** E.164; null when it was withheld. */
  readonly callerNumber: string | null
}

export interface CallersDesk extends Desk {
  /** The contact that the caller is known as by now. */
  caller(): Contact | null
}

/** @throws calendar_missing */
export async function openDesk(tx: Tx, caller: Caller): Promise<CallersDesk> {
  const calendar = await readCalendar(tx)
  let known = caller.contact
  const contact = async () => {
    known ??= caller.callerNumber === null ? null : await findContact(tx, caller.callerNumber)
    return known
  }
  const wishAt = (startsAt: string): Wish => ({
    start: Date.parse(startsAt),
    durationMin: calendar.defaultDurationMin,
    resourceId: null,
    prefers: null,
    except: null,
  })
  return {
    timezone: calendar.timezone,
    freeSlots: (query) => soonest(tx, calendar, query),
    check: (startsAt) => check(tx, wishAt(startsAt)),
    nearest: async (startsAt, limit) => (await findNearest(tx, wishAt(startsAt), limit)).map(toSlot),
    book: (input) =>
      orTaken(() =>
        tx.write(async (inner) => {
          const { fullName } = input
          const booker = known ?? (await findOrCreateContact(inner, { fullName, mobile: caller.callerNumber }))
          const booking = await book(inner, booker, caller.callId, input)
          known = booker
          return booking
        }),
      ),
    bookingsOfCaller: async () => {
      const booker = await contact()
      return booker ? (await upcomingOf(tx, booker.id)).map(toBooking) : []
    },
    cancel: async (bookingId) => {
      await ownAppointment(tx, await contact(), bookingId)
      await cancelAppointment(tx, bookingId)
    },
    move: async (bookingId, startsAt) => {
      await ownAppointment(tx, await contact(), bookingId)
      return orTaken(async () => toBooking(await updateAppointment(tx, bookingId, { startsAt: new Date(startsAt) })))
    },
    callerName: async () => (await contact())?.fullName ?? null,
    caller: () => known,
  }
}

/** Slot by slot through a range of any length, in stretches that cost little. */
async function soonest(
  tx: Tx,
  { maxAheadDays }: { maxAheadDays: number },
  { from, to, limit }: { from: string; to: string; limit: number },
): Promise<Slot[]> {
  const end = Date.parse(to)
  const stretch = (longestRangeDays / 2) * 24 * 60 * minuteMs
  const slots: FreeSlot[] = []
  const last = Math.min(end, tx.now().getTime() + (maxAheadDays + 1) * 24 * 60 * minuteMs)
  for (let start = Math.max(Date.parse(from), tx.now().getTime()); start < last && slots.length < limit; start += stretch) {
    const between = { start, end: Math.min(last, start + stretch) }
    const found = await listFreeSlots(tx, { between, durationMin: null, resourceId: null, limit: limit - slots.length })
    slots.push(...found.slots)
  }
  return slots.map(toSlot)
}

/** By phone the grid's times are on offer: one beside the grid is answered with its neighbours. */
async function check(tx: Tx, wish: Wish): Promise<Vacancy> {
  const slot = slotAt(wish.start, wish.durationMin)
  const whole = await readBook(tx, slot, wish)
  const { vacancy } = vacancyOf(whole, slot, tx.now().getTime())
  return vacancy === 'free' && !onGrid(whole.calendar, wish.start) ? 'taken' : vacancy
}

async function book(
  tx: Tx,
  contact: Contact,
  callId: string | null,
  { fullName, startsAt }: { fullName: string; startsAt: string },
): Promise<Booking> {
  const appointment = await placeAppointment(tx, contact, {
    startsAt: new Date(startsAt),
    durationMin: null,
    resourceId: null,
    service: null,
    notes: null,
    forName: fullName,
    source: 'voice',
    callId,
  })
  return toBooking(appointment)
}

/** Somebody else's booking is as good as none. */
async function ownAppointment(tx: Tx, contact: { id: number } | null, id: number): Promise<Appointment> {
  const appointment = await getAppointment(tx, id)
  return contact && appointment.contactId === contact.id ? appointment : refuse('appointment_not_found')
}

/** Whatever closes a time between the question and the answer (another caller, the notice running out) is "not free any more". */
const gone = new Set(['appointment_conflict', 'outside_opening_hours', 'too_short_notice', 'too_far_ahead', 'time_in_past'])
async function orTaken(work: () => Promise<Booking>): Promise<Booking | 'taken'> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refusal && gone.has(error.code)) return 'taken'
    throw error
  }
}

const toSlot = ({ start, end, localStart, resourceId }: FreeSlot): Slot => ({
  startsAt: wireTime(new Date(start)),
  endsAt: wireTime(new Date(end)),
  localStart,
  resourceId,
})

const toBooking = (appointment: Appointment): Booking => ({
  id: appointment.id,
  startsAt: wireTime(appointment.startsAt),
  localStart: localMinute(appointment.startsAt.getTime(), appointment.timezone),
  durationMin: durationOf(appointment),
  service: appointment.service,
  fullName: appointment.fullName,
})
