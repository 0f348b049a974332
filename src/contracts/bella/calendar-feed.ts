// B5. Appointments as a calendar (RFC 5545): by the key, or by an address that holds a secret of its own, because
// calendar programs send no header.
import ical, { ICalCalendarMethod, ICalEventStatus } from 'ical-generator'
import { Type } from 'typebox'
import { type Appointment, appointmentsForFeed, createFeed, principalOfFeed, revokeFeed } from '../../domain/booking/index.ts'
import { may, type Principal } from '../../platform/auth/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import { type AnyEndpoint, answer, endpoint, type RequestFacts } from '../../platform/http/index.ts'
import type { House } from '../house.ts'
import { admit } from '../standing.ts'
import { UuidParams } from './shapes.ts'

const tags = ['Calendar']

export const calendarFeed = (house: House): AnyEndpoint[] => [
  endpoint({
    operation: 'feed.show',
    method: 'GET',
    path: '/appointments.ics',
    tags,
    summary: 'The appointments as a calendar to subscribe to',
    permission: 'appointments:read',
    verify: (request) => reader(house, request),
    query: Type.Object({ token: Type.Optional(Type.String({ maxLength: 200, description: 'Of a feed, in place of the key' })) }),
    response: { 200: 'text/calendar' },
    handle: async ({ session }) => {
      const text = renderCalendar(await appointmentsForFeed(session), session.organizationId)
      return answer(200, text, {
        'content-type': 'text/calendar; charset=utf-8',
        'content-disposition': 'inline; filename="appointments.ics"',
      })
    },
  }),
  endpoint({
    operation: 'feed.create',
    method: 'POST',
    path: '/appointments/feeds',
    tags,
    summary: 'An address that calendar programs can subscribe to; it is shown this once',
    permission: 'appointments:read',
    response: { 201: Type.Object({ id: Type.String(), url: Type.String() }) },
    handle: async ({ session, request }) => {
      const { id, token } = await createFeed(session)
      return answer(201, { id, url: `${request.origin}/appointments.ics?token=${token}` }, { location: `/appointments/feeds/${id}` })
    },
  }),
  endpoint({
    operation: 'feed.revoke',
    method: 'DELETE',
    path: '/appointments/feeds/:id',
    tags,
    params: UuidParams,
    missing: 'feed_not_found',
    summary: 'End a feed: its address opens nothing any more',
    permission: 'appointments:write',
    response: { 204: null },
    errors: ['feed_not_found'],
    handle: async ({ session, params }) => {
      await revokeFeed(session, params.id)
      return answer(204, null)
    },
  }),
]

/** A key goes before a token. @throws invalid_api_key, permission_denied */
async function reader(house: House, { headers, url }: RequestFacts): Promise<Principal> {
  const key = headers['x-api-key']
  const token = new URL(url, 'http://localhost').searchParams.get('token')
  if (key === undefined && token === null) return refuse('invalid_api_key')
  const found = key === undefined ? await principalOfFeed(house.database, token ?? '') : await house.apiKeys.verify(String(key))
  const principal = await admit(house, found, 'invalid_api_key')
  return may(principal, 'appointments:read') ? principal : refuse('permission_denied')
}

const statuses = {
  booked: ICalEventStatus.CONFIRMED,
  confirmed: ICalEventStatus.CONFIRMED,
  completed: ICalEventStatus.CONFIRMED,
  no_show: ICalEventStatus.CANCELLED,
  cancelled: ICalEventStatus.CANCELLED,
} as const satisfies Record<Appointment['status'], ICalEventStatus>

export function renderCalendar(appointments: readonly Appointment[], organizationId: number): string {
  const calendar = ical({ name: 'Appointments', prodId: { company: 'Patchbay', product: 'Appointments', language: 'EN' }, ttl: 900 })
  calendar.method(ICalCalendarMethod.PUBLISH)
  for (const appointment of appointments) {
    const { id, startsAt, endsAt, fullName, mobile, service, notes, revision, status } = appointment
    calendar.createEvent({
      // The same for as long as the appointment lives, wherever the server moves.
      id: `appointment-${organizationId}-${id}@patchbay`,
      start: startsAt,
      end: endsAt,
      stamp: appointment.updatedAt,
      created: appointment.createdAt,
      lastModified: appointment.updatedAt,
      sequence: revision,
      status: statuses[status],
      summary: [service, fullName ?? mobile ?? 'Appointment'].filter(Boolean).join(': '),
      description: [mobile, notes].filter(Boolean).join('\n') || null,
    })
  }
  return calendar.toString()
}
