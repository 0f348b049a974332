import { statement } from '../platform/db/index.ts'

export interface Booked {
  appointmentId: number
  callId: string
  fullName: string
  local: string
  timezone: string
}
/** The caller's latest appointment, in the words of their own clock. */
export const latestBooking = statement<{ mobile: string }, Booked>(
  'first_screen_booking',
  `SELECT a.id AS "appointmentId", a.call_id AS "callId", c.full_name AS "fullName", k.timezone,
          to_char(a.starts_at AT TIME ZONE k.timezone, 'FMDay FMDD FMMonth YYYY, HH24:MI') AS local
     FROM booking.appointments a
     JOIN contacts.contacts c ON c.organization_id = a.organization_id AND c.id = a.contact_id
     JOIN booking.calendars k ON k.organization_id = a.organization_id
    WHERE a.organization_id = :organizationId AND c.mobile = :mobile AND a.call_id IS NOT NULL
    ORDER BY a.created_at DESC
    LIMIT 1`,
)
