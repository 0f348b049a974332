// Bella's wire shapes, and the values of its paths and queries. A wrong value is a 422 that names it; an id of the wrong shape is a 404.
import { type TSchema, Type } from 'typebox'
import { type Appointment, appointmentStatuses, durationOf, readCalendar, startOfDay } from '../../domain/booking/index.ts'
import type { Contact } from '../../domain/contacts/index.ts'
import { type Problem, refuse } from '../../platform/errors/index.ts'
import { uuidPattern } from '../../platform/ids/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { wireTime } from '../../platform/time/index.ts'

/** Within what JavaScript and JSON hold exactly. */
const largestId = Number.MAX_SAFE_INTEGER
export const Id = Type.Integer({ minimum: 1, maximum: largestId })
export const Time = Type.String({ format: 'date-time' })
export const OrNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
export const Status = Type.Enum([...appointmentStatuses])
export const Duration = Type.Integer({ minimum: 5, maximum: 1440, description: 'Minutes' })
export const Page = {
  limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
  offset: Type.Integer({ minimum: 0, maximum: 1_000_000_000, default: 0 }),
}
/** A day (`2026-11-24`, in the calendar's time zone) or an instant with its offset. */
export const DayOrTime = Type.String({
  maxLength: 40,
  description: 'A day in the time zone of the calendar, or a date and time with an offset',
})
/** An id of the wrong shape is as unknown as one that nobody has: 404, also where the schema says integer. */
export const IdParams = Type.Object({ id: Id })
export const UuidParams = Type.Object({ id: Type.String({ pattern: uuidPattern }) })

export const AppointmentShape = Type.Object({
  id: Type.Integer(),
  user_id: Type.Integer(),
  full_name: OrNull(Type.String()),
  mobile: OrNull(Type.String()),
  starts_at: Time,
  ends_at: Time,
  duration_min: Type.Integer(),
  status: Status,
  notes: OrNull(Type.String()),
  service: OrNull(Type.String()),
  resource_id: Type.Integer(),
  timezone: Type.String(),
  call_id: OrNull(Type.String()),
  created_at: Time,
})

export const toAppointment = (appointment: Appointment) => ({
  id: appointment.id,
  user_id: appointment.contactId,
  full_name: appointment.fullName,
  mobile: appointment.mobile,
  starts_at: wireTime(appointment.startsAt),
  ends_at: wireTime(appointment.endsAt),
  duration_min: durationOf(appointment),
  status: appointment.status,
  notes: appointment.notes,
  service: appointment.service,
  resource_id: appointment.resourceId,
  timezone: appointment.timezone,
  call_id: appointment.callId,
  created_at: wireTime(appointment.createdAt),
})

export const UserShape = Type.Object({
  id: Type.Integer(),
  full_name: OrNull(Type.String()),
  mobile: OrNull(Type.String()),
  created_at: Time,
})

export const toUser = ({ id, fullName, mobile, createdAt }: Contact) => ({
  id,
  full_name: fullName,
  mobile,
  created_at: wireTime(createdAt),
})

/** A start: a whole minute, with its offset. @throws invalid_request */
export function readStart(text: string): Date {
  const at = instantOf(text)
  if (at === null) return refuseValue('body', 'starts_at', 'must be a valid ISO 8601 date and time with an offset', 'format', dateTime)
  return at % 60_000 === 0 ? new Date(at) : refuseValue('body', 'starts_at', 'must be a whole minute', 'value')
}

/** A bound of a range, in Unix milliseconds: of a day its beginning for `from` and its end for `to`. @throws invalid_request */
export async function readBound(session: Session, field: 'from' | 'to', text: string): Promise<number> {
  const at = instantOf(text)
  if (at !== null) return at
  const day = dayOf(text)
  if (!day) return refuseValue('query', field, 'must be a valid ISO 8601 date, or date and time with an offset', 'format', dateTime)
  return startOfDay(field === 'from' ? day : day.add({ days: 1 }), (await readCalendar(session)).timezone)
}

const dateTime = { format: 'date-time' }

/** Of the years 1 to 9999: around a time past them there is no other that could be told. */
function instantOf(text: string): number | null {
  try {
    const at = Temporal.Instant.from(text)
    const { year } = at.toZonedDateTimeISO('UTC')
    return year >= 1 && year <= 9999 ? at.epochMilliseconds : null
  } catch {
    return null // not an instant; whether it may be a day is the caller's question
  }
}

function dayOf(text: string): Temporal.PlainDate | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return null
  try {
    const day = Temporal.PlainDate.from(text, { overflow: 'reject' })
    return day.year >= 1 ? day : null
  } catch {
    return null // the 30th of February
  }
}

function refuseValue(where: Problem['in'], field: string, message: string, rule: string, params?: Problem['params']): never {
  return refuse('invalid_request', { problems: [{ in: where, path: [field], message, rule, ...(params ? { params } : {}) }] })
}
