// The language model and the transcriber by the official SDK, against the sandbox, which speaks the vendor's protocol.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openOddPeer } from '../../../tests/failures/odd-peer.ts'
import { startTestSandbox, type TestSandbox } from '../../../tests/support/sandbox.ts'
import type { Hint } from '../../domain/conversation/index.ts'
import { openGuards } from '../../platform/resilience/index.ts'
import { createLogger } from '../../platform/telemetry/index.ts'
import { systemClock } from '../../platform/time/index.ts'
import { builtinUnderstanding, fallback } from '../understanding/index.ts'
import { openAiTranscriber, openAiUnderstanding, openOpenAi } from './index.ts'

let sandbox: TestSandbox
beforeAll(async () => {
  sandbox = await startTestSandbox()
})
afterAll(() => sandbox.stop())

const bus = { publish: async () => {}, subscribe: () => () => {} }
const log = createLogger({ level: 'silent' })
const hint: Hint = { now: '2026-11-23T08:00:00Z', timezone: 'Europe/London', language: 'en', expecting: 'intent', offered: [] }

function client(model: string) {
  const guards = openGuards({ bus, clock: systemClock, log })
  return openOpenAi({ apiKey: sandbox.openaiKey, baseUrl: `${sandbox.baseUrl}/v1`, model, transcriptionModel: 'whisper-1' }, guards)
}

describe('the model', () => {
  test('says what a caller wants, in the dialogue’s own terms', async () => {
    const understood = await openAiUnderstanding(client('gpt')).extract(
      'I want to book an appointment for Ada Lovelace tomorrow at 14:30',
      hint,
    )
    expect(understood).toMatchObject({
      intent: 'book',
      name: 'Ada Lovelace',
      day: { kind: 'date', date: '2026-11-24' },
      time: { kind: 'at', at: { minutes: 870 } },
    })
  })

  test.each(['gpt-nonsense', 'gpt-500', 'gpt-429'])(
    'that is %s leaves the turn to the built-in understanding, and says so',
    async (model) => {
      const reasons: string[] = []
      const both = fallback(openAiUnderstanding(client(model)), builtinUnderstanding, {
        budgetMs: 2000,
        onFallback: (reason) => reasons.push(reason),
      })
      const understood = await both.extract('I want to book an appointment tomorrow at half two', hint)
      expect(understood).toMatchObject({ intent: 'book', usedFallback: true })
      expect(reasons).toEqual(['failed'])
    },
  )

  test('that is slow is not waited for beyond the budget', async () => {
    const both = fallback(openAiUnderstanding(client('gpt-slow')), builtinUnderstanding, { budgetMs: 100 })
    const began = performance.now()
    expect(await both.extract('book me in tomorrow', hint)).toMatchObject({ intent: 'book', usedFallback: true })
    expect(performance.now() - began).toBeLessThan(1500)
  })
})

describe('an answer that a strict schema would let through', () => {
  const well = {
    intent: 'book',
    name: 'Ada',
    date_from: null,
    date_to: null,
    time_from: null,
    time_to: null,
    time_of_day: null,
    choice: null,
    correction: false,
    confidence: 0.9,
  }
  async function understoodOf(answer: object): Promise<unknown> {
    const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: JSON.stringify(answer) } }]
    const model = await openOddPeer((_request, _body, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: 'x', object: 'chat.completion', choices })),
    )
    const guards = openGuards({ bus, clock: systemClock, log })
    const settings = { apiKey: 'key', baseUrl: `${model.url}/v1`, model: 'gpt', transcriptionModel: 'whisper-1' }
    try {
      return await openAiUnderstanding(openOpenAi(settings, guards)).extract('book me in', hint)
    } finally {
      await model.close()
    }
  }

  test('is taken as long as it is sensible', async () => {
    expect(await understoodOf(well)).toMatchObject({ intent: 'book', name: 'Ada' })
    expect(await understoodOf({ ...well, name: 'a'.repeat(120), confidence: 1 })).toMatchObject({ name: 'a'.repeat(120) })
  })

  test.each([
    ['a name longer than anybody’s', { ...well, name: 'a'.repeat(121) }],
    ['more than certain', { ...well, confidence: 1.1 }],
    ['less than unsure', { ...well, confidence: -0.1 }],
    ['an intent of its own', { ...well, intent: 'transfer_money' }],
    ['a property of its own', { ...well, sql: 'DROP TABLE' }],
    ['a property too few', { ...well, correction: undefined }],
    ['a day that is none', { ...well, date_from: '2026-02-30' }],
    ['an end that is none', { ...well, date_from: '2026-02-01', date_to: '2026-13-01' }],
    ['an hour that is none', { ...well, time_from: '24:00' }],
  ])('is an error with %s', async (_, answer) => {
    await expect(understoodOf(answer)).rejects.toThrow()
  })
})

test('what cannot be heard is null, not an empty sentence', async () => {
  const silence = Buffer.concat([
    Buffer.from(
      'RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00',
      'latin1',
    ),
  ])
  const transcriber = openAiTranscriber(client('gpt'))
  expect(await transcriber.transcribe(silence, { filename: 'turn.wav', contentType: 'audio/wav', language: 'en' })).toBeNull()
})
