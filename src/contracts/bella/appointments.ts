// B5. Appointments: booked, listed, moved, confirmed, cancelled.
import { type Static, Type } from 'typebox'
import { bookAppointment, cancelAppointment, listAppointments, showAppointment, updateAppointment } from '../../domain/booking/index.ts'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import type { Session } from '../../platform/session/index.ts'
import {
  AppointmentShape,
  DayOrTime,
  Duration,
  Id,
  IdParams,
  OrNull,
  Page,
  readBound,
  readStart,
  Status,
  Time,
  toAppointment,
} from './shapes.ts'
import { userOfBooking } from './users.ts'

const path = '/appointments/:id'
const tags = ['Appointments']
const Notes = OrNull(Type.String({ maxLength: 4000 }))
const Service = OrNull(Type.String({ minLength: 1, maxLength: 200 }))
const rules = [
  'resource_unknown',
  'time_in_past',
  'too_short_notice',
  'too_far_ahead',
  'outside_opening_hours',
  'appointment_conflict',
] as const

const NewAppointment = Type.Object({
  user_id: Type.Optional(Id),
  full_name: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'With mobile, in place of user_id' })),
  mobile: Type.Optional(Type.String({ minLength: 1, maxLength: 40, description: 'With full_name, in place of user_id' })),
  starts_at: Time,
  duration_min: Type.Optional(OrNull(Duration)),
  resource_id: Type.Optional(OrNull(Id)),
  service: Type.Optional(Service),
  notes: Type.Optional(Notes),
})
const Change = Type.Object({
  user_id: Type.Optional(Id),
  starts_at: Type.Optional(Time),
  duration_min: Type.Optional(Duration),
  resource_id: Type.Optional(Id),
  status: Type.Optional(Status),
  service: Type.Optional(Service),
  notes: Type.Optional(Notes),
})
const Query = Type.Object({
  user_id: Type.Optional(Id),
  from: Type.Optional(DayOrTime),
  to: Type.Optional(DayOrTime),
  status: Type.Optional(Status),
  ...Page,
})

export const appointments = (): AnyEndpoint[] => [
  endpoint({
    operation: 'appointments.list',
    method: 'GET',
    path: '/appointments',
    tags,
    summary: 'Appointments by time; `from` is inclusive, `to` exclusive (a day as `to` is included whole)',
    permission: 'appointments:read',
    query: Query,
    response: {
      200: Type.Object({
        appointments: Type.Array(AppointmentShape),
        total: Type.Integer(),
        limit: Type.Integer(),
        offset: Type.Integer(),
      }),
    },
    handle: async ({ session, query }) => {
      const { user_id: userId = null, from, to, status = null, limit, offset } = query
      return listAppointments(session, {
        userId,
        status,
        limit,
        offset,
        from: from === undefined ? null : new Date(await readBound(session, 'from', from)),
        to: to === undefined ? null : new Date(await readBound(session, 'to', to)),
      })
    },
  }),
  endpoint({
    operation: 'appointments.create',
    method: 'POST',
    path: '/appointments',
    tags,
    summary: 'Book a time; the resource is chosen where none is named',
    description: 'A time that is taken is answered with 409 and the five nearest that are free, as `alternatives`.',
    permission: 'appointments:write',
    body: NewAppointment,
    response: { 201: AppointmentShape },
    examples: [
      {
        title: 'A time that has gone',
        body: { full_name: 'Grace Hopper', mobile: '+442079460123', starts_at: '2024-03-04T10:00:00Z', duration_min: 30 },
        status: 422,
      },
    ],
    errors: ['contact_not_found', ...rules],
    handle: async ({ session, body }) => {
      const startsAt = readStart(body.starts_at)
      const book = (inner: Session, contactId: number) => bookAppointment(inner, { ...wishOf(body), contactId, startsAt })
      // Somebody new stays only if the booking does.
      const appointment =
        body.user_id === undefined
          ? await session.write(async (tx) => book(tx, await userOfBooking(tx, body)))
          : await book(session, body.user_id)
      return answer(201, toAppointment(appointment), { location: `/appointments/${appointment.id}` })
    },
  }),
  endpoint({
    operation: 'appointments.get',
    method: 'GET',
    path,
    tags,
    params: IdParams,
    missing: 'appointment_not_found',
    summary: 'One of them',
    permission: 'appointments:read',
    response: { 200: AppointmentShape },
    errors: ['appointment_not_found'],
    handle: ({ session, params }) => showAppointment(session, params.id),
  }),
  endpoint({
    operation: 'appointments.update',
    method: 'PUT',
    path,
    tags,
    params: IdParams,
    missing: 'appointment_not_found',
    summary: 'Move, confirm or note; what is left out stays as it is',
    permission: 'appointments:write',
    body: Change,
    response: { 200: AppointmentShape },
    errors: ['appointment_not_found', 'appointment_closed', 'status_not_allowed', 'contact_not_found', ...rules],
    handle: async ({ session, params, body }) => {
      const { user_id: contactId, starts_at: start, duration_min: durationMin, resource_id: resourceId, ...rest } = body
      const startsAt = start === undefined ? undefined : readStart(start)
      return toAppointment(await updateAppointment(session, params.id, { contactId, startsAt, durationMin, resourceId, ...rest }))
    },
  }),
  endpoint({
    operation: 'appointments.cancel',
    method: 'DELETE',
    path,
    tags,
    params: IdParams,
    missing: 'appointment_not_found',
    summary: 'Cancel it; its time is free again',
    permission: 'appointments:write',
    response: { 204: null },
    errors: ['appointment_not_found', 'appointment_closed'],
    handle: async ({ session, params }) => {
      await cancelAppointment(session, params.id)
      return answer(204, null)
    },
  }),
]

const wishOf = (body: Static<typeof NewAppointment>) => ({
  durationMin: body.duration_min ?? null,
  resourceId: body.resource_id ?? null,
  service: body.service ?? null,
  notes: body.notes ?? null,
  forName: null,
  source: 'api' as const,
  callId: null,
})
