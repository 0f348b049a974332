// Understanding by a language model with a structured answer (B3). What it says is checked like anything from outside:
// an answer off the schema is an error, and the built-in understanding takes the turn.
import type { ValidateFunction } from 'ajv'
import {
  type DayWish,
  type Hint,
  type Intent,
  intents,
  type TimeWish,
  type Understanding,
  type Understood,
} from '../../domain/conversation/index.ts'
import type { OpenAiClient } from './client.ts'

const orNull = <const T extends object>(schema: T) => ({ anyOf: [schema, { type: 'null' }] })
const date = { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' } as const
const clock = { type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' } as const

/** Strict structured output: every property required, nothing else allowed. */
const answerSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['intent', 'name', 'date_from', 'date_to', 'time_from', 'time_to', 'time_of_day', 'choice', 'correction', 'confidence'],
  properties: {
    intent: orNull({ type: 'string', enum: [...intents] }),
    name: orNull({ type: 'string' }),
    date_from: orNull(date),
    date_to: orNull(date),
    time_from: orNull(clock),
    time_to: orNull(clock),
    time_of_day: orNull({ type: 'string', enum: ['morning', 'lunchtime', 'afternoon', 'evening'] }),
    choice: orNull({ type: 'integer' }),
    correction: { type: 'boolean' },
    confidence: { type: 'number' },
  },
} as const

type PartOfDay = Extract<TimeWish, { kind: 'part' }>['part']

interface Answer {
  readonly intent: Intent | null
  readonly name: string | null
  readonly date_from: string | null
  readonly date_to: string | null
  readonly time_from: string | null
  readonly time_to: string | null
  readonly time_of_day: PartOfDay | null
  readonly choice: number | null
  readonly correction: boolean
  readonly confidence: number
}

/** What a strict schema cannot ask for, and an answer must keep to all the same. */
const bounds = {
  properties: {
    name: { maxLength: 120 },
    date_from: { format: 'date' }, // there is no 30 February
    date_to: { format: 'date' },
    confidence: { minimum: 0, maximum: 1 },
  },
}

let compiled: Promise<ValidateFunction<Answer>> | undefined
/** Compiled at first use: commands and installations without a model do not wait for it. */
const answerShape = () => {
  compiled ??= Promise.all([import('ajv'), import('ajv-formats/dist/formats.js')]).then(([{ Ajv }, { fullFormats }]) =>
    new Ajv({ strictTypes: false, formats: { date: fullFormats.date } }).compile<Answer>({ allOf: [answerSchema, bounds] }),
  )
  return compiled
}

export function openAiUnderstanding(client: OpenAiClient): Understanding {
  return {
    name: 'openai',
    async extract(text, hint) {
      const completion = await client.call((sdk, signal) =>
        sdk.chat.completions.create(
          {
            model: client.settings.model,
            temperature: 0,
            messages: [
              { role: 'system', content: instructions(hint) },
              { role: 'user', content: text },
            ],
            response_format: { type: 'json_schema', json_schema: { name: 'caller_turn', strict: true, schema: answerSchema } },
          },
          { signal },
        ),
      )
      return toUnderstood(await readAnswer(completion.choices[0]?.message.content ?? ''))
    },
  }
}

/** @throws when the model did not keep to the schema */
async function readAnswer(content: string): Promise<Answer> {
  const shape = await answerShape()
  const answer: unknown = JSON.parse(content)
  if (!shape(answer)) throw new Error('the model answered off the schema')
  return answer
}

function toUnderstood(answer: Answer): Understood {
  return {
    intent: answer.intent,
    name: answer.name,
    day: dayOf(answer),
    time: timeOf(answer),
    choice: answer.choice,
    corrections: answer.correction,
    confidence: answer.confidence,
  }
}

function dayOf({ date_from: from, date_to: to }: Answer): DayWish | null {
  if (!from) return null
  return to && to !== from ? { kind: 'range', from, to } : { kind: 'date', date: from }
}

function timeOf({ time_from: from, time_to: to, time_of_day: part }: Answer): TimeWish | null {
  const at = (text: string) => ({ minutes: Number(text.slice(0, 2)) * 60 + Number(text.slice(3)), open: false })
  if (from && to && from !== to) return { kind: 'between', from: at(from), to: at(to) }
  if (from) return { kind: 'at', at: at(from) }
  if (to) return { kind: 'before', to: at(to) }
  return part ? { kind: 'part', part } : null
}

function instructions(hint: Hint): string {
  const offered = hint.offered.map((slot, index) => `${index + 1}: ${slot.localStart}`).join('; ') || 'none'
  return [
    'You read one turn of a phone call in which somebody books, moves or cancels an appointment. Answer only with the JSON that the schema asks for.',
    `Now it is ${hint.now} (UTC); the place is in ${hint.timezone}; the caller speaks ${hint.language}.`,
    `The caller was just asked about: ${hint.expecting}. Times offered: ${offered}.`,
    'intent is what the caller wants; yes and no answer a question. name is the person the appointment is for, as they said it.',
    'Dates are local calendar dates, times are 24-hour local times; a bare "four" is 16:00 in a place that opens at nine.',
    'choice is the 1-based number of the offered time that was taken, -1 the last, 0 none of them. correction is true when something said before is taken back.',
    'Leave null what was not said. Never guess. confidence is from 0 to 1.',
  ].join('\n')
}
