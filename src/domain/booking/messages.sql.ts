import { statement } from '../../platform/db/index.ts'

interface MessageKey {
  appointmentId: number
  kind: string
  revision: number
}

export const selectMessage = statement<MessageKey, { sid: string }>(
  'booking_message_select',
  `SELECT provider_sid AS sid FROM booking.messages
    WHERE organization_id = :organizationId AND appointment_id = :appointmentId AND kind = :kind AND revision = :revision`,
)

export const insertMessage = statement<MessageKey & { sid: string; at: Date }, never>(
  'booking_message_insert',
  `INSERT INTO booking.messages (organization_id, appointment_id, kind, revision, provider_sid, sent_at)
   VALUES (:organizationId, :appointmentId, :kind, :revision, :sid, :at)
   ON CONFLICT DO NOTHING`,
)

/** The number that messages come from: the organisation's first. */
export const selectSender = statement<object, { e164: string }>(
  'booking_message_sender',
  `SELECT e164 FROM numbers.numbers WHERE organization_id = :organizationId AND status = 'active' ORDER BY created_at, id LIMIT 1`,
)
