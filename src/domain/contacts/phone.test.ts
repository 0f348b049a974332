import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { callerNumber, toE164 } from './phone.ts'

describe('numbers as people write them', () => {
  test.each([
    ['020 7946 0018', 'GB', '+442079460018'],
    ['+44 (0)20 7946 0018', 'GB', '+442079460018'],
    ['0044 20 7946 0018', 'GB', '+442079460018'],
    ['07700 900123', 'GB', '+447700900123'],
    ['(415) 555-2671', 'US', '+14155552671'],
    ['1 415 555 2671', 'US', '+14155552671'],
    ['030 23125 000', 'DE', '+493023125000'],
    ['+1234567890', 'GB', '+1234567890'],
    ['+15005550006', 'GB', '+15005550006'],
  ])('%s in %s is %s', (text, country, number) => {
    expect(toE164(text, country)).toBe(number)
  })

  test.each(['', '12', '+', '+44', '+0123456789', 'not a number', 'call 020 7946 0018', '+1234567890123456', '020 7946 0018 ext. 5'])(
    '"%s" is none',
    (text) => {
      expect(toE164(text, 'GB')).toBeNull()
    },
  )

  test('a short number of a national plan is none: nobody abroad could ring it', () => {
    expect(toE164('0000', 'DE')).toBeNull()
  })

  test('whatever is written, the answer is E.164 or none, and E.164 stays as it is', () => {
    const written = fc.oneof(fc.string(), fc.stringMatching(/^\+?[\d ().-]{0,20}$/))
    fc.assert(
      fc.property(written, fc.constantFrom('GB', 'US', 'DE', 'XX', ''), (text, country) => {
        const number = toE164(text, country)
        if (number === null) return
        expect(number).toMatch(/^\+[1-9]\d{6,14}$/)
        expect(toE164(number, country)).toBe(number)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the number that a carrier tells', () => {
  test.each(['+447700900123', '+15005550006', '+1266696680', '+12666966870'])('%s is one', (told) => expect(callerNumber(told)).toBe(told))

  test.each([
    'anonymous',
    'Anonymous',
    'restricted',
    '',
    '+266696687',
    '+1266696687',
    '+7378742833',
    '+86282452253',
    '+8656696',
    'sip:ada@192.0.2.1',
  ])('"%s" is none', (told) => expect(callerNumber(told)).toBeNull())
})
