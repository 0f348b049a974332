// What the person on the phone is told by text message: that it is booked, and again before it begins. Scheduled with
// the booking; dropped when the appointment has moved or ended meanwhile; sent once for each time it was given.
import type { Job } from '../../platform/jobs/index.ts'
import { job } from '../../platform/jobs/index.ts'
import type { Session, Tx } from '../../platform/session/index.ts'
import { recordUsage } from '../billing/index.ts'
import { type Appointment, selectAppointment } from './appointments.sql.ts'
import { minuteMs } from './calendar.ts'
import type { ReadBook } from './calendars.ts'
import { insertMessage, selectMessage, selectSender } from './messages.sql.ts'
import type { Messenger } from './ports.ts'
import { isOpen } from './statuses.ts'

export type MessageKind = 'confirmation' | 'reminder'

interface Payload {
  readonly appointmentId: number
  readonly revision: number
}

const tasks = { confirmation: 'booking.confirm', reminder: 'booking.remind' } as const satisfies Record<MessageKind, string>

/** In the transaction that books or moves. A reminder whose time has passed already is not sent late. */
export async function scheduleMessages(tx: Tx, appointment: Appointment, { confirmBySms, remindBeforeMin }: ReadBook): Promise<void> {
  if (appointment.mobile === null) return
  const { id, revision, startsAt } = appointment
  const payload: Payload = { appointmentId: id, revision }
  const key = (kind: MessageKind) => `${tasks[kind]}:${tx.organizationId}:${id}:${revision}`
  if (confirmBySms) await tx.enqueue(tasks.confirmation, payload, { key: key('confirmation') })
  if (remindBeforeMin === null) return
  const runAt = new Date(startsAt.getTime() - remindBeforeMin * minuteMs)
  if (runAt > tx.now()) await tx.enqueue(tasks.reminder, payload, { key: key('reminder'), runAt })
}

export function bookingJobs({ messenger }: { messenger: Messenger }): Job[] {
  const kinds: MessageKind[] = ['confirmation', 'reminder']
  return kinds.map((kind) =>
    job<Payload>({ name: tasks[kind], handle: (session, payload) => sendMessage(session, messenger, kind, payload) }),
  )
}

/** At least once by the queue, once by the key: the messenger's, and the row that says it was sent. */
async function sendMessage(session: Session, messenger: Messenger, kind: MessageKind, { appointmentId, revision }: Payload): Promise<void> {
  const appointment = await session.read(selectAppointment, { id: appointmentId })
  if (!appointment || !isWanted(appointment, revision, session.now()) || appointment.mobile === null) return
  if (await session.read(selectMessage, { appointmentId, kind, revision })) return
  const key = `appointment:${session.organizationId}:${appointmentId}:${kind}:${revision}`
  const sender = await session.read(selectSender, {})
  if (!sender) return session.log.warn({ appointmentId }, 'no number of our own to send a message from')
  const { sid } = await messenger.send({ from: sender.e164, to: appointment.mobile, text: wordsOf(kind, appointment), key })
  await session.write(async (tx) => {
    await tx.run(insertMessage, { appointmentId, kind, revision, sid, at: tx.now() })
    await recordUsage(tx, { kind: 'message', quantity: 1, callId: null, source: key, at: tx.now() })
  })
}

const isWanted = ({ status, revision, startsAt }: Appointment, expected: number, now: Date): boolean =>
  isOpen(status) && revision === expected && startsAt > now

export function wordsOf(kind: MessageKind, { startsAt, timezone, revision, service }: Appointment): string {
  const local = Temporal.Instant.fromEpochMilliseconds(startsAt.getTime()).toZonedDateTimeISO(timezone)
  const say = (options: Intl.DateTimeFormatOptions) => local.toLocaleString('en-GB', options)
  // Part by part: where the comma goes changes between versions of the language data.
  const day = `${say({ weekday: 'long' })} ${local.day} ${say({ month: 'long' })} ${local.year}`
  const time = local.toPlainTime().toString({ smallestUnit: 'minute' })
  const what = service ? `Your appointment (${service})` : 'Your appointment'
  if (kind === 'reminder') return `${what} is on ${day} at ${time}. We look forward to seeing you.`
  return revision === 0 ? `${what} is booked for ${day} at ${time}.` : `${what} has been moved to ${day} at ${time}.`
}
