import { statement } from '../../platform/db/index.ts'
import type { AppointmentStatus } from './statuses.ts'

export interface Appointment {
  id: number
  contactId: number
  fullName: string | null
  mobile: string | null
  startsAt: Date
  endsAt: Date
  status: AppointmentStatus
  notes: string | null
  service: string | null
  resourceId: number
  timezone: string
  callId: string | null
  revision: number
  createdAt: Date
  updatedAt: Date
}

const columns = `a.id, a.contact_id AS "contactId", coalesce(a.for_name, p.full_name) AS "fullName", p.mobile, a.starts_at AS "startsAt",
         a.ends_at AS "endsAt", a.status, a.notes, a.service, a.resource_id AS "resourceId", c.timezone, a.call_id AS "callId",
         a.revision, a.created_at AS "createdAt", a.updated_at AS "updatedAt"`

const belongings = `
  JOIN contacts.contacts p ON p.organization_id = a.organization_id AND p.id = a.contact_id
  JOIN booking.calendars c ON c.organization_id = a.organization_id`

const select = `SELECT ${columns} FROM booking.appointments a ${belongings} WHERE a.organization_id = :organizationId`

export const selectAppointment = statement<{ id: number }, Appointment>('appointment_select', `${select} AND a.id = :id`)

export const lockAppointment = statement<{ id: number }, Appointment>('appointment_lock', `${select} AND a.id = :id FOR UPDATE OF a`)

export const selectUpcoming = statement<{ contactId: number; from: Date; limit: number }, Appointment>(
  'appointment_upcoming',
  `${select} AND a.contact_id = :contactId AND a.status IN ('booked', 'confirmed') AND a.starts_at >= :from::timestamptz
    ORDER BY a.starts_at, a.id LIMIT :limit`,
)

export const selectForFeed = statement<{ from: Date; to: Date }, Appointment>(
  'appointment_feed',
  `${select} AND a.starts_at >= :from::timestamptz AND a.starts_at < :to::timestamptz ORDER BY a.starts_at, a.id LIMIT 10000`,
)

export interface AppointmentFilter {
  userId: number | null
  from: Date | null
  to: Date | null
  status: AppointmentStatus | null
}

const filtered = `
  FROM booking.appointments a
 WHERE a.organization_id = :organizationId
   AND (:userId::bigint IS NULL OR a.contact_id = :userId::bigint)
   AND (:from::timestamptz IS NULL OR a.starts_at >= :from::timestamptz)
   AND (:to::timestamptz IS NULL OR a.starts_at < :to::timestamptz)
   AND (:status::text IS NULL OR a.status = :status::text)`

const utc = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`

/** Appointment `a` as it goes over the wire. */
const members = `'id', a.id, 'user_id', a.contact_id, 'full_name', coalesce(a.for_name, p.full_name), 'mobile', p.mobile,
  'starts_at', ${utc('a.starts_at')}, 'ends_at', ${utc('a.ends_at')}, 'duration_min', (extract(epoch FROM a.ends_at - a.starts_at) / 60)::int,
  'status', a.status, 'notes', a.notes, 'service', a.service, 'resource_id', a.resource_id, 'timezone', c.timezone,
  'call_id', a.call_id, 'created_at', ${utc('a.created_at')}`

export const appointmentJson = statement<{ id: number }, { json: string }>(
  'appointment_json',
  `SELECT json_build_object(${members})::text AS json
     FROM booking.appointments a ${belongings}
    WHERE a.organization_id = :organizationId AND a.id = :id`,
)

export const listAppointmentsJson = statement<AppointmentFilter & { limit: number; offset: number }, { json: string }>(
  'appointment_list_json',
  `SELECT json_build_object(
            'appointments', (
              SELECT coalesce(json_agg(json_build_object(${members}) ORDER BY a.starts_at, a.id), '[]')
                FROM (SELECT a.* ${filtered} ORDER BY a.starts_at, a.id LIMIT :limit OFFSET :offset) AS a ${belongings}),
            'total', (SELECT count(*) ${filtered}),
            'limit', :limit::int, 'offset', :offset::bigint)::text AS json`,
)

export interface Placement {
  resourceId: number
  startsAt: Date
  endsAt: Date
  busyFrom: Date
  busyTo: Date
  at: Date
}

export const insertAppointment = statement<
  Placement & {
    contactId: number
    forName: string | null
    service: string | null
    notes: string | null
    source: string
    callId: string | null
  },
  Appointment
>(
  'appointment_insert',
  `WITH a AS (
     INSERT INTO booking.appointments (organization_id, contact_id, resource_id, starts_at, ends_at, busy, for_name, service, notes, source,
                                       call_id, created_at, updated_at)
     VALUES (:organizationId, :contactId, :resourceId, :startsAt, :endsAt, tstzrange(:busyFrom, :busyTo), :forName, :service, :notes, :source,
             :callId, :at, :at)
     RETURNING *)
   SELECT ${columns} FROM a ${belongings}`,
)

export const moveAppointment = statement<Placement & { id: number }, never>(
  'appointment_move',
  `UPDATE booking.appointments
      SET resource_id = :resourceId, starts_at = :startsAt, ends_at = :endsAt, busy = tstzrange(:busyFrom, :busyTo),
          revision = revision + 1, updated_at = :at
    WHERE organization_id = :organizationId AND id = :id`,
)

export interface AppointmentDetails {
  id: number
  contactId: number
  status: AppointmentStatus
  notes: string | null
  service: string | null
  at: Date
}
/** Whom it was for falls away with its contact. The revision counts what a calendar and a message must learn of: moves and the end. */
export const updateAppointmentDetails = statement<AppointmentDetails, never>(
  'appointment_update',
  `UPDATE booking.appointments
      SET contact_id = :contactId, notes = :notes, service = :service, updated_at = :at,
          for_name = CASE WHEN contact_id = :contactId THEN for_name END,
          revision = revision + CASE WHEN status <> 'cancelled' AND :status = 'cancelled' THEN 1 ELSE 0 END, status = :status
    WHERE organization_id = :organizationId AND id = :id`,
)
