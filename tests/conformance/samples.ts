// Bodies and queries made from their schemas: one that should do, and many that are wrong in one place.
import type { Schema } from './documented.ts'

export type Follow = (schema: Schema) => Schema
export type Json = unknown

const isSchema = (value: unknown): value is Schema => value !== null && typeof value === 'object' && !Array.isArray(value)
const listOf = (value: unknown): Schema[] => (Array.isArray(value) ? value.filter(isSchema) : [])

/** The least that the schema accepts, as far as a schema can tell. */
export function sampleOf(given: Schema, follow: Follow): Json {
  const schema = follow(given)
  if ('default' in schema) return schema.default
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  const [branch] = [...listOf(schema.anyOf), ...listOf(schema.oneOf)]
  if (branch) return sampleOf(branch, follow)
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'object') return sampleObject(schema, follow)
  if (type === 'array')
    return isSchema(schema.items)
      ? Array.from({ length: Number(schema.minItems ?? 0) }, () => sampleOf(schema.items as Schema, follow))
      : []
  if (type === 'integer' || type === 'number') return Number(schema.minimum ?? 1)
  if (type === 'boolean') return true
  return type === 'null' ? null : sampleText(schema)
}

function sampleObject(schema: Schema, follow: Follow): Record<string, Json> {
  const required = new Set(Array.isArray(schema.required) ? schema.required : [])
  const all = [schema, ...listOf(schema.allOf).map(follow)]
  const properties = all.flatMap((part) => Object.entries((part.properties ?? {}) as Record<string, Schema>))
  return Object.fromEntries(properties.filter(([name]) => required.has(name)).map(([name, inner]) => [name, sampleOf(inner, follow)]))
}

const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-03-02T09:30:00Z',
  date: '2026-03-02',
  time: '09:30:00',
  email: 'somebody@example.com',
  uuid: '0195567e-2f80-7cc3-98e5-1f2a3b4c5d6e',
  uri: 'https://example.com/',
}

function sampleText({ format, pattern, minLength }: Schema): string {
  if (typeof format === 'string' && formats[format]) return formats[format]
  const guesses = ['abc', '+442071234567', 'Europe/London', 'GB', '100', '09:00', formats.uuid ?? '']
  const fits = typeof pattern === 'string' ? guesses.find((guess) => new RegExp(pattern, 'u').test(guess)) : undefined
  return fits ?? 'abcdefghijklmnopqrst'.slice(0, Math.max(4, Number(minLength ?? 0)))
}

export interface Wrong {
  readonly what: string
  readonly body: string
  readonly type: string
}

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

/** Things that are no body of any kind. */
export const notBodies: readonly Wrong[] = [
  { what: 'nothing at all', body: '', type: 'application/json' },
  { what: 'JSON that ends too soon', body: '{"a":', type: 'application/json' },
  { what: 'half a UTF-8 character', body: '{"a":"\u00ff"}', type: 'latin1' },
  { what: 'null', body: 'null', type: 'application/json' },
  { what: 'a list', body: '[]', type: 'application/json' },
  { what: 'a number that is too big', body: '1e999', type: 'application/json' },
  { what: 'deep nesting', body: deep(5000), type: 'application/json' },
  { what: 'a key that reaches for the prototype', body: '{"__proto__":{"admin":true},"constructor":{}}', type: 'application/json' },
  { what: 'plain text', body: 'hello', type: 'text/plain' },
  { what: 'XML', body: '<a/>', type: 'application/xml' },
  { what: 'a form', body: 'a=1&a=2&%ff=%00', type: 'application/x-www-form-urlencoded' },
  { what: 'a broken multipart body', body: '--x\r\nnothing', type: 'multipart/form-data; boundary=x' },
  { what: 'no media type that anybody knows', body: '{}', type: 'nonsense' },
]

const wrongValues: readonly (readonly [string, Json])[] = [
  ['null', null],
  ['an empty text', ''],
  ['a text with NUL', 'a\u0000b'],
  ['half a surrogate pair', 'a\ud800b'],
  ['a very long text', 'x'.repeat(20_000)],
  ['an emoji and a right-to-left mark', '👩‍🚀\u202e'],
  ['a quote for the database', "'; DROP TABLE people.users; --"],
  ['a negative number', -1],
  ['a fraction', 1.5],
  ['an absurd number', 9.99e307],
  ['a number past the safe integers', 2 ** 60],
  ['an impossible date', '2026-02-30T25:61:00Z'],
  ['a date before all calendars', '-271821-04-20T00:00:00Z'],
  ['a date after all calendars', '+275760-09-13T00:00:00Z'],
  ['true', true],
  ['a list', [[]]],
  ['an object', { a: { b: {} } }],
]

/** The sample with one property wrong, for every property and every wrong value. */
export function wrongBodies(schema: Schema, follow: Follow): Wrong[] {
  const sample = sampleOf(schema, follow)
  if (sample === null || typeof sample !== 'object') return []
  const names = Object.keys((follow(schema).properties ?? {}) as object)
  const changed = names.flatMap((name) =>
    wrongValues.map(([what, value]) => ({ what: `${name} is ${what}`, json: { ...sample, [name]: value } })),
  )
  const missing = Object.keys(sample).map((name) => ({ what: `${name} is missing`, json: { ...sample, [name]: undefined } }))
  const more = { what: 'a field that nobody knows', json: { ...sample, 'nobody\u2028knows': 1 } }
  return [...changed, ...missing, more].map(({ what, json }) => ({ what, body: JSON.stringify(json), type: 'application/json' }))
}
