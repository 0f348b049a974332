import { statement } from '../platform/db/index.ts'

export interface Booked {
  appointmentId: number
  callId: string
  /** Once it can be listened to. */
  recordingId: string | null
  fullName: string
  local: string
  timezone: string
}
/** The caller's latest appointment, in the words of their own clock. */
export const latestBooking = statement<{ mobile: string }, Booked>(
  'first_screen_booking',
  `SELECT a.id AS "appointmentId", a.call_id AS "callId", r.id AS "recordingId", c.full_name AS "fullName", k.timezone,
          to_char(a.starts_at AT TIME ZONE k.timezone, 'FMDay FMDD FMMonth YYYY, HH24:MI') AS local
     FROM booking.appointments a
     JOIN contacts.contacts c ON c.organization_id = a.organization_id AND c.id = a.contact_id
     JOIN booking.calendars k ON k.organization_id = a.organization_id
     LEFT JOIN recordings.recordings r
       ON r.organization_id = a.organization_id AND r.call_id = a.call_id AND r.status = 'available'
    WHERE a.organization_id = :organizationId AND c.mobile = :mobile AND a.call_id IS NOT NULL
    ORDER BY a.created_at DESC
    LIMIT 1`,
)
