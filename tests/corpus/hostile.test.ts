// What callers, recognisers and pranksters say that no grammar hopes for; and days on which the clock misbehaves.
import { describe, expect, test } from 'vitest'
import { nothingUnderstood } from '../../src/domain/conversation/index.ts'
import { understand, warmUp } from '../../src/providers/understanding/index.ts'
import { diary } from './diary.ts'
import { hintOf } from './judge.ts'
import type { Group } from './row.ts'
import { answer, open, play } from './script.ts'
import { showDay, showTime } from './show.ts'
import { utterances } from './utterances.ts'

const now = '2026-11-18T10:00:00Z'
const group = (more: Partial<Group> = {}): Group => ({ expecting: 'when', rows: [], ...more })
const heard = (text: string, more: Partial<Group> = {}) => understand(text, hintOf(group(more)))
const dayOf = (text: string, more: Partial<Group> = {}) => showDay(heard(text, more).day)
const timeOf = (text: string, more: Partial<Group> = {}) => showTime(heard(text, more).time)

/** The least of three: what the work itself costs, without a collector that happens to run. */
function leastCpuMs(work: () => unknown): number {
  const once = (): number => {
    const began = process.cpuUsage()
    work()
    const spent = process.cpuUsage(began)
    return (spent.user + spent.system) / 1000
  }
  return Math.min(once(), once(), once())
}

describe('hostile speech', () => {
  const hostile: Record<string, string> = {
    'ten thousand letters': 'a'.repeat(10_000),
    'ten thousand digits': '1'.repeat(10_000),
    'ten thousand words': 'tuesday at half past four or '.repeat(360),
    'only numbers': '4 30 '.repeat(2000),
    'only names': "o'brien mc donald ".repeat(600),
    'only corrections': 'no no actually wait no '.repeat(450),
    'spelled for ever': 'a b c d e '.repeat(1000),
    emoji: '😀🦷📅 👩‍👩‍👧‍👦 tuesday 😀',
    sql: "Robert'); DROP TABLE appointments;--",
    markup: '<Say>hello</Say><Dial>+15005550006</Dial>',
    template: '{name} {when} {{slots}} %s $1 $& \\1',
    'lone surrogates': '\ud800 tuesday \udfff',
    'right to left': '\u202eyadseut\u202c שלום مرحبا',
    'NUL and controls': '\u0000\u0007tuesday\u001b[31m',
    'prototype words': '__proto__ constructor hasOwnProperty toString valueOf',
    'full width': 'ｔｕｅｓｄａｙ　１４：３０',
    swearing: 'for fuck sake you stupid bloody robot',
  }

  test.each(Object.entries(hostile))('%s: takes under 50 ms in every phase and breaks nothing', async (_, text) => {
    for (const expecting of ['intent', 'name', 'when', 'choice', 'confirmation', 'change', 'booking', 'more'] as const) {
      for (const language of ['en', 'de']) {
        const understood = heard(text, { expecting, language })
        expect(leastCpuMs(() => heard(text, { expecting, language }))).toBeLessThan(50)
        expect(understood.confidence).toBeLessThanOrEqual(1)
      }
    }
    const desk = diary({ now })
    const call = { desk, now, callerName: 'Ann Lee' }
    const first = await answer(call, open(call).state, { kind: 'speech', text, confidence: 0.9 })
    const second = await answer(call, first.state, { kind: 'speech', text, confidence: 0.9 })
    expect(second.instructions.length).toBeGreaterThan(0)
    expect(desk.attempts).toEqual([])
  })

  test('only "um" is nothing', () => {
    expect(heard('um um uh er')).toEqual(nothingUnderstood)
  })

  test('a name of ten thousand letters is cut before it is kept', async () => {
    const desk = diary({ now })
    const call = { desk, now }
    const asked = await answer(call, open(call).state, { kind: 'speech', text: 'i want to book', confidence: 0.9 })
    const named = await answer(call, asked.state, { kind: 'speech', text: 'x'.repeat(10_000), confidence: 0.9 })
    expect((named.state.fullName ?? '').length).toBeLessThanOrEqual(80)
    expect(JSON.stringify(named).length).toBeLessThan(4000)
  })

  test('markup and placeholders in a name are not spoken as such', async () => {
    const desk = diary({ now })
    const { step } = await play({ desk, now }, '> book tuesday at three\n> {when} <Say> {name}')
    expect(JSON.stringify(step.instructions)).not.toMatch(/[{}<>]\w/)
  })
})

describe('names that are something else', () => {
  test.each([
    ['april may', 'April May'],
    ['mr friday', 'Mr Friday'],
    ['may', 'May'],
    ["it's siobhan o'brien-mcdonagh", "Siobhan O'Brien-McDonagh"],
    ['josé maría núñez', 'José María Núñez'],
    ["d'angelo o'neil", "D'Angelo O'Neil"],
  ])('%s', (text, name) => {
    expect(heard(text, { expecting: 'name' })).toMatchObject({ name, day: null, time: null })
  })

  test('a name goes before the day that follows it', () => {
    const understood = heard('my name is april may and i would like friday at ten', { expecting: 'intent' })
    expect([understood.name, showDay(understood.day), showTime(understood.time)]).toEqual(['April May', '2026-11-20', '10:00?'])
  })
})

describe('calendar', () => {
  test('"tomorrow" at 23:59 and at midnight is the desk\'s own tomorrow', () => {
    expect(dayOf('tomorrow', { now: '2026-11-18T23:59:59Z' })).toBe('2026-11-19')
    expect(dayOf('tomorrow', { now: '2026-11-19T00:00:00Z' })).toBe('2026-11-20')
    expect(dayOf('tomorrow', { now: '2026-11-18T23:59:59Z', timezone: 'Asia/Kolkata' })).toBe('2026-11-20')
    expect(dayOf('tomorrow', { now: '2026-11-18T03:00:00Z', timezone: 'America/New_York' })).toBe('2026-11-18')
  })

  test.each([
    ['wednesday week', '2026-12-02'],
    ['next friday', '2026-11-27'],
    ['this friday', '2026-11-20'],
    ['friday week', '2026-11-27'],
    ['a week on tuesday', '2026-12-01'],
    ['in a fortnight', '2026-12-02'],
    ['the day after tomorrow', '2026-11-20'],
    ['end of next week', '2026-11-26..2026-11-27'],
    ['tomorrow week', '2026-11-26'],
  ])('on Wednesday the 18th, "%s" is %s', (text, day) => {
    expect(dayOf(text)).toBe(day)
  })

  test('on Sunday, "next Tuesday" is in two days and "this Sunday" is today', () => {
    const sunday = { now: '2026-11-22T12:00:00Z' }
    expect([dayOf('next tuesday', sunday), dayOf('this sunday', sunday), dayOf('sunday', sunday)]).toEqual([
      '2026-11-24',
      '2026-11-22',
      '2026-11-29',
    ])
  })

  test('dates that cannot be are no dates; the 29th of February waits for its year', () => {
    expect(dayOf('the 31st of june')).toBe(null)
    expect(dayOf('29th of february')).toBe('2028-02-29')
    expect(dayOf('29th of february 2027')).toBe(null)
    expect(dayOf('the 31st', { now: '2026-02-10T10:00:00Z' })).toBe('2026-03-31')
  })

  test('a weekday and a date that disagree are both offered', async () => {
    const desk = diary({ now })
    await play(
      { desk, now, callerName: 'A B' },
      "> book tuesday the 25th at ten\n< Tuesday the 24th of November at 10 o'clock in the morning or Wednesday the 25th\n@ choose",
    )
  })

  test('new year: "the 2nd" at the end of December, and January from November', () => {
    expect(dayOf('the 2nd', { now: '2026-12-31T10:00:00Z' })).toBe('2027-01-02')
    expect(dayOf('january 5th')).toBe('2027-01-05')
  })
})

describe('days on which the clock changes', () => {
  const autumn = '2026-10-20T10:00:00Z' // London falls back on 25 October, 02:00 to 01:00
  const spring = '2027-03-22T10:00:00Z' // and springs forward on 28 March, 01:00 to 02:00

  test('01:30 on the night that has it twice is the first of them', async () => {
    const desk = diary({ now: autumn, always: true })
    await play(
      { desk, now: autumn, callerName: 'A B' },
      '> book the 25th of october at 1 30 am\n< Sunday the 25th of October at 1:30 in the morning\n> yes\n= booked',
    )
    expect(desk.bookings[0]?.startsAt).toBe('2026-10-25T00:30:00Z')
  })

  test('01:30 on the night that has none is moved on, and the read-back says so', async () => {
    const desk = diary({ now: spring, always: true })
    await play(
      { desk, now: spring, callerName: 'A B' },
      '> book the 28th of march at 1 30 am\n< Sunday the 28th of March at 2:30 in the morning\n> yes\n= booked',
    )
    expect(desk.bookings[0]?.startsAt).toBe('2027-03-28T01:30:00Z')
  })

  test('02:30 in New York on its own spring day', async () => {
    const desk = diary({ now: '2027-03-10T10:00:00Z', always: true, timezone: 'America/New_York' })
    await play(
      { desk, now: '2027-03-10T10:00:00Z', callerName: 'A B' },
      '> book the 14th of march at 2 30 am\n< at 3:30 in the morning\n> yes\n= booked',
    )
    expect(desk.bookings[0]?.startsAt).toBe('2027-03-14T07:30:00Z')
  })

  test('the same wall clock before and after the change is another instant', async () => {
    const desk = diary({ now: autumn })
    await play(
      { desk, now: autumn, callerName: 'A B' },
      '> book friday at ten\n> yes\n= booked\n> can i book another one next monday at ten\n> yes\n= booked',
    )
    expect(desk.bookings.map((booking) => booking.startsAt).toSorted()).toEqual(['2026-10-23T09:00:00Z', '2026-10-26T10:00:00Z'])
  })
})

describe('two things at once', () => {
  test('"cancel" while booking drops the booking, not one that exists', async () => {
    const desk = diary({ now })
    await play({ desk, now, callerName: 'A B' }, '> book tuesday at ten\n> cancel\n< I have not booked anything\n@ more')
    expect([desk.attempts, desk.cancelled]).toEqual([[], []])
  })

  test('"yes" to an open question is asked again', async () => {
    const desk = diary({ now })
    await play({ desk, now }, '> yes\n@ open\n> i want to book\n> yes\n@ name')
  })

  test('a second yes books no second time', async () => {
    const desk = diary({ now })
    await play({ desk, now, callerName: 'A B' }, '> book tuesday at ten\n> yes\n= booked\n> yes\n@ open\n> yes\n@ open')
    expect(desk.attempts).toHaveLength(1)
  })

  test('a doubtful yes is not taken for one', async () => {
    const desk = diary({ now })
    const call = { desk, now, callerName: 'A B' }
    const { step } = await play(call, '> book tuesday at ten')
    const doubtful = await answer(call, step.state, { kind: 'speech', text: 'yes', confidence: 0.12 })
    expect([doubtful.state.phase, desk.attempts]).toEqual(['confirm', []])
    const ungraded = await answer(call, step.state, { kind: 'speech', text: 'yes', confidence: 0 })
    expect(ungraded.outcome).toBe('booked')
  })

  test('swearing at the machine does no harm', async () => {
    const desk = diary({ now })
    await play({ desk, now }, '> oh for fuck sake\n> you stupid robot let me talk to a real person\n= transferred')
  })
})

describe('speed', () => {
  test('a turn takes under 2 ms of CPU on average', async () => {
    const rows = utterances.flatMap((one) => one.rows.map(([text]) => ({ text, hint: hintOf(one) })))
    warmUp(['en', 'de'])
    for (const { text, hint } of rows) understand(text, hint)
    const began = process.cpuUsage()
    const rounds = 5
    for (let i = 0; i < rounds; i++) for (const { text, hint } of rows) understand(text, hint)
    const spent = process.cpuUsage(began)
    const each = (spent.user + spent.system) / 1000 / (rounds * rows.length)
    console.info(`understanding: ${each.toFixed(3)} ms of CPU an utterance`)
    expect(each).toBeLessThan(2)
  })

  test('tuesday at "14:30" in any dress', () => {
    expect(['1430', '14 30', '2 30 pm', 'two thirty p.m.', 'half two in the afternoon', '2:30 PM'].map((text) => timeOf(text))).toEqual(
      Array(6).fill('14:30'),
    )
  })
})
