// The appointment book. Decides whether a booking stands; refuses what is closed, too soon, too far, past or taken.
import { refuse } from '../../platform/errors/index.ts'
import type { RawJson, Session, Tx } from '../../platform/session/index.ts'
import { wireTime } from '../../platform/time/index.ts'
import { type Contact, getContact } from '../contacts/index.ts'
import {
  type Appointment,
  type AppointmentFilter,
  appointmentJson,
  insertAppointment,
  listAppointmentsJson,
  lockAppointment,
  moveAppointment,
  selectAppointment,
  selectForFeed,
  selectUpcoming,
  updateAppointmentDetails,
} from './appointments.sql.ts'
import type { Wish } from './availability.ts'
import { minuteMs } from './calendar.ts'
import { type ReadBook, readBook } from './calendars.ts'
import { scheduleMessages } from './messages.ts'
import { claim, decide, settling } from './placing.ts'
import { slotAt } from './slots.ts'
import { type AppointmentStatus, isOpen, mayBecome } from './statuses.ts'

export type { Appointment, AppointmentFilter } from './appointments.sql.ts'

export interface NewAppointment {
  readonly startsAt: Date
  readonly durationMin: number | null
  readonly resourceId: number | null
  readonly service: string | null
  readonly notes: string | null
  /** Whom it is for, where that is not the contact. */
  readonly forName: string | null
  readonly source: 'api' | 'voice'
  readonly callId: string | null
}

export interface AppointmentChange {
  readonly contactId?: number | undefined
  readonly startsAt?: Date | undefined
  readonly durationMin?: number | undefined
  readonly resourceId?: number | undefined
  readonly status?: AppointmentStatus | undefined
  readonly service?: string | null | undefined
  readonly notes?: string | null | undefined
}

/** @throws appointment_not_found */
export async function getAppointment(session: Session, id: number): Promise<Appointment> {
  return (await session.read(selectAppointment, { id })) ?? refuse('appointment_not_found')
}

/** One of them, as it goes over the wire. @throws appointment_not_found */
export async function showAppointment(session: Session, id: number): Promise<RawJson> {
  return (await session.json(appointmentJson, { id })) ?? refuse('appointment_not_found')
}

export async function listAppointments(session: Session, filter: AppointmentFilter & { limit: number; offset: number }): Promise<RawJson> {
  return (await session.json(listAppointmentsJson, filter)) ?? refuse('internal')
}

/** What a contact still has before them, soonest first. */
export const upcomingOf = (session: Session, contactId: number, limit = 20): Promise<Appointment[]> =>
  session.list(selectUpcoming, { contactId, from: session.now(), limit })

/** What a calendar program shows: from a month back to as far ahead as can be booked, cancelled ones included. */
export function appointmentsForFeed(session: Session): Promise<Appointment[]> {
  const now = session.now().getTime()
  const days = (count: number) => new Date(now + count * 24 * 60 * minuteMs)
  return session.list(selectForFeed, { from: days(-31), to: days(3660) })
}

/**
 * @throws contact_not_found, resource_unknown, time_in_past, too_short_notice, too_far_ahead, outside_opening_hours,
 * appointment_conflict (with the nearest free times as `alternatives`)
 */
export async function bookAppointment(
  session: Session,
  { contactId, ...input }: NewAppointment & { contactId: number },
): Promise<Appointment> {
  return placeAppointment(session, await getContact(session, contactId), input)
}

/** For a contact that has been looked up. @throws as bookAppointment */
export async function placeAppointment(session: Session, contact: Contact, input: NewAppointment): Promise<Appointment> {
  const start = input.startsAt.getTime()
  const whole = await readBook(session, slotAt(start, 0), input)
  const durationMin = input.durationMin ?? whole.calendar.defaultDurationMin
  const wish: Wish = { start, durationMin, resourceId: input.resourceId, prefers: null, except: null }
  // Before any lock is taken: most refusals are plain from what is committed.
  await decide(session, whole, wish)
  return settling(session, wish, async (tx) => {
    const { placement, book } = await claim(tx, wish)
    const { service, notes, source, callId } = input
    const forName = input.forName === contact.fullName ? null : input.forName
    const appointment = await tx.read(insertAppointment, { ...placement, contactId: contact.id, forName, service, notes, source, callId })
    if (!appointment) return refuse('internal')
    announce(tx, 'appointment.created', null, appointment)
    await scheduleMessages(tx, appointment, book)
    return appointment
  })
}

/**
 * What is left out of `change` stays as it is; a time that does not change is not judged again.
 * @throws as bookAppointment, and appointment_not_found, appointment_closed, status_not_allowed
 */
export function updateAppointment(session: Session, id: number, change: AppointmentChange): Promise<Appointment> {
  return session.write(async (tx) => {
    const before = (await tx.read(lockAppointment, { id })) ?? refuse('appointment_not_found')
    if (change.contactId !== undefined) await getContact(tx, change.contactId)
    const wish = wishOf(before, change)
    const status = change.status ?? before.status
    checkStatus(before.status, status, wish !== null)
    // A move that cancels in the same breath only cancels.
    const book = wish && isOpen(status) ? await move(tx, id, wish) : null
    const { contactId = before.contactId, notes = before.notes, service = before.service } = change
    await tx.run(updateAppointmentDetails, { id, contactId, status, notes, service, at: tx.now() })
    const after = await getAppointment(tx, id)
    announce(tx, changeName(before, after), before, after)
    if (book) await scheduleMessages(tx, after, book)
    return after
  })
}

const move = (tx: Tx, id: number, wish: Wish): Promise<ReadBook> =>
  settling(tx, wish, async (inner) => {
    const { placement, book } = await claim(inner, wish)
    await inner.run(moveAppointment, { ...placement, id })
    return book
  })

/** Cancelling what is cancelled changes nothing. @throws appointment_not_found, appointment_closed */
export async function cancelAppointment(session: Session, id: number): Promise<Appointment> {
  const seen = await getAppointment(session, id)
  return seen.status === 'cancelled' ? seen : updateAppointment(session, id, { status: 'cancelled' })
}

/** The wish to move, or null where time, length and resource stay as they are. */
function wishOf(before: Appointment, { startsAt, durationMin, resourceId }: AppointmentChange): Wish | null {
  const start = (startsAt ?? before.startsAt).getTime()
  const length = durationMin ?? durationOf(before)
  const resource = resourceId ?? before.resourceId
  if (start === before.startsAt.getTime() && length === durationOf(before) && resource === before.resourceId) return null
  return { start, durationMin: length, resourceId: resourceId ?? null, prefers: before.resourceId, except: before.id }
}

export const durationOf = ({ startsAt, endsAt }: Appointment): number => Math.round((endsAt.getTime() - startsAt.getTime()) / minuteMs)

function checkStatus(from: AppointmentStatus, to: AppointmentStatus, moves: boolean): void {
  if (!isOpen(from) && (moves || from !== to)) refuse('appointment_closed')
  if (!mayBecome(from, to)) refuse('status_not_allowed', { message: `An appointment that is ${from} cannot become ${to}.` })
}

function announce(tx: Tx, type: string, before: Appointment | null, after: Appointment): void {
  const { id, contactId, status, resourceId, callId } = after
  const times = { startsAt: wireTime(after.startsAt), endsAt: wireTime(after.endsAt) }
  tx.emit(type, { appointmentId: id, contactId, status, resourceId, callId, ...times }, { resource: `appointment:${id}`, before, after })
}

function changeName(before: Appointment, after: Appointment): string {
  if (before.status !== after.status) return `appointment.${after.status}`
  return before.startsAt.getTime() === after.startsAt.getTime() && before.endsAt.getTime() === after.endsAt.getTime()
    ? 'appointment.updated'
    : 'appointment.moved'
}
