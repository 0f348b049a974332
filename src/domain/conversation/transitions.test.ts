// Walks the table: no phase is deaf to an event, none is a dead end, and no conversation goes on for ever.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { greet, respond } from './dialogue.ts'
import type { Booking, DayWish, Desk, Heard, Slot, TimeWish, Understood, Vacancy } from './ports.ts'
import { intents, nothingUnderstood } from './ports.ts'
import { phases } from './state.ts'
import { type Event, events, transitions } from './transitions.ts'

const now = '2026-11-18T10:00:00Z'
const slot = (hour: number): Slot => ({
  startsAt: `2026-11-24T${hour}:00:00Z`,
  endsAt: `2026-11-24T${hour}:30:00Z`,
  localStart: `2026-11-24T${hour}:00`,
  resourceId: 1,
})
const booking = (id: number): Booking => ({
  id,
  startsAt: `2026-12-0${id}T10:00:00Z`,
  localStart: `2026-12-0${id}T10:00`,
  durationMin: 30,
  service: null,
  fullName: null,
})

interface Answers {
  vacancy: Vacancy
  free: number
  near: number
  bookings: number
  taken: boolean
}

/** A desk that answers as it is told, and counts what is done in it. */
function deskThat(answers: Answers): Desk & { done: string[] } {
  const done: string[] = []
  const slots = [slot(10), slot(12), slot(14), slot(16)]
  return {
    timezone: 'Europe/London',
    done,
    freeSlots: async () => slots.slice(0, answers.free),
    check: async () => answers.vacancy,
    nearest: async () => slots.slice(0, answers.near),
    book: async ({ fullName, startsAt }) => {
      done.push('book')
      return answers.taken ? 'taken' : { ...booking(9), startsAt, localStart: '2026-11-24T10:00', fullName }
    },
    bookingsOfCaller: async () => [booking(1), booking(2), booking(3)].slice(0, answers.bookings),
    cancel: async () => {
      done.push('cancel')
    },
    move: async (id, startsAt) => {
      done.push('move')
      return answers.taken ? 'taken' : { ...booking(id), startsAt }
    },
    callerName: async () => null,
  }
}

const anyDesk = fc.record({
  vacancy: fc.constantFrom<Vacancy>('free', 'taken', 'closed', 'too_soon', 'too_far', 'past'),
  free: fc.integer({ min: 0, max: 4 }),
  near: fc.integer({ min: 0, max: 3 }),
  bookings: fc.integer({ min: 0, max: 3 }),
  taken: fc.boolean(),
})

const clock = fc.record({ minutes: fc.integer({ min: 0, max: 719 }), open: fc.boolean() })
const anyTime: fc.Arbitrary<TimeWish> = fc.oneof(
  fc.constantFrom<TimeWish>(
    { kind: 'earlier' },
    { kind: 'later' },
    { kind: 'same' },
    { kind: 'any' },
    { kind: 'first' },
    { kind: 'last' },
    { kind: 'part', part: 'morning' },
  ),
  clock.map((at): TimeWish => ({ kind: 'at', at })),
  clock.map((from): TimeWish => ({ kind: 'after', from })),
  fc.record({ from: clock, to: clock }).map((both): TimeWish => ({ kind: 'between', ...both })),
  fc.integer({ min: -600, max: 600 }).map((minutes): TimeWish => ({ kind: 'shift', minutes })),
)
const anyDay: fc.Arbitrary<DayWish> = fc.oneof(
  fc.constantFrom('2026-11-24', '2026-11-18', '2020-01-01', '2099-12-31').map((date): DayWish => ({ kind: 'date', date })),
  fc.constantFrom<DayWish>({ kind: 'soonest' }, { kind: 'any' }, { kind: 'same' }, { kind: 'other' }, { kind: 'not', weekdays: [2] }),
  fc.constantFrom<DayWish>({ kind: 'dates', dates: ['2026-11-24', '2026-11-25'] }, { kind: 'range', from: '2026-11-23', to: '2026-11-29' }),
  fc.integer({ min: -40, max: 40 }).map((days): DayWish => ({ kind: 'shift', days })),
)
const anyUnderstood: fc.Arbitrary<Understood> = fc.record({
  intent: fc.option(fc.constantFrom(...intents)),
  name: fc.option(fc.constantFrom('Ann', 'Ann Lee', 'Anne')),
  day: fc.option(anyDay),
  time: fc.option(anyTime),
  choice: fc.option(fc.integer({ min: -1, max: 5 })),
  about: fc.option(fc.constantFrom('name' as const, 'day' as const, 'time' as const)),
  corrections: fc.boolean(),
  confidence: fc.constant(1),
})
const oneThing: fc.Arbitrary<Understood> = fc.oneof(
  fc.constantFrom(...intents).map((intent) => ({ ...nothingUnderstood, intent })),
  fc.constant({ ...nothingUnderstood, name: 'Ann Lee' }),
  anyDay.map((day) => ({ ...nothingUnderstood, day })),
  anyTime.map((time) => ({ ...nothingUnderstood, time })),
)
const silence: Heard = { kind: 'silence' }
const anyTurn = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .oneof(anyUnderstood, oneThing)
      .map((understood) => ({ heard: { kind: 'speech', text: 'x', confidence: 0.9 } as Heard, understood })),
  },
  { weight: 1, arbitrary: fc.constant({ heard: silence, understood: nothingUnderstood }) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('1', '2', '3', '0', '9', '*', '#', '11', '1430', '987654')
      .map((digits) => ({ heard: { kind: 'digits', digits } as Heard, understood: nothingUnderstood })),
  },
)

const understandingOf = (understood: Understood) => ({ name: 'told', extract: async () => understood })

describe('the table', () => {
  test('every phase answers every event', () => {
    for (const phase of phases.filter((one) => one !== 'ended')) {
      expect(Object.keys(transitions[phase]).toSorted(), phase).toEqual([...events].toSorted())
    }
  })

  test('from every phase the end can be reached, and every phase from the opening', () => {
    const next = (from: string): string[] =>
      from === 'ended' ? [] : events.flatMap((event: Event) => [...(transitions[from as 'open']?.[event].to ?? [])])
    const reach = (from: string): Set<string> => {
      const seen = new Set([from])
      for (const phase of seen) for (const to of next(phase)) seen.add(to)
      return seen
    }
    for (const phase of phases) expect(reach(phase).has('ended'), phase).toBe(true)
    expect([...reach('open')].toSorted()).toEqual([...phases].toSorted())
  })

  test('whatever is said, the next phase is one that the table names, and the caller always hears something', async () => {
    await fc.assert(
      fc.asyncProperty(anyDesk, fc.array(anyTurn, { minLength: 1, maxLength: 25 }), async (answers, turns) => {
        const desk = deskThat(answers)
        let state = greet({ language: 'en', organizationName: 'Harbour', callerName: null }).state
        for (const { heard, understood } of turns) {
          const before = state.phase
          const step = await respond({ state, heard, now, desk, understanding: understandingOf(understood) })
          state = JSON.parse(JSON.stringify(step.state))
          const allowed = before === 'ended' ? ['ended'] : new Set(events.flatMap((event) => [...transitions[before][event].to]))
          expect([...allowed]).toContain(state.phase)
          expect(step.instructions.at(-1)?.text.length).toBeGreaterThan(5)
          expect(JSON.stringify(step.instructions)).not.toMatch(/\{\w+\}|undefined|NaN|null/)
          expect(step.state.phase === 'ended').toBe(step.instructions.at(-1)?.do !== 'listen')
        }
      }),
      { numRuns: 1500 },
    )
  })

  test('nothing is done in the book but after a read-back that was answered with yes', async () => {
    await fc.assert(
      fc.asyncProperty(anyDesk, fc.array(anyTurn, { minLength: 1, maxLength: 25 }), async (answers, turns) => {
        const desk = deskThat(answers)
        let state = greet({ language: 'en', organizationName: 'Harbour', callerName: null }).state
        for (const { heard, understood } of turns) {
          const before = { phase: state.phase, asked: state.asked, count: desk.done.length, name: state.fullName }
          const step = await respond({ state, heard, now, desk, understanding: understandingOf(understood) })
          if (desk.done.length > before.count) {
            expect(['confirm', 'confirm_cancel']).toContain(before.phase)
            const confirms =
              heard.kind === 'digits'
                ? heard.digits.startsWith('1')
                : understood.intent === 'yes' || (before.phase === 'confirm_cancel' && understood.intent === 'cancel')
            expect(confirms).toBe(true)
            expect(before.asked).toMatch(/the \d+(st|nd|rd|th) of \w+.* at /)
            if (desk.done.at(-1) === 'book') expect(before.asked).toContain(before.name)
            expect(desk.done.length).toBe(before.count + 1)
          }
          state = step.state
        }
      }),
      { numRuns: 1500 },
    )
  })

  test('every conversation ends, however long the caller goes on', async () => {
    await fc.assert(
      fc.asyncProperty(anyDesk, fc.array(anyTurn, { minLength: 62, maxLength: 62 }), async (answers, turns) => {
        const desk = deskThat(answers)
        let state = greet({ language: 'en', organizationName: 'Harbour', callerName: null }).state
        for (const { heard, understood } of turns)
          state = (await respond({ state, heard, now, desk, understanding: understandingOf(understood) })).state
        expect(state.phase).toBe('ended')
      }),
      { numRuns: 100 },
    )
  })

  test('a call that has ended stays ended', async () => {
    const desk = deskThat({ vacancy: 'free', free: 4, near: 3, bookings: 1, taken: false })
    const opened = greet({ language: 'en', organizationName: 'Harbour', callerName: null }).state
    const goodbye = await respond({
      state: opened,
      heard: { kind: 'digits', digits: '0' },
      now,
      desk,
      understanding: understandingOf(nothingUnderstood),
    })
    const again = await respond({
      state: goodbye.state,
      heard: { kind: 'digits', digits: '1' },
      now,
      desk,
      understanding: understandingOf(nothingUnderstood),
    })
    expect(again).toMatchObject({ state: { phase: 'ended' }, instructions: [{ do: 'hangup' }], outcome: 'transferred' })
    expect(desk.done).toEqual([])
  })
})
