// OpenAI's side as the official package sees it.
import { Ajv } from 'ajv'
import fc from 'fast-check'
import OpenAI, { toFile } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sampleRate } from '../audio/voice.ts'
import { writeWav } from '../audio/wav.ts'
import { type Stage, stage } from '../stage.ts'
import { readFacts } from './facts.ts'
import { fill, Unfillable } from './fill.ts'

let here: Stage
let sdk: OpenAI
beforeAll(async () => {
  here = await stage(() => ({ status: 204 }))
  sdk = new OpenAI({ baseURL: `${here.baseUrl}/v1`, apiKey: here.world.settings.openaiKey, maxRetries: 0 })
})
afterAll(() => here.close())

const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] })
const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['intent', 'name', 'date_from', 'date_to', 'time_from', 'time_of_day', 'choice', 'correction', 'confidence'],
  properties: {
    intent: orNull({ type: 'string', enum: ['book', 'availability', 'cancel', 'move', 'person', 'yes', 'no'] }),
    name: orNull({ type: 'string' }),
    date_from: orNull({ type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
    date_to: orNull({ type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
    time_from: orNull({ type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' }),
    time_of_day: orNull({ type: 'string', enum: ['morning', 'lunchtime', 'afternoon', 'evening'] }),
    choice: orNull({ type: 'integer' }),
    correction: { type: 'boolean' },
    confidence: { type: 'number', minimum: 0, maximum: 1 },
  },
}
const messages = (text: string) => [
  { role: 'system' as const, content: 'Now it is 2026-11-22T10:00:00Z (UTC); the place is in Europe/London.' },
  { role: 'user' as const, content: text },
]
const ask = async (text: string, model = 'gpt-4o-mini') => {
  const completion = await sdk.chat.completions.create({
    model,
    messages: messages(text),
    response_format: { type: 'json_schema', json_schema: { name: 'turn', strict: true, schema } },
  })
  return JSON.parse(completion.choices[0]?.message.content ?? 'null') as Record<string, unknown>
}
const statusOf = (work: Promise<unknown>) =>
  work.then(
    () => 200,
    (error: { status: number }) => error.status,
  )

describe('chat completions', () => {
  test.each([
    [
      "Hi, I'd like to book an appointment, it's Siobhan O'Brien",
      { intent: 'book', name: "Siobhan O'Brien", date_from: null, time_from: null },
    ],
    ['Wednesday at half past two please', { date_from: '2026-11-25', date_to: null, time_from: '14:30' }],
    ['the 3rd at quarter to four', { date_from: '2026-12-03', time_from: '15:45' }],
    ['tomorrow morning', { date_from: '2026-11-23', time_of_day: 'morning' }],
    ['at 10:15 am on the 24th of November', { date_from: '2026-11-24', time_from: '10:15' }],
    ['sometime next week', { date_from: '2026-11-23', date_to: '2026-11-29' }],
    ['no, actually make it Friday', { intent: 'no', correction: true, date_from: '2026-11-27' }],
    ['the second one', { choice: 2 }],
    ['neither of those', { choice: 0 }],
    ['can I speak to a person', { intent: 'person' }],
    ['yes please', { intent: 'yes' }],
    ['I need to cancel', { intent: 'cancel' }],
  ])('%s', async (text, found) => {
    expect(await ask(text)).toMatchObject(found)
  })

  test('carry what a completion carries: an id, a model, a finish and a count of tokens', async () => {
    const completion = await sdk.chat.completions.create({ model: 'gpt-4o-mini', messages: messages('hello') })
    expect(completion).toMatchObject({
      object: 'chat.completion',
      model: 'gpt-4o-mini',
      choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: 'You said: hello', refusal: null } }],
    })
    expect(completion.usage?.total_tokens).toBe((completion.usage?.prompt_tokens ?? 0) + (completion.usage?.completion_tokens ?? 0))
  })

  test('can be streamed', async () => {
    let text = ''
    for await (const chunk of await sdk.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: messages('a longer sentence than one piece holds'),
      stream: true,
    }))
      text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe('You said: a longer sentence than one piece holds')
  })

  test('a wrong key is 401, no messages 400, an unknown path 404', async () => {
    const stranger = new OpenAI({ baseURL: `${here.baseUrl}/v1`, apiKey: 'sk-wrong', maxRetries: 0 })
    await expect(stranger.chat.completions.create({ model: 'm', messages: messages('x') })).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    })
    await expect(sdk.chat.completions.create({ model: 'm', messages: [] })).rejects.toMatchObject({ status: 400, param: 'messages' })
    expect(await statusOf(sdk.embeddings.create({ model: 'm', input: 'x' }))).toBe(404)
  })

  test('fail on purpose: by the name of the model, and by the control API so many times', async () => {
    expect(await statusOf(ask('hi', 'gpt-4o-mini-500'))).toBe(500)
    expect(await statusOf(ask('hi', 'gpt-4o-mini-429'))).toBe(429)
    await expect(ask('hi', 'gpt-4o-mini-nonsense')).rejects.toThrow(SyntaxError)
    await here.control('POST', '/sandbox/faults', { chat: '500', count: 1 })
    expect(await statusOf(ask('hi'))).toBe(500)
    expect(await statusOf(ask('hi'))).toBe(200)
    await here.control('POST', '/sandbox/faults', { chat: 'slow', count: 1, delayMs: 5_000 })
    await expect(sdk.chat.completions.create({ model: 'gpt-4o-mini', messages: messages('hi') }, { timeout: 50 })).rejects.toThrow(
      /timed out/i,
    )
  })

  test('whatever was said and whatever the schema, the answer is valid against it or there is none', () => {
    const ajv = new Ajv({ strict: false })
    const leaf = fc.oneof(
      fc.constantFrom(
        { type: 'string' },
        { type: 'boolean' },
        { type: 'null' },
        { type: ['string', 'null'] },
        { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' },
        { type: 'string', minLength: 3, maxLength: 9 },
      ),
      fc.record({
        type: fc.constantFrom('integer', 'number'),
        minimum: fc.integer({ min: -9, max: 0 }),
        maximum: fc.integer({ min: 1, max: 9 }),
      }),
      fc
        .uniqueArray(fc.constantFrom('book', 'cancel', 'none', 'morning'), { minLength: 1 })
        .map((values) => ({ type: 'string', enum: values })),
    )
    const { node } = fc.letrec<{ node: object }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.record({ anyOf: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }),
        fc.record({ type: fc.constant('array'), items: tie('node'), minItems: fc.nat(2) }),
        fc
          .dictionary(fc.constantFrom('intent', 'name', 'date', 'time_to', 'choice', 'confirmed', 'x'), tie('node'))
          .map((properties) => ({ type: 'object', additionalProperties: false, required: Object.keys(properties), properties })),
      ),
    }))
    const said = fc.oneof(
      fc.string(),
      fc.constantFrom('book me for tomorrow at 4', 'cancel it', "it's Ada Lovelace, the 31st", '12 and -7.5'),
    )
    fc.assert(
      fc.property(node, said, (wanted, text) => {
        try {
          const made = fill(wanted, readFacts(text, Temporal.PlainDate.from('2026-11-22')))
          expect(ajv.validate(wanted, made), JSON.stringify({ wanted, made, errors: ajv.errors })).toBe(true)
        } catch (error) {
          if (!(error instanceof Unfillable)) throw error
        }
      }),
      { numRuns: 400 },
    )
  })

  test('ten thousand characters are read at once', () => {
    const startedMs = performance.now()
    for (const text of ['a '.repeat(5_000), 'my name is '.repeat(900), '4:30 '.repeat(2_000), 'what '.repeat(2_000)])
      readFacts(text, Temporal.PlainDate.from('2026-11-22'))
    expect(performance.now() - startedMs).toBeLessThan(3_000)
  })
})

describe('transcriptions', () => {
  const transcribe = async (content: Buffer, model = 'whisper-1') =>
    sdk.audio.transcriptions.create({ file: await toFile(content, 'call.wav', { type: 'audio/wav' }), model, language: 'en' })

  test('of a recording made here have the words that were spoken', async () => {
    expect((await transcribe(writeWav([new Int16Array(800)], sampleRate, 'Jane Moore, half past two'))).text).toBe(
      'Jane Moore, half past two',
    )
  })

  test('of any other sound are empty, and of no sound a refusal', async () => {
    expect((await transcribe(writeWav([new Int16Array(800)], sampleRate, ''))).text).toBe('')
    expect(await statusOf(transcribe(Buffer.from('no sound at all')))).toBe(400)
    expect(await statusOf(transcribe(writeWav([new Int16Array(8)], sampleRate, 'x'), 'whisper-1-500'))).toBe(500)
  })
})
