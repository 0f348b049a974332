import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { statement } from '../../platform/db/index.ts'
import { factsByHand, type Job } from '../../platform/jobs/index.ts'
import { movableClock } from '../../platform/time/index.ts'
import { findOrCreateContact } from '../contacts/index.ts'
import { type Appointment, bookAppointment, cancelAppointment, updateAppointment } from './appointments.ts'
import { setCalendar, usualCalendar } from './calendars.ts'
import { bookingJobs } from './messages.ts'

const clock = movableClock('2026-11-23T08:00:00Z')
let house: TestHouse
let sent: { to: string; text: string; key: string }[] = []
let failing = false
const jobs = bookingJobs({
  messenger: {
    async send(message) {
      if (failing) throw new Error('the network is down')
      sent.push(message)
      return { sid: `SM${sent.length}` }
    },
  },
})

beforeAll(async () => {
  house = await openTestHouse({ clock })
})
afterAll(() => house.close())

async function book(day: number, mobile: string | null = '+447700900001'): Promise<Appointment> {
  const contact = await findOrCreateContact(house.session(), { fullName: 'John Smith', mobile })
  const startsAt = new Date(`2027-03-${String(day).padStart(2, '0')}T10:00:00Z`)
  const rest = { durationMin: null, resourceId: null, service: null, notes: null, forName: null, source: 'api', callId: null } as const
  return bookAppointment(house.session(), { contactId: contact.id, startsAt, ...rest })
}

interface Queued {
  name: string
  payload: object
  runAt: Date
}

/** What waits in the queue for an appointment; the queue is its owner's to read, not the server's. */
async function queued(appointment: Appointment): Promise<Queued[]> {
  const client = new pg.Client({ connectionString: house.databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<Queued>(
      `SELECT t.identifier AS name, j.payload, j.run_at AS "runAt"
         FROM graphile_worker._private_jobs j JOIN graphile_worker._private_tasks t ON t.id = j.task_id
        WHERE (j.payload ->> 'appointmentId')::bigint = $1 ORDER BY j.id`,
      [appointment.id],
    )
    return rows
  } finally {
    await client.end()
  }
}
const run = (name: string, payload: object): Promise<void> => {
  const found = jobs.find((job): job is Job => job.name === name)
  if (!found) throw new Error(`no job ${name}`)
  return found.handle(house.session(), payload, factsByHand(house.session()))
}
const payloadOf = ({ id, revision }: Appointment) => ({ appointmentId: id, revision })

const messageUsage = statement<{ source: string }, { count: number }>(
  'test_message_usage',
  `SELECT count(*) FROM billing.usage WHERE organization_id = :organizationId AND kind = 'message' AND source LIKE :source`,
)

describe('what the person is told', () => {
  test('booking asks for a confirmation at once and a reminder a day before', async () => {
    const appointment = await book(1)
    const waiting = await queued(appointment)
    expect(waiting.map(({ name }) => name)).toEqual(['booking.confirm', 'booking.remind'])
    expect(waiting[1]?.runAt).toEqual(new Date('2027-02-28T10:00:00Z'))
    expect(waiting[0]?.payload).toMatchObject(payloadOf(appointment))
  })

  test('each message goes out once, however often its job runs, and is billed once', async () => {
    const appointment = await book(2)
    sent = []
    for (let time = 0; time < 3; time++) await run('booking.confirm', payloadOf(appointment))
    await run('booking.remind', payloadOf(appointment))
    expect(sent.map(({ to, text }) => [to, text])).toEqual([
      ['+447700900001', 'Your appointment is booked for Tuesday 2 March 2027 at 10:00.'],
      ['+447700900001', 'Your appointment is on Tuesday 2 March 2027 at 10:00. We look forward to seeing you.'],
    ])
    expect(new Set(sent.map(({ key }) => key)).size).toBe(2)
    expect(await house.session().read(messageUsage, { source: `appointment:100:${appointment.id}:%` })).toEqual({ count: 2 })
  })

  test('a failed sending is tried again with the same key, and is not billed', async () => {
    const appointment = await book(3)
    sent = []
    failing = true
    await expect(run('booking.confirm', payloadOf(appointment))).rejects.toThrow('the network is down')
    expect(await house.session().read(messageUsage, { source: `appointment:100:${appointment.id}:%` })).toEqual({ count: 0 })
    failing = false
    await run('booking.confirm', payloadOf(appointment))
    expect(sent).toHaveLength(1)
  })

  test('nothing is said of a time that was cancelled or moved away from; the new time is', async () => {
    const cancelled = await book(4)
    await cancelAppointment(house.session(), cancelled.id)
    const before = await book(5)
    const after = await updateAppointment(house.session(), before.id, { startsAt: new Date('2027-03-05T14:00:00Z') })
    sent = []
    await run('booking.confirm', payloadOf(cancelled))
    await run('booking.remind', payloadOf(before))
    expect(sent).toEqual([])
    await run('booking.confirm', payloadOf(after))
    expect(sent.map(({ text }) => text)).toEqual(['Your appointment has been moved to Friday 5 March 2027 at 14:00.'])
    expect((await queued(after)).filter(({ name }) => name === 'booking.remind')).toHaveLength(2)
  })

  test('a note or a confirmation leaves the reminder standing', async () => {
    const appointment = await book(8)
    await updateAppointment(house.session(), appointment.id, { notes: 'Bring the form', status: 'confirmed' })
    sent = []
    await run('booking.remind', payloadOf(appointment))
    expect(sent).toHaveLength(1)
  })

  test('a reminder that comes after the start is not sent', async () => {
    const appointment = await book(9)
    clock.set('2027-03-09T10:00:01Z')
    sent = []
    await run('booking.remind', payloadOf(appointment))
    clock.set('2026-11-23T08:00:00Z')
    expect(sent).toEqual([])
  })

  test('the time said is the wall clock’s, in summer too', async () => {
    const contact = await findOrCreateContact(house.session(), { fullName: 'John Smith', mobile: '+447700900001' })
    const rest = {
      durationMin: null,
      resourceId: null,
      service: 'Check-up',
      notes: null,
      forName: null,
      source: 'api',
      callId: null,
    } as const
    const appointment = await bookAppointment(house.session(), {
      contactId: contact.id,
      startsAt: new Date('2027-06-01T09:00:00Z'),
      ...rest,
    })
    sent = []
    await run('booking.confirm', payloadOf(appointment))
    expect(sent[0]?.text).toBe('Your appointment (Check-up) is booked for Tuesday 1 June 2027 at 10:00.')
  })

  test('without a number, or where the organisation wants none, nothing is scheduled', async () => {
    expect(await queued(await book(10, null))).toEqual([])
    await setCalendar(house.session(), { ...usualCalendar, confirmBySms: false, remindBeforeMin: 60 })
    const later = await queued(await book(11))
    expect(later.map(({ name, runAt }) => [name, runAt])).toEqual([['booking.remind', new Date('2027-03-11T09:00:00Z')]])
    await setCalendar(house.session(), { ...usualCalendar, remindBeforeMin: null })
    expect((await queued(await book(12))).map(({ name }) => name)).toEqual(['booking.confirm'])
  })
})
