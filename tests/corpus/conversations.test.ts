// Whole conversations, as they are spoken: the built-in understanding, the dialogue, and an appointment book.
import { describe, expect, test } from 'vitest'
import { bookingAt, diary } from './diary.ts'
import { play } from './script.ts'

const now = '2026-11-18T10:00:00Z' // a Wednesday
const starts = (desk: { bookings: { startsAt: string }[] }): string[] => desk.bookings.map((booking) => booking.startsAt).toSorted()

describe('booking', () => {
  test('bit by bit: name, day, time, read-back, yes, goodbye', async () => {
    const desk = diary({ now })
    await play(
      { desk, now },
      `
      < Hello, this is Harbour Dental
      > hi i'd like to book an appointment please
      < your name
      > it's Siobhan Ó Briain
      < What day and time
      > um tuesday
      < What time on Tuesday the 24th of November
      > half two
      < So that is Tuesday the 24th of November at 2:30 in the afternoon, in the name of Siobhan Ó Briain. Shall I book it?
      > yeah go on then
      < That is booked: Tuesday the 24th of November at 2:30 in the afternoon, for Siobhan Ó Briain. Is there anything else?
      = booked
      > no that's all thanks
      < Goodbye
      = booked
      @ ended`,
    )
    expect(desk.bookings).toMatchObject([{ fullName: 'Siobhan Ó Briain', startsAt: '2026-11-24T14:30:00Z' }])
  })

  test('all at once, then one yes', async () => {
    const desk = diary({ now })
    await play(
      { desk, now },
      `
      > Hi, it's John Smith, I'd like to book for Tuesday at 3.
      < Tuesday the 24th of November at 3 o'clock in the afternoon, in the name of John Smith
      > yes
      = booked`,
    )
    expect(starts(desk)).toEqual(['2026-11-24T15:00:00Z'])
  })

  test('a known caller is greeted by name and not asked for it', async () => {
    const desk = diary({ now })
    await play(
      { desk, now, callerName: 'Priya Sharma' },
      `
      < Hello Priya Sharma
      > can i get in first thing monday
      < Monday the 23rd of November at 9 o'clock in the morning, in the name of Priya Sharma
      > perfect
      = booked`,
    )
  })

  test('the day is said before the name, and is not asked for again', async () => {
    const desk = diary({ now })
    await play(
      { desk, now },
      `
      > can i get in friday week, say half four-ish
      < your name
      > mary murphy
      < Friday the 27th of November at 4:30 in the afternoon, in the name of Mary Murphy
      > grand
      = booked`,
    )
  })

  test('a bare hour is the one within opening hours', async () => {
    for (const [said, startsAt] of [
      ['four', '16:00'],
      ['nine', '09:00'],
      ['twelve', '12:00'],
      ['five', '17:00'],
      ['half eleven', '11:30'],
    ]) {
      const desk = diary({ now })
      await play({ desk, now, callerName: 'A B' }, `> book me in tuesday\n> ${said}\n> yes\n= booked`)
      expect(starts(desk)).toEqual([`2026-11-24T${startsAt}:00Z`])
    }
  })
})

describe('corrections', () => {
  test('"actually make that friday" in the read-back keeps the time and is read back again', async () => {
    const desk = diary({ now })
    await play(
      { desk, now, callerName: 'Ann Lee' },
      `
      > book tuesday at half two
      < Tuesday the 24th
      > actually make that friday
      < Friday the 20th of November at 2:30 in the afternoon
      @ confirm
      > yes
      = booked`,
    )
    expect(starts(desk)).toEqual(['2026-11-20T14:30:00Z'])
  })

  test('"yes but make it four" books nothing before the new time was read back', async () => {
    const desk = diary({ now })
    await play(
      { desk, now, callerName: 'Ann Lee' },
      `
      > book tuesday at half two
      > yes but could you make it four
      < at 4 o'clock in the afternoon
      @ confirm`,
    )
    expect(desk.attempts).toEqual([])
  })

  test('"yes, tuesday at half two" repeats what was read back, and books', async () => {
    const desk = diary({ now })
    await play({ desk, now, callerName: 'Ann Lee' }, '> book tuesday at half two\n> yes tuesday at half two\n= booked')
  })

  test('the name is put right in the read-back, by spelling it', async () => {
    const desk = diary({ now })
    await play(
      { desk, now },
      `
      > i want to book tuesday at three
      > shivon o brian
      > no my name is siobhan s i o b h a n
      < in the name of Siobhan
      > yes
      = booked`,
    )
  })

  test('"no" alone asks what to change', async () => {
    const desk = diary({ now })
    await play(
      { desk, now, callerName: 'Ann Lee' },
      `
      > book tuesday at three
      > no
      < What should I change
      > the time
      < What day and time
      > thursday at ten
      < Thursday the 19th of November at 10 o'clock in the morning
      > yes
      = booked`,
    )
  })

  test('after the booking, "actually make that friday" moves it', async () => {
    const desk = diary({ now })
    await play(
      { desk, now, callerName: 'Ann Lee' },
      `
      > book tuesday at three
      > yes
      = booked
      > actually make that friday
      < from Tuesday the 24th of November at 3 o'clock in the afternoon to Friday the 20th of November at 3 o'clock
      > yes
      = moved`,
    )
    expect(starts(desk)).toEqual(['2026-11-20T15:00:00Z'])
  })
})

describe('what is free', () => {
  test('free times are offered and chosen by their place', async () => {
    const desk = diary({ now })
    await play(
      { desk, now, callerName: 'Ann Lee' },
      `
      > what have you got on thursday afternoon
      < I have Thursday the 19th of November at 12 noon, 1 o'clock in the afternoon or 2 o'clock in the afternoon
      > the second one
      < at 1 o'clock in the afternoon
      > yes
      = booked`,
    )
    expect(starts(desk)).toEqual(['2026-11-19T13:00:00Z'])
  })

  test('a taken time gets the nearest free ones', async () => {
    const desk = diary({ now, taken: ['2026-11-24T15:00:00Z'] })
    await play(
      { desk, now, callerName: 'Ann Lee' },
      `
      > book tuesday at three
      < is already taken. I have
      > half three
      < 3:30 in the afternoon
      > yes
      = booked`,
    )
  })

  test('somebody was faster: alternatives are offered, nothing is doubled', async () => {
    const desk = diary({ now, snatched: ['2026-11-24T15:00:00Z'] })
    await play(
      { desk, now, callerName: 'Ann Lee' },
      `
      > book tuesday at three
      > yes
      < somebody has just taken
      @ choose
      > the last one
      > yes
      = booked`,
    )
    expect(desk.bookings).toHaveLength(1)
  })

  test('"no no the morning one" picks among the offers', async () => {
    const desk = diary({ now })
    await play(
      { desk, now, callerName: 'Ann Lee' },
      `
      > do you have anything tomorrow at noon
      < is free
      > no
      > the time
      > tuesday or wednesday
      < Which would you like
      > no no the last one
      < Wednesday the 25th`,
    )
  })

  test('earlier and later count from what was offered', async () => {
    const desk = diary({ now })
    await play(
      { desk, now, callerName: 'Ann Lee' },
      `
      > have you anything on tuesday afternoon
      < 12 noon
      > anything later
      < 2:15 in the afternoon
      > do you have anything earlier
      < I have Tuesday the 24th of November at 9 o'clock in the morning
      > neither
      < What day and time`,
    )
  })

  test('closed on Saturday: the nearest open times instead', async () => {
    const desk = diary({ now })
    await play({ desk, now, callerName: 'Ann Lee' }, '> book saturday at ten\n< we are not open\n< I have\n@ choose')
  })

  test('a day without a free slot is said, not asked about', async () => {
    const desk = diary({ now })
    await play({ desk, now, callerName: 'Ann Lee' }, '> book me in on sunday\n< nothing free then. I have Monday the 23rd')
  })

  test('in the past, too soon, too far', async () => {
    const desk = diary({ now })
    await play({ desk, now, callerName: 'A B' }, '> book yesterday at three\n< already in the past\n@ choose')
    await play({ desk, now, callerName: 'A B' }, '> book today at eleven\n< too soon\n@ choose')
    await play({ desk, now, callerName: 'A B' }, '> book the 5th of january 2028 at eleven\n< further ahead\n@ choose')
  })
})

describe('what is booked already', () => {
  const two = (): ReturnType<typeof bookingAt>[] => [
    bookingAt(1, '2026-11-24T15:00:00Z', 'Ann Lee'),
    bookingAt(2, '2026-12-01T10:00:00Z', 'Ann Lee'),
  ]

  test('cancelling asks which, reads back, and waits for the yes', async () => {
    const desk = diary({ now, bookings: two() })
    await play(
      { desk, now, callerName: 'Ann Lee' },
      `
      > i need to cancel my appointment
      < Tuesday the 24th of November at 3 o'clock in the afternoon or Tuesday the 1st of December
      > the second one
      < You want to cancel the appointment on Tuesday the 1st of December
      > yes please
      < is cancelled
      = cancelled
      > bye
      = cancelled`,
    )
    expect(desk.cancelled).toEqual([2])
  })

  test('a no keeps it', async () => {
    const desk = diary({ now, bookings: two().slice(0, 1) })
    await play(
      { desk, now },
      "> i can't make it on tuesday can you cancel it please\n< cancel the appointment on Tuesday\n> no\n< stays as it is\n= null",
    )
    expect(desk.cancelled).toEqual([])
  })

  test('moving to another day keeps the time', async () => {
    const desk = diary({ now, bookings: two().slice(0, 1) })
    await play(
      { desk, now, callerName: 'Ann Lee' },
      `
      > i want to change my booking from tuesday to thursday
      < from Tuesday the 24th of November at 3 o'clock in the afternoon to Thursday the 19th of November at 3 o'clock in the afternoon
      > yes
      = moved`,
    )
    expect(starts(desk)).toEqual(['2026-11-19T15:00:00Z'])
  })

  test('same time next week', async () => {
    const desk = diary({ now, bookings: two().slice(0, 1) })
    await play(
      { desk, now, callerName: 'Ann Lee' },
      "> can i move my appointment to the same time next week\n< to Tuesday the 1st of December at 3 o'clock\n> yes\n= moved",
    )
  })

  test('an hour later', async () => {
    const desk = diary({ now, bookings: two().slice(0, 1) })
    await play(
      { desk, now, callerName: 'Ann Lee' },
      "> can i push it back an hour\n< to Tuesday the 24th of November at 4 o'clock\n> yes\n= moved",
    )
  })

  test('no booking under the number', async () => {
    const desk = diary({ now })
    await play({ desk, now }, '> i want to cancel my appointment\n< no appointment for the number\n@ more')
  })
})

describe('people, keys and silence', () => {
  test('a person is put through at any time', async () => {
    const desk = diary({ now })
    await play({ desk, now }, '> can i speak to a person\n= transferred\n@ ended')
    await play({ desk, now }, '> i want to book tuesday\n> put me through to reception\n= transferred')
    await play({ desk, now }, '> i want to book tuesday\n# 0\n= transferred')
  })

  test('two re-prompts, then voicemail', async () => {
    const desk = diary({ now })
    await play({ desk, now }, '...\n< did not hear\n...\n< Press 1\n...\n= voicemail')
  })

  test('a word between two silences starts the count again', async () => {
    const desk = diary({ now })
    await play({ desk, now }, '...\n...\n> i want to book\n...\n...\n@ name\n...\n= voicemail')
  })

  test('three misunderstandings, then a person', async () => {
    const desk = diary({ now })
    await play({ desk, now }, '> um\n< did not understand\n> purple monkey dishwasher\n< Press 1\n> blah\n= transferred')
  })

  test('keys alone: book, choose, confirm', async () => {
    const desk = diary({ now, callerName: 'Ann Lee' })
    await play({ desk, now, callerName: 'Ann Lee' }, '# 1\n> what is free on monday\n# 2\n# 1\n= booked\n# 2\n@ ended')
    expect(desk.bookings).toHaveLength(1)
  })

  test('star and nine repeat the question', async () => {
    const desk = diary({ now })
    await play({ desk, now }, '> i want to book\n# *\n< your name\n# 9\n< your name')
  })
})

describe('German', () => {
  test('ein Termin, von Anfang bis Ende', async () => {
    const desk = diary({ now, timezone: 'Europe/Berlin' })
    await play(
      { desk, now, language: 'de' },
      `
      < Guten Tag
      > ich hätte gern einen termin am dienstag um halb vier
      < Wie ist Ihr Name
      > anna müller
      < Dienstag, 24. November um 15 Uhr 30, auf den Namen Anna Müller
      > nein lieber freitag
      < Freitag, 20. November um 15 Uhr 30
      > ja gerne
      = booked
      > nein danke
      @ ended`,
    )
    expect(starts(desk)).toEqual(['2026-11-20T14:30:00Z'])
  })
})
