// P6: whatever comes as a body is refused in the contract's own words or taken; it never breaks the server, and what is
// refused has written nothing. Driven by the endpoints themselves: an operation that is added is attacked by itself.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { matrix, type Sent } from '../isolation/matrix.ts'
import { type Operation, operations } from '../isolation/operations.ts'
import { type Arena, openArena, pathOf } from './arena.ts'
import { type HostileJudge, openJudge } from './judge.ts'

let arena: Arena
let judge: HostileJudge
beforeAll(async () => {
  arena = await openArena()
  judge = await openJudge(arena.house)
})
afterAll(() => arena?.close())

const changing = operations.filter(({ endpoint }) => endpoint.method !== 'GET' && endpoint.operation in matrix)
const withBody = changing.filter(({ endpoint }) => endpoint.body)
const takesJson = ({ endpoint }: Operation) => endpoint.body !== undefined && (endpoint.accepts ?? ['json']).includes('json')
const takesForm = ({ endpoint }: Operation) => endpoint.accepts?.includes('form') ?? false
const each = (some: readonly Operation[]) => some.map((operation) => [operation.endpoint.operation, operation] as const)

const json = 'application/json'
const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
const broken: readonly (readonly [string, string | Buffer])[] = [
  ['an open brace', '{'],
  ['half an object', '{"a":'],
  ['a comma too many', '{"a":1,}'],
  ['single quotes', "{'a':1}"],
  ['a comment', '{"a":1/**/}'],
  ['two values', '{} {}'],
  ['NaN', '{"a":NaN}'],
  ['a byte order mark', '\ufeff{}'],
  ['null', 'null'],
  ['an array', '[]'],
  ['a string', '"text"'],
  ['a number', '42'],
  ['true', 'true'],
  ['a raw NUL', '{"a":"\u0000"}'],
  ['NUL bytes', Buffer.alloc(64)],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
  ['an overlong encoding', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc0, 0xaf, 0x22, 0x7d])],
  ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
  ['a hundred thousand brackets', deep(100_000)],
  ['a hundred thousand braces', '{"a":'.repeat(100_000)],
]

async function attack(operation: Operation, sent: Sent, headers: Record<string, string>, body: Buffer | string | FormData) {
  const path = pathOf(operation.endpoint, sent)
  return arena.send(operation.endpoint.method, path, { ...(await arena.headersFor(operation, path)), ...headers }, body)
}

describe('a body that is not what is asked for', () => {
  test.each(each(withBody.filter(takesJson)))('%s refuses what is no JSON object, and writes nothing', async (_, operation) => {
    const sent = await arena.right(operation)
    const before = await arena.picture()
    const found: string[] = []
    for (const [name, body] of broken)
      for (const complaint of judge.refusal(operation, await attack(operation, sent, { 'content-type': json }, body)))
        found.push(`${name}: ${complaint}`)
    expect(found).toEqual([])
    expect(await arena.picture()).toEqual(before)
  })

  test.each(each(withBody.filter(takesJson)))('%s refuses a good body with something in it that cannot be kept', async (_, operation) => {
    const sent = await arena.right(operation)
    const before = await arena.picture()
    const good = JSON.stringify(sent.json ?? {}).slice(1, -1)
    const lead = good ? `${good},` : ''
    const found: string[] = []
    for (const [name, extra] of [
      ['an escaped NUL', '"x":"\\u0000"'],
      ['a NUL in a key', '"x\\u0000":1'],
      ['half a surrogate pair', '"x":"\\ud800"'],
      ['the other half', '"x":"\\udc00 "'],
      ['a prototype', '"__proto__":{"admin":true}'],
      ['a deep value', `"x":${deep(100_000)}`],
      ['a deep object', `"x":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
    ] as const)
      for (const complaint of judge.refusal(operation, await attack(operation, sent, { 'content-type': json }, `{${lead}${extra}}`)))
        found.push(`${name}: ${complaint}`)
    expect(found).toEqual([])
    expect(await arena.picture()).toEqual(before)
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false)
  })

  test.each(each(changing))('%s refuses media types that it does not take, and writes nothing', async (_, operation) => {
    const sent = await arena.right(operation)
    const before = await arena.picture()
    const found: string[] = []
    const foreign: [string, Record<string, string>, string | Buffer][] = [
      ['text', { 'content-type': 'text/plain' }, '{}'],
      ['XML', { 'content-type': 'application/xml' }, '<a/>'],
      ['a type that is none', { 'content-type': 'garbage' }, '{}'],
      ['a list of types', { 'content-type': 'application/json, text/plain' }, '{}'],
      ['no type at all', {}, Buffer.from('{}')],
      ['any bytes', { 'content-type': 'application/octet-stream' }, '{}'],
    ]
    if (!operation.endpoint.accepts?.includes('stream'))
      foreign.push(['parts', { 'content-type': 'multipart/form-data; boundary=x' }, '--x\r\n\r\n--x--\r\n'])
    if (!takesForm(operation))
      foreign.push(['a form with everything twice', { 'content-type': 'application/x-www-form-urlencoded' }, 'a=1&a=2&limit=1&limit=2'])
    if (!takesJson(operation) && operation.endpoint.body) foreign.push(['JSON', { 'content-type': json }, '{}'])
    for (const [name, headers, body] of foreign) {
      const answer = await attack(operation, sent, headers, body)
      for (const complaint of judge.refusal(operation, answer)) found.push(`${name}: ${complaint}`)
      if (answer.status !== 415) found.push(`${name}: ${answer.status} and not 415: ${answer.body.slice(0, 160)}`)
    }
    expect(found).toEqual([])
    expect(await arena.picture()).toEqual(before)
  })

  test.each(each(changing))('%s refuses ten megabytes, and writes nothing', async (_, operation) => {
    const sent = await arena.right(operation)
    const before = await arena.picture()
    const stream = operation.endpoint.accepts?.includes('stream') ?? false
    const type = takesForm(operation) && !takesJson(operation) ? 'application/x-www-form-urlencoded' : json
    const answer = await attack(
      operation,
      sent,
      { 'content-type': type },
      type === json ? `{"a":"${'a'.repeat(10 * 1024 * 1024)}"}` : `a=${'a'.repeat(10 * 1024 * 1024)}`,
    )
    expect(judge.refusal(operation, answer)).toEqual([])
    expect(answer.status).toBe(stream ? 415 : 413)
    expect(await arena.picture()).toEqual(before)
  })
})

const hostileValues: readonly unknown[] = [
  null,
  '',
  ' ',
  'a'.repeat(100_000),
  "'; DROP TABLE people.users; --",
  '\u202e\u0007\u001b[31m',
  '😀'.repeat(300),
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  2 ** 53 + 2,
  2 ** 63,
  -(2 ** 31) - 1,
  true,
  [],
  [[]],
  [null],
  {},
  { toString: 1, length: -1 },
  { constructor: { prototype: { admin: true } } },
  '275760-09-13T00:00:00Z',
  '+275760-09-13T00:00:01Z',
  '-000001-01-01T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:00Z',
  '2026-02-30T10:00:00Z',
  '2026-06-30T23:59:60Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T10:00:00+99:99',
  '2026-01-01T10:00:00.123456789123Z',
  '+1',
  '+999999999999999999999',
  '{"$gt":""}',
]

/** Neighbouring fields share the values between them: what meets every field with everything is the fuzzer (tests/fuzz). */
const inTurn = (field: number) => (_: unknown, index: number) => (field + index) % 3 === 0

describe('a field with a hostile value', () => {
  test.each(each(withBody.filter(takesJson)))('never breaks %s', async (_, operation) => {
    const found: string[] = []
    for (const [index, field] of fieldsOf(operation).entries())
      for (const value of hostileValues.filter(inTurn(index))) {
        const sent = await arena.right(operation)
        const body = JSON.stringify({ ...(sent.json as object), [field]: value })
        for (const complaint of judge.any(operation, await attack(operation, sent, { 'content-type': json }, body)))
          found.push(`${field} = ${JSON.stringify(value)?.slice(0, 60)}: ${complaint}`)
      }
    expect(found).toEqual([])
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false)
  })

  test.each(each(withBody.filter(takesJson)))('written twice, or as a number beyond all numbers, never breaks %s', async (_, operation) => {
    const found: string[] = []
    for (const field of fieldsOf(operation))
      for (const text of ['1e400', '-1e400', '123456789012345678901234567890', '1E-400', `0.${'1'.repeat(5000)}`, `"a","${field}":"b"`]) {
        const sent = await arena.right(operation)
        const good = JSON.stringify({ ...(sent.json as object), [field]: '(here)' }).replace('"(here)"', text)
        for (const complaint of judge.any(operation, await attack(operation, sent, { 'content-type': json }, good)))
          found.push(`${field} = ${text.slice(0, 40)}: ${complaint}`)
      }
    expect(found).toEqual([])
  })

  test.each(each(withBody.filter(takesForm)))('in a form never breaks %s', async (_, operation) => {
    const found: string[] = []
    const values = hostileValues.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).concat('\u0000', 'a\u0000b')
    for (const [index, field] of fieldsOf(operation).entries())
      for (const value of values.filter(inTurn(index))) {
        const sent = await arena.right(operation)
        const given = (sent.form ?? sent.json ?? {}) as Record<string, string>
        const form = { ...given, [field]: value }
        const path = pathOf(operation.endpoint, sent)
        const headers = { ...(await arena.headersFor(operation, path, form)), 'content-type': 'application/x-www-form-urlencoded' }
        const answer = await arena.send('POST', path, headers, new URLSearchParams(form).toString())
        for (const complaint of judge.any(operation, answer)) found.push(`${field} = ${value.slice(0, 60)}: ${complaint}`)
      }
    expect(found).toEqual([])
  })

  test.each(each(withBody.filter(takesForm)))('a form that is no text is refused by %s', async (_, operation) => {
    const sent = await arena.right(operation)
    const before = await arena.picture()
    const path = pathOf(operation.endpoint, sent)
    const found: string[] = []
    for (const body of [Buffer.from([0x61, 0x3d, 0xff, 0xfe]), '%zz=%', '&&&=&=', 'a', '', '__proto__=1&constructor=2']) {
      const headers = { ...(await arena.headersFor(operation, path)), 'content-type': 'application/x-www-form-urlencoded' }
      for (const complaint of judge.any(operation, await arena.send('POST', path, headers, body)))
        found.push(`${String(body)}: ${complaint}`)
    }
    expect(found).toEqual([])
    if (!operation.endpoint.bodyOptional) expect(await arena.picture()).toEqual(before)
  })
})

const fieldsOf = ({ endpoint }: Operation): string[] =>
  Object.keys((endpoint.body as { properties?: object } | undefined)?.properties ?? {})

describe('a webhook without its sender’s signature', () => {
  const signed = operations.filter(({ endpoint }) => endpoint.verify && endpoint.permission === 'public')
  test.each(each(signed))('%s is refused, whatever is wrong with it, and nothing is written', async (_, operation) => {
    const sent = await arena.right(operation)
    const path = pathOf(operation.endpoint, sent)
    const before = await arena.picture()
    const form = { ...sent.form }
    const right = (await arena.headersFor(operation, path, form))['x-twilio-signature'] ?? ''
    const attempts: [string, Record<string, string>, string, Record<string, string>][] = [
      ['none', {}, path, form],
      ['an empty one', { 'x-twilio-signature': '' }, path, form],
      ['a made-up one', { 'x-twilio-signature': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }, path, form],
      ['one with a bit changed', { 'x-twilio-signature': right.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) }, path, form],
      ['one of another form', { 'x-twilio-signature': right }, path, { ...form, CallSid: `CA${'f'.repeat(32)}` }],
      ['one of a form with less in it', { 'x-twilio-signature': right }, path, { ...form, Extra: '1' }],
      ['one of another address', { 'x-twilio-signature': right }, `${path}${path.includes('?') ? '&' : '?'}more=1`, form],
      [
        'one of another host',
        { 'x-twilio-signature': right, 'x-forwarded-host': 'elsewhere.example', 'x-forwarded-proto': 'https' },
        path,
        { ...form, A: '1' },
      ],
      ['an admin’s credentials instead', await arena.credentials(), path, form],
    ]
    const found: string[] = []
    for (const [name, headers, where, fields] of attempts) {
      const type = { 'content-type': 'application/x-www-form-urlencoded' }
      const answer = await arena.send('POST', where, { ...headers, ...type }, new URLSearchParams(fields).toString())
      if (answer.status !== 403) found.push(`${name}: ${answer.status}`)
      for (const complaint of judge.refusal(operation, answer)) found.push(`${name}: ${complaint}`)
    }
    expect(found).toEqual([])
    expect(await arena.picture()).toEqual(before)
  })
})
