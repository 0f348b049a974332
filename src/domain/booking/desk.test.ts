import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { movableClock } from '../../platform/time/index.ts'
import { findOrCreateContact } from '../contacts/index.ts'
import type { Desk } from '../conversation/ports.ts'
import { bookAppointment, getAppointment, updateAppointment } from './appointments.ts'
import { type Caller, openDesk } from './desk.ts'

let house: TestHouse
let owner: pg.Pool
beforeAll(async () => {
  house = await openTestHouse({ clock: movableClock('2026-11-23T08:00:00Z') })
  owner = new pg.Pool({ connectionString: house.databaseUrl, max: 2 })
})
afterAll(async () => {
  await owner.end()
  await house.close()
})

const john: Caller = { contact: null, callId: null, callerNumber: '+447700900001' }
const atDesk = <T>(work: (desk: Desk) => Promise<T>, caller: Caller = john): Promise<T> =>
  house.session().write(async (tx) => work(await openDesk(tx, caller)))

describe('the desk, as a caller reaches it', () => {
  test('a booking makes the caller known by number and name', async () => {
    expect(await atDesk((desk) => desk.callerName())).toBeNull()
    const booking = await atDesk((desk) => desk.book({ fullName: 'John Smith', startsAt: '2026-12-01T10:00:00Z' }))
    expect(booking).toEqual({
      id: expect.any(Number),
      startsAt: '2026-12-01T10:00:00Z',
      localStart: '2026-12-01T10:00',
      durationMin: 30,
      service: null,
      fullName: 'John Smith',
    })
    expect(await atDesk((desk) => desk.callerName())).toBe('John Smith')
    expect(await atDesk((desk) => desk.bookingsOfCaller())).toEqual([booking])
  })

  test('a booking for somebody else from the same number carries their name and leaves the caller theirs', async () => {
    const booking = await atDesk((desk) => desk.book({ fullName: 'Mary Smith', startsAt: '2026-12-01T11:00:00Z' }))
    expect(booking).toMatchObject({ fullName: 'Mary Smith' })
    expect(await atDesk((desk) => desk.callerName())).toBe('John Smith')
  })

  test('a withheld number books all the same', async () => {
    const hidden: Caller = { contact: null, callId: null, callerNumber: null }
    expect(await atDesk((desk) => desk.book({ fullName: 'Somebody', startsAt: '2026-12-01T12:00:00Z' }), hidden)).toMatchObject({
      fullName: 'Somebody',
    })
    expect(await atDesk((desk) => desk.bookingsOfCaller(), hidden)).toEqual([])
  })

  test('a taken time is a word, and the same transaction books another', async () => {
    const [first, second] = await atDesk(async (desk) => [
      await desk.book({ fullName: 'John Smith', startsAt: '2026-12-01T10:00:00Z' }),
      await desk.book({ fullName: 'John Smith', startsAt: '2026-12-01T10:30:00Z' }),
    ])
    expect([first, second]).toEqual(['taken', expect.objectContaining({ startsAt: '2026-12-01T10:30:00Z' })])
    const again = await atDesk((desk) => desk.bookingsOfCaller())
    expect(again.map(({ startsAt }) => startsAt)).toContain('2026-12-01T10:30:00Z')
  })

  test('a new caller whose booking fails is not kept', async () => {
    const stranger: Caller = { contact: null, callId: null, callerNumber: '+447700900002' }
    expect(await atDesk((desk) => desk.book({ fullName: 'Stranger', startsAt: '2026-12-01T10:00:00Z' }), stranger)).toBe('taken')
    expect(await atDesk((desk) => desk.callerName(), stranger)).toBeNull()
  })

  test('two callers who want one time at once: one has it, the other is told', async () => {
    const callers = Array.from(
      { length: 12 },
      (_, index): Caller => ({ ...john, callerNumber: `+4477009001${String(index).padStart(2, '0')}` }),
    )
    const answers = await Promise.all(
      callers.map((caller) => atDesk((desk) => desk.book({ fullName: 'Racer', startsAt: '2026-12-02T10:00:00Z' }), caller)),
    )
    expect(answers.filter((answer) => answer !== 'taken')).toHaveLength(1)
  })

  test.each([
    ['2026-12-03T10:00:00Z', 'free'],
    ['2026-12-03T10:10:00Z', 'taken'],
    ['2026-12-01T10:15:00Z', 'taken'],
    ['2026-12-05T10:00:00Z', 'closed'],
    ['2026-11-23T09:00:00Z', 'too_soon'],
    ['2028-12-05T10:00:00Z', 'too_far'],
    ['2026-11-02T10:00:00Z', 'past'],
  ])('%s is %s', async (startsAt, vacancy) => {
    expect(await atDesk((desk) => desk.check(startsAt))).toBe(vacancy)
  })

  test('free slots come soonest first, over any stretch of time, as many as were asked for', async () => {
    const slots = await atDesk((desk) => desk.freeSlots({ from: '2026-11-23T00:00:00Z', to: '2099-01-01T00:00:00Z', limit: 40 }))
    expect(slots).toHaveLength(40)
    expect(slots[0]).toEqual({
      startsAt: '2026-11-23T10:00:00Z',
      endsAt: '2026-11-23T10:30:00Z',
      localStart: '2026-11-23T10:00',
      resourceId: expect.any(Number),
    })
    expect(slots.map(({ startsAt }) => startsAt)).toEqual(slots.map(({ startsAt }) => startsAt).toSorted())
    const none = await atDesk((desk) => desk.freeSlots({ from: '2030-01-01T00:00:00Z', to: '2031-01-01T00:00:00Z', limit: 3 }))
    expect(none).toEqual([])
  })

  test('the nearest slots lie on either side', async () => {
    const nearest = await atDesk((desk) => desk.nearest('2026-12-03T12:00:00Z', 3))
    expect(nearest.map(({ localStart }) => localStart)).toEqual(['2026-12-03T12:00', '2026-12-03T11:45', '2026-12-03T12:15'])
  })

  test('a move and a cancellation reach the caller’s own bookings alone', async () => {
    const booking = await atDesk((desk) => desk.book({ fullName: 'John Smith', startsAt: '2026-12-04T10:00:00Z' }))
    if (booking === 'taken') throw new Error('the slot was taken')
    const thief: Caller = { ...john, callerNumber: '+447700900009' }
    await expect(atDesk((desk) => desk.cancel(booking.id), thief)).rejects.toMatchObject({ code: 'appointment_not_found' })
    await expect(atDesk((desk) => desk.move(booking.id, '2026-12-04T15:00:00Z'), thief)).rejects.toMatchObject({
      code: 'appointment_not_found',
    })
    expect(await atDesk((desk) => desk.move(booking.id, '2026-12-01T10:00:00Z'))).toBe('taken')
    expect(await atDesk((desk) => desk.move(booking.id, '2026-12-04T15:00:00Z'))).toMatchObject({
      id: booking.id,
      localStart: '2026-12-04T15:00',
    })
    await atDesk((desk) => desk.cancel(booking.id))
    expect(await getAppointment(house.session(), booking.id)).toMatchObject({ status: 'cancelled' })
  })
})

describe('the judge', () => {
  const wishOfJohn = async () => {
    const contact = await findOrCreateContact(house.session(), { fullName: 'John Smith', mobile: '+447700900001' })
    const none = { resourceId: null, service: null, notes: null, forName: null, callId: null } as const
    return { contact, wish: { ...none, contactId: contact.id, durationMin: 30, source: 'api' } as const }
  }
  const waitingForHours = async () => {
    const { rows } = await owner.query<{ count: string }>(
      `SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`,
    )
    return Number(rows[0]?.count)
  }

  test('the database refuses what the rules would not have seen', async () => {
    const { contact, wish } = await wishOfJohn()
    const { resourceId } = await bookAppointment(house.session(), { ...wish, startsAt: new Date('2026-12-08T10:00:00Z') })
    const overlap = house.house.database.pool.query(
      `SELECT set_config('app.organization_id', '100', false);
       INSERT INTO booking.appointments (organization_id, contact_id, resource_id, starts_at, ends_at, busy, source, created_at, updated_at)
       VALUES (100, ${contact.id}, ${resourceId}, '2026-12-08T10:15Z', '2026-12-08T10:45Z', '[2026-12-08T10:15Z,2026-12-08T10:45Z)', 'api', now(), now())`,
    )
    await expect(overlap).rejects.toMatchObject({ constraint: 'no_double_booking' })
  })

  test('200 bookings of one slot at once, without HTTP: one stands, 199 are offered five others, none fails otherwise', async () => {
    const { wish } = await wishOfJohn()
    const one = { ...wish, durationMin: 45, startsAt: new Date('2026-12-09T10:00:00Z') }
    const outcomes = await Promise.allSettled(Array.from({ length: 200 }, () => bookAppointment(house.session(), one)))
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(refusals).toHaveLength(199)
    for (const refusal of refusals)
      expect(refusal).toMatchObject({ code: 'appointment_conflict', details: { extra: { alternatives: { length: 5 } } } })
  })

  test('who books other hours does not wait for a booking that is not committed; who wants the same hears what became of it', async () => {
    const { wish } = await wishOfJohn()
    const at = (time: string) => bookAppointment(house.session(), { ...wish, startsAt: new Date(`2026-12-10T${time}:00Z`) })
    const { promise: told, resolve: tell } = Promise.withResolvers<void>()
    const { promise: booked, resolve: begun } = Promise.withResolvers<void>()
    const first = house.session().write(async (tx) => {
      await bookAppointment(tx, { ...wish, startsAt: new Date('2026-12-10T10:00:00Z') })
      begun()
      await told
    })
    await booked
    await at('14:00')
    const same = at('10:15').catch((error: unknown) => error)
    await expect.poll(waitingForHours).toBe(1)
    await at('16:00')
    tell()
    await first
    expect(await same).toMatchObject({ code: 'appointment_conflict' })
  })

  test('bookings and moves of any length at once: nobody fails but for a time that is taken, and nothing overlaps', async () => {
    const { wish } = await wishOfJohn()
    const day = 24 * 60 * 60_000
    const time = (index: number) => new Date(Date.parse('2026-12-14T09:00:00Z') + (index % 4) * day + (index % 31) * 15 * 60_000)
    const length = (index: number) => [15, 30, 75, 150][index % 4] ?? 30
    const outcomes = await Promise.allSettled(
      Array.from({ length: 120 }, async (_, index) => {
        const { id } = await bookAppointment(house.session(), { ...wish, durationMin: length(index), startsAt: time(index) })
        await updateAppointment(house.session(), id, { startsAt: time(index * 7 + 3), durationMin: length(index + 1) })
      }),
    )
    const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : []))
    expect(codes.filter((code) => !['appointment_conflict', 'outside_opening_hours'].includes(code))).toEqual([])
    expect(codes.length).toBeLessThan(120)
    const { rows } = await owner.query(
      `SELECT a.id FROM booking.appointments a JOIN booking.appointments b ON a.organization_id = b.organization_id AND a.resource_id = b.resource_id
        WHERE a.id < b.id AND a.busy && b.busy AND a.status <> 'cancelled' AND b.status <> 'cancelled'`,
    )
    expect(rows).toEqual([])
  })
})
