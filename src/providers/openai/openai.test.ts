// The language model and the transcriber by the official SDK, against the sandbox, which speaks the vendor's protocol.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

  test.each([
    'gpt-nonsense',
    'gpt-500',
    'gpt-429',
  ])('that is %s leaves the turn to the built-in understanding, and says so', async (model) => {
    const reasons: string[] = []
    const both = fallback(openAiUnderstanding(client(model)), builtinUnderstanding, {
      budgetMs: 2000,
      onFallback: (reason) => reasons.push(reason),
    })
    const understood = await both.extract('I want to book an appointment tomorrow at half two', hint)
    expect(understood).toMatchObject({ intent: 'book', usedFallback: true })
    expect(reasons).toEqual(['failed'])
  })

  test('that is slow is not waited for beyond the budget', async () => {
    const both = fallback(openAiUnderstanding(client('gpt-slow')), builtinUnderstanding, { budgetMs: 100 })
    const began = performance.now()
    expect(await both.extract('book me in tomorrow', hint)).toMatchObject({ intent: 'book', usedFallback: true })
    expect(performance.now() - began).toBeLessThan(1500)
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
