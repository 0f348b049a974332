// The TwiML parser: reads what the official package writes, and refuses what is no XML.
import fc from 'fast-check'
import twilio from 'twilio'
import { describe, expect, test } from 'vitest'
import { parseTwiml, TwimlError } from './twiml.ts'

const codeOf = (xml: string) => {
  try {
    parseTwiml(xml)
    return 0
  } catch (error) {
    return error instanceof TwimlError ? error.code : error
  }
}

// What XML can carry at all: no control characters, no lone surrogates.
const text = fc.string({ unit: 'grapheme', maxLength: 60 }).map((value) => value.replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g, ' '))

describe('TwiML', () => {
  test('whatever the official package writes is read back as it was meant', () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 60 }), (said, hint, timeout) => {
        const response = new twilio.twiml.VoiceResponse()
        response.gather({ input: ['speech', 'dtmf'], hints: hint, timeout, action: '/a?b=c&d=e' }).say(said)
        const { verbs, warnings } = parseTwiml(response.toString())
        expect(warnings).toEqual([])
        expect(verbs[0]).toMatchObject({
          name: 'Gather',
          attributes: { input: 'speech dtmf', timeout: String(timeout), action: '/a?b=c&d=e', hints: hint },
        })
        expect(verbs[0]?.children[0]?.text).toBe(said.replace(/\s+/g, ' ').trim())
      }),
    )
  })

  test('never answers with anything but a document or error 12100, whatever comes', () => {
    const noise = fc
      .array(
        fc.constantFrom(
          '<',
          '>',
          '/',
          '"',
          '=',
          '&',
          ';',
          '<Response>',
          '</Response>',
          '<Say',
          ' a',
          '<!--',
          '-->',
          '<![CDATA[',
          ']]>',
          '&#x41;',
          '<?xml?>',
          'x',
        ),
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(noise, (xml) => void expect([0, 12100]).toContain(codeOf(xml))),
      { numRuns: 2_000 },
    )
  })

  test.each([
    '',
    'Hello',
    '<Response>',
    '<Response></Say>',
    '<Response a="1" a="2"/>',
    '<Response a=1/>',
    '<Response a/>',
    '<Response>&nbsp;</Response>',
    '<Response>Fish & chips</Response>',
    '<Response/><Response/>',
    '<!DOCTYPE r [<!ENTITY x "y">]><Response>&x;</Response>',
    '<response/>',
    `${'<Say>'.repeat(40)}${'</Say>'.repeat(40)}`,
  ])('refuses %j', (xml) => {
    expect(codeOf(xml)).toBe(12100)
  })

  test('reads declarations, comments, CDATA, entities, and the tags of SSML inside Say', () => {
    const xml =
      '<?xml version="1.0" encoding="UTF-8"?><!-- hi --><Response><!-- a --><Say voice="Polly.Amy">One <break strength="x-weak"/><emphasis>two</emphasis> &lt;&#51;&#x34;&gt; <![CDATA[<five>]]></Say></Response>'
    expect(parseTwiml(xml)).toMatchObject({ warnings: [], verbs: [{ text: 'One two <34> <five>' }] })
  })

  test('warns of what the schema does not know, and of what stands in the wrong place', () => {
    expect(parseTwiml('<Response><Say loud="1"/><Number/><Gather><Dial/></Gather></Response>').warnings).toEqual([
      '<Say> has no attribute "loud"',
      '<Number> is not allowed in <Response>',
      '<Dial> is not allowed in <Gather>',
    ])
  })

  test('a megabyte of open brackets is refused at once', () => {
    const startedMs = performance.now()
    expect(codeOf('<'.repeat(1_000_000))).toBe(12100)
    expect(codeOf(`<Response>${'<Say>a</Say>'.repeat(50_000)}</Response>`)).toBe(0)
    expect(performance.now() - startedMs).toBeLessThan(1_000)
  })
})
