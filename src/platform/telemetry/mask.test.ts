import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maskText, maskValue } from './mask.ts'

const digits = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.stringMatching(/^\d{6,14}$/)).map(([first, rest]) => `${first}${rest}`)
const prose = fc.constantFrom('', ' ', 'call from ', 'to=', '"', ' rang at 12:00', '\n', 'ü', '(', '%2B ', 'x', '/v1/calls?From=')
const separators = fc.constantFrom('', ' ', '-', '.', ') ', ' (')

describe('free text', () => {
  test('no E.164 number survives, whatever stands around it', () => {
    fc.assert(
      fc.property(prose, digits, prose, (before, number, after) => {
        const masked = maskText(`${before}+${number}${after}`)
        expect(masked).not.toContain(number)
        expect(masked).not.toContain(number.slice(0, -2))
      }),
    )
  })

  test('nor does one that is spaced as people write it, or encoded for a URL', () => {
    fc.assert(
      fc.property(digits, separators, fc.constantFrom('+', '%2B', '%2b'), (number, separator, plus) => {
        const written = `${plus}${number.slice(0, 2)}${separator}${number.slice(2, 5)}${separator}${number.slice(5)}`
        expect(maskText(`from ${written}.`).replace(/\D/g, '').length).toBeLessThanOrEqual(2)
      }),
    )
  })

  test('no e-mail address survives', () => {
    fc.assert(
      fc.property(fc.emailAddress(), prose, (address, before) => {
        expect(maskText(`${before}${address} is taken`)).not.toContain(address.slice(address.indexOf('@')))
      }),
    )
    expect(maskText('ada.lovelace@example.com')).toBe('[e-mail]')
    expect(maskText('?email=ada%40example.com')).not.toContain('ada')
  })

  test.each([
    ['00447700900123', 'a number with an international prefix'],
    ['(415) 555-0100', 'a printed North American number'],
    ['415-555-0100', 'the same with dashes'],
    ['sip:447700900123@pbx.example', 'a SIP address'],
    ['Bearer abcdef.ghi', 'a bearer token'],
    ['Basic dXNlcjpwYXNz', 'basic credentials'],
    ['eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'a web token'],
    ['postgres://app:hunter2@db/patchbay', 'a password in a URL'],
  ])('%s is masked: %s', (text) => {
    expect(maskText(`saw ${text} here`)).not.toContain(text)
    expect(maskText(`saw ${text} here`)).toMatch(/^saw .* here$/)
  })

  test('times, ids, sizes and plain words stay', () => {
    for (const text of [
      '2026-11-24T09:00:00Z',
      '0199b2f4-8c1e-7d3a-9f00-001234567890',
      'took 1234567 bytes',
      'org 100',
      'UTC+01:00',
      '1 + 1 = 2',
    ])
      expect(maskText(text)).toBe(text)
  })

  test('a long text without anything in it is masked in linear time', () => {
    const began = performance.now()
    maskText('a'.repeat(200_000))
    maskText(`@${'1'.repeat(200_000)}`)
    maskText(`+${'- '.repeat(100_000)}`)
    expect(performance.now() - began).toBeLessThan(2000)
  })
})

describe('values', () => {
  test('a number under a telephone key is masked in any form, a date under from and to is not', () => {
    expect(maskValue({ from: '447700900123', mobile: 447700900123, phone_number: '07700 900123' })).toEqual({
      from: '+*23',
      mobile: '+*23',
      phone_number: '+*23',
    })
    expect(maskValue({ from: '2026-11-24T09:00:00Z', to: '2026-11-25' })).toEqual({ from: '2026-11-24T09:00:00Z', to: '2026-11-25' })
  })

  test('names, transcripts and secrets go by their key, at any depth', () => {
    const masked = JSON.stringify(
      maskValue({
        body: { full_name: 'Ada Lovelace', user: { name: 'Ada' }, SpeechResult: 'this is Ada', items: [{ callerName: 'Ada' }] },
        headers: { authorization: 'Ada', 'x-api-key': 'Ada', cookie: ['Ada'] },
      }),
    )
    expect(masked).not.toContain('Ada')
  })

  test('the name of a thing stays', () => {
    expect(maskValue({ name: 'openai_api', statement: { name: 'calls_select' } })).toEqual({
      name: 'openai_api',
      statement: { name: 'calls_select' },
    })
  })

  test('an error keeps its type and cause, and loses what is personal in them', () => {
    const cause = Object.assign(new Error('duplicate key (mobile)=(+447700900123)'), { parameters: ['ada@example.com'] })
    const masked = JSON.stringify(maskValue(new TypeError('no user +447700900123', { cause })))
    expect(masked).toContain('TypeError')
    expect(masked).toContain('duplicate key')
    expect(masked).not.toMatch(/7700900|ada@/)
  })

  test('a value that holds itself, or anything else at all, becomes plain data', () => {
    const loop: Record<string, unknown> = { id: 1 }
    loop.self = loop
    expect(() => JSON.stringify(maskValue(loop))).not.toThrow()
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true }),
        (value) => void JSON.stringify(maskValue(value)),
      ),
    )
  })
})
