import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Calendar, minuteMs, openingsOf, type Span } from './calendar.ts'
import { usualCalendar } from './calendars.ts'
import { type Book, freeSlots, nearestSlots, onGrid, openBook, slotAt, vacancyOf, withBuffers } from './slots.ts'

const at = (iso: string): number => Date.parse(iso)
const dayMs = 24 * 60 * minuteMs
const everyDay = (...openings: [string, string][]) => Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((weekday) => [weekday, openings]))
const usual: Calendar = { ...usualCalendar, holidays: [] }
const bookOf = (calendar: Calendar, taken: (Span & { resourceId: number })[] = [], resources = [1]): Book =>
  openBook(calendar, resources, taken)
const free = (calendar: Calendar, from: string, to: string, now = '2026-01-01T00:00:00Z', durationMin = 30) =>
  freeSlots(bookOf(calendar), { between: { start: at(from), end: at(to) }, durationMin, now: at(now), limit: Number.POSITIVE_INFINITY })
const hoursOpen = (calendar: Calendar, day: string): number =>
  openingsOf(calendar, Temporal.PlainDate.from(day)).reduce((sum, { start, end }) => sum + (end - start) / 3_600_000, 0)

describe('days on which the clocks change', () => {
  const always: Calendar = { ...usual, openingHours: everyDay(['00:00', '24:00']), minNoticeMin: 0 }

  test('a day has 23, 24 or 25 hours', () => {
    expect(hoursOpen(always, '2026-03-29')).toBe(23)
    expect(hoursOpen(always, '2026-03-30')).toBe(24)
    expect(hoursOpen(always, '2026-10-25')).toBe(25)
  })

  test('a slot in the hour that is skipped does not exist', () => {
    const starts = free(always, '2026-03-29T00:00:00Z', '2026-03-29T03:00:00Z').map(({ localStart }) => localStart.slice(11))
    expect(starts).toEqual(['00:00', '00:15', '00:30', '00:45', '02:00', '02:15', '02:30', '02:45', '03:00', '03:15', '03:30', '03:45'])
  })

  test('the hour that is repeated is there twice, as different instants', () => {
    const slots = free(always, '2026-10-25T00:00:00Z', '2026-10-25T02:00:00Z')
    expect(slots.map(({ localStart }) => localStart.slice(11))).toEqual([
      '01:00',
      '01:15',
      '01:30',
      '01:45',
      '01:00',
      '01:15',
      '01:30',
      '01:45',
    ])
    expect(new Set(slots.map(({ start }) => start)).size).toBe(8)
  })

  test('opening in the skipped hour begins with the skip; closing in the repeated hour ends with the second time', () => {
    const night: Calendar = { ...usual, openingHours: everyDay(['01:30', '04:00']) }
    expect(hoursOpen(night, '2026-03-29')).toBe(2)
    const early: Calendar = { ...usual, openingHours: everyDay(['00:00', '01:30']) }
    expect(hoursOpen(early, '2026-10-25')).toBe(2.5)
  })

  test('nine in the morning stays nine in the morning', () => {
    const starts = ['2026-03-27', '2026-03-30', '2026-10-23', '2026-10-26'].map(
      (day) => openingsOf(usual, Temporal.PlainDate.from(day))[0]?.start,
    )
    expect(starts).toEqual([at('2026-03-27T09:00Z'), at('2026-03-30T08:00Z'), at('2026-10-23T08:00Z'), at('2026-10-26T09:00Z')])
  })

  test('an opening past midnight belongs to the day on which it begins', () => {
    const bar: Calendar = { ...usual, openingHours: { 5: [['20:00', '02:00']] } }
    const starts = free(bar, '2026-06-05T00:00:00Z', '2026-06-07T00:00:00Z').map(({ localStart }) => localStart)
    expect([starts[0], starts.at(-1)]).toEqual(['2026-06-05T20:00', '2026-06-06T01:30'])
  })
})

describe('what may be booked', () => {
  const now = at('2026-11-23T09:00:00Z')
  const vacancy = (start: string, calendar = usual, durationMin = 30) =>
    vacancyOf(bookOf(calendar), slotAt(at(start), durationMin), now).vacancy

  test.each([
    ['2026-11-23T08:59:00Z', 'past'],
    ['2026-11-23T10:59:00Z', 'too_soon'],
    ['2026-11-23T11:00:00Z', 'free'],
    ['2026-11-23T17:00:00Z', 'free'],
    ['2026-11-23T17:01:00Z', 'closed'],
    ['2026-11-28T10:00:00Z', 'closed'],
    ['2027-12-27T09:00:00Z', 'free'],
    ['2027-12-28T09:01:00Z', 'too_far'],
  ])('%s is %s', (start, expected) => {
    expect(vacancy(start)).toBe(expected)
  })

  test('a holiday is closed', () => {
    const calendar = { ...usual, holidays: ['2026-12-25'] }
    expect([vacancy('2026-12-24T10:00:00Z', calendar), vacancy('2026-12-25T10:00:00Z', calendar)]).toEqual(['free', 'closed'])
  })

  test('two openings that meet hold one appointment across the seam', () => {
    const calendar = { ...usual, openingHours: everyDay(['09:00', '12:00'], ['12:00', '17:00']) }
    expect(vacancy('2026-12-01T11:45:00Z', calendar)).toBe('free')
    const lunch = { ...usual, openingHours: everyDay(['09:00', '12:00'], ['13:00', '17:00']) }
    expect(vacancy('2026-12-01T11:45:00Z', lunch)).toBe('closed')
  })

  test('buffers keep the neighbours away, on the same resource alone', () => {
    const calendar = { ...usual, bufferBeforeMin: 10, bufferAfterMin: 5 }
    const taken = { ...withBuffers(calendar, slotAt(at('2026-12-01T10:00:00Z'), 30)), resourceId: 1 }
    const verdict = (time: string, resources: number[]) =>
      vacancyOf(bookOf(calendar, [taken], resources), slotAt(at(`2026-12-01T${time}:00Z`), 30), now)
    expect(verdict('10:44', [1]).vacancy).toBe('taken')
    expect(verdict('10:45', [1]).vacancy).toBe('free')
    expect(verdict('09:16', [1]).vacancy).toBe('taken')
    expect(verdict('09:15', [1]).vacancy).toBe('free')
    expect(verdict('10:00', [1, 2])).toEqual({ vacancy: 'free', resourceId: 2 })
  })

  test('of the nearest slots none left out is nearer than one named', () => {
    const slots = free(usual, '2026-11-24T00:00:00Z', '2026-11-27T00:00:00Z')
    const wanted = at('2026-11-25T12:10:00Z')
    const nearest = nearestSlots(slots, wanted, 5)
    const distance = ({ start }: Span) => Math.abs(start - wanted)
    const furthestNamed = Math.max(...nearest.map(distance))
    expect(slots.filter((slot) => distance(slot) < furthestNamed).length).toBeLessThanOrEqual(5)
    expect(nearest.map(({ localStart }) => localStart.slice(11))).toEqual(['12:15', '12:00', '12:30', '11:45', '12:45'])
  })
})

describe('whatever the calendar', () => {
  const minute = fc.integer({ min: 0, max: 24 * 60 - 1 })
  const clock = (total: number) => `${String(Math.trunc(total / 60)).padStart(2, '0')}:${String(total % 60).padStart(2, '0')}`
  const openings = fc
    .array(fc.tuple(minute, minute), { maxLength: 3 })
    .map((pairs) => pairs.map(([a, b]) => [clock(a), clock(b)] as [string, string]))
  const calendars: fc.Arbitrary<Calendar> = fc.record({
    timezone: fc.constantFrom('Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia', 'UTC'),
    openingHours: fc
      .array(openings, { minLength: 7, maxLength: 7 })
      .map((days) => Object.fromEntries(days.map((day, index) => [index + 1, day]))),
    holidays: fc.array(
      fc.integer({ min: 1, max: 28 }).map((day) => `2026-03-${String(day).padStart(2, '0')}`),
      { maxLength: 3 },
    ),
    slotMinutes: fc.constantFrom(5, 10, 15, 25, 60),
    defaultDurationMin: fc.constant(30),
    minNoticeMin: fc.integer({ min: 0, max: 3000 }),
    maxAheadDays: fc.integer({ min: 0, max: 60 }),
    bufferBeforeMin: fc.integer({ min: 0, max: 60 }),
    bufferAfterMin: fc.integer({ min: 0, max: 60 }),
  })
  /** From the fortnight around both of the year's clock changes, in either hemisphere. */
  const moment = fc
    .integer({ min: at('2026-03-01T00:00:00Z') / minuteMs, max: at('2026-04-12T00:00:00Z') / minuteMs })
    .map((minutes) => minutes * minuteMs)
  const taken = fc.array(
    fc
      .record({ start: moment, length: fc.integer({ min: 5, max: 300 }), resourceId: fc.constantFrom(1, 2) })
      .map(({ start, length, resourceId }) => ({
        start,
        end: start + length * minuteMs,
        resourceId,
      })),
    { maxLength: 40 },
  )
  const cases = fc.record({
    calendar: calendars,
    taken,
    from: moment,
    now: moment,
    days: fc.integer({ min: 1, max: 8 }),
    durationMin: fc.integer({ min: 5, max: 240 }),
  })
  const offered = ({ calendar, taken, from, now, days, durationMin }: typeof cases extends fc.Arbitrary<infer C> ? C : never) => {
    const book = bookOf(calendar, taken, [1, 2])
    const between = { start: from, end: from + days * dayMs }
    return { book, between, slots: freeSlots(book, { between, durationMin, now, limit: Number.POSITIVE_INFINITY }) }
  }

  test('every slot on offer can be booked, lies on the grid and within what was asked', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const { book, between, slots } = offered(given)
        for (const slot of slots) {
          expect(vacancyOf(book, slot, given.now).vacancy).toBe('free')
          expect(slot.end - slot.start).toBe(given.durationMin * minuteMs)
          expect(slot.start >= between.start && slot.start < between.end).toBe(true)
          expect(onGrid(given.calendar, slot.start)).toBe(true)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('slots ascend without repeats, and a limit takes the first of them', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const { book, between, slots } = offered(given)
        const starts = slots.map(({ start }) => start)
        expect(starts).toEqual([...new Set(starts)].toSorted((a, b) => a - b))
        const { durationMin, now } = given
        expect(freeSlots(book, { between, durationMin, now, limit: 3 })).toEqual(slots.slice(0, 3))
      }),
      { numRuns: 100 },
    )
  })

  test('asking for two stretches gives what asking for both at once gives', () => {
    fc.assert(
      fc.property(cases, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const { book, between, slots } = offered(given)
        const middle = between.start + Math.round(share * (between.end - between.start))
        const part = (start: number, end: number) =>
          freeSlots(book, { between: { start, end }, durationMin: given.durationMin, now: given.now, limit: Number.POSITIVE_INFINITY })
        expect([...part(between.start, middle), ...part(middle, between.end)]).toEqual(slots)
      }),
      { numRuns: 100 },
    )
  })

  test('a slot that was on offer touches nothing that is taken on its resource, buffers included', () => {
    fc.assert(
      fc.property(cases, (given) => {
        for (const slot of offered(given).slots) {
          const busy = withBuffers(given.calendar, slot)
          const touched = given.taken.filter(
            ({ resourceId, start, end }) => resourceId === slot.resourceId && start < busy.end && end > busy.start,
          )
          expect(touched).toEqual([])
        }
      }),
      { numRuns: 100 },
    )
  })

  test('a free minute is within the openings, after the notice and within reach: told again without the code’s own means', () => {
    fc.assert(
      fc.property(cases, moment, (given, start) => {
        const { calendar, now, durationMin } = given
        // In a half hour that is repeated, one wall-clock minute is two: the wall clock alone cannot tell.
        fc.pre(calendar.timezone !== 'Australia/Lord_Howe')
        const { vacancy, resourceId } = vacancyOf(bookOf(calendar, given.taken, [1, 2]), slotAt(start, durationMin), now)
        const minutes = Array.from({ length: durationMin }, (_, index) => start + index * minuteMs)
        const open = minutes.every((time) => isOpenMinute(calendar, time))
        if (vacancy === 'free')
          expect([open, start >= now + calendar.minNoticeMin * minuteMs, resourceId !== null]).toEqual([true, true, true])
        if (vacancy === 'closed') expect(open).toBe(false)
      }),
      { numRuns: 60 },
    )
  })
})

/** By the wall clock of one minute: today's openings, and yesterday's that run past midnight. */
function isOpenMinute(calendar: Calendar, time: number): boolean {
  const local = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(calendar.timezone)
  const wall = local.toPlainTime().toString({ smallestUnit: 'minute' })
  const on = (day: Temporal.PlainDate) => (calendar.holidays.includes(day.toString()) ? [] : (calendar.openingHours[day.dayOfWeek] ?? []))
  const today = on(local.toPlainDate()).some(([from, to]) => (to > from ? wall >= from && wall < to : wall >= from))
  return today || on(local.toPlainDate().subtract({ days: 1 })).some(([from, to]) => to <= from && wall < to)
}
