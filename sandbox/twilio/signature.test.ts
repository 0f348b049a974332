// The signature: the official package is the judge.
import fc from 'fast-check'
import twilio from 'twilio'
import { expect, test } from 'vitest'
import { signature } from './signature.ts'

test('the official package accepts every signature made here, and none after a change', () => {
  const fields = fc.dictionary(fc.stringMatching(/^[A-Za-z]{1,12}$/), fc.string({ unit: 'grapheme' }))
  fc.assert(
    fc.property(
      fields,
      fc.constantFrom('http://127.0.0.1:8080/twilio/voice', 'https://example.com/a?b=c&d=e%20f', 'https://example.com:8443/'),
      (params, url) => {
        const made = signature('secret', url, params)
        expect(twilio.validateRequest('secret', made, url, params)).toBe(true)
        expect(twilio.validateRequest('secret', made, url, { ...params, Extra1: 'x' })).toBe(false)
        expect(twilio.validateRequest('other', made, url, params)).toBe(false)
      },
    ),
  )
})
