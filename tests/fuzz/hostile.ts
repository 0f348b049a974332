// What a hostile caller puts where a value should be, and what becomes of a right body in one place or two.
import type { Dice } from './dice.ts'
import type { Json } from './values.ts'

const deep = (levels: number): Json => {
  let value: Json = 1
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { a: value }
  return value
}

export const hostileTexts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udc00b',
  'x'.repeat(20_000),
  '👩‍🚀\u202e\u2028\ufeff',
  "'; DROP TABLE people.users; --",
  '%_\\',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'null',
  'NaN',
  '-1',
  '1e999',
  '9007199254740993',
  '2026-02-30T25:61:00Z',
  '-271821-04-20T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '0000-00-00',
  '2026-06-30T23:59:60Z',
  '9999-12-31T23:59:59.999Z',
  '2026-01-01T00:00:00+23:59',
  '0195567e-2f80-7cc3-98e5-1f2a3b4c5d6e',
  '00000000-0000-0000-0000-000000000000',
  '+000000000',
  '+1500555000612345',
  '１２３',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '\u0001\u0008\u001f',
  '\ufffe\uffff',
]

const hostileValues: readonly Json[] = [
  ...hostileTexts,
  null,
  true,
  0,
  -1,
  1.5,
  -0,
  1e308,
  2 ** 53,
  2 ** 63,
  -(2 ** 31) - 1,
  1e-320,
  [],
  {},
  [[[]]],
  [null],
  Object.fromEntries(['toString', 'valueOf', 'then'].map((name) => [name, {}])),
  { constructor: { prototype: { admin: true } } },
  deep(40),
  deep(150),
  Array.from({ length: 3000 }, (_, index) => index),
]

type Fields = Record<string, Json>
const isFields = (value: Json): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

interface Change {
  readonly note: string
  readonly text: string
}

const textOfValue = (value: Json): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, 2_000)

/** How a right body goes wrong in one place; each is a kind of mistake. */
export const mutations: Readonly<Record<string, (body: Fields, name: string, dice: Dice) => Json | Change>> = {
  drop: (body, name) => ({ ...body, [name]: undefined }),
  replace: (body, name, dice) => ({ ...body, [name]: dice.pick(hostileValues) }),
  retype: (body, name) => ({ ...body, [name]: typeof body[name] === 'string' ? Number(body[name]) || 7 : textOfValue(body[name]) }),
  wrap: (body, name) => ({ ...body, [name]: [body[name]] }),
  nest: (body, name) => ({ ...body, [name]: { [name]: body[name] } }),
  step: (body, name, dice) => ({ ...body, [name]: stepped(body[name], dice) }),
  lengthen: (body, name, dice) => ({ ...body, [name]: textOfValue(body[name]).repeat(dice.pick([2, 50, 1000])) }),
  splice: (body, name, dice) => {
    const text = textOfValue(body[name])
    const at = dice.int(text.length + 1)
    return { ...body, [name]: text.slice(0, at) + dice.pick(hostileTexts) + text.slice(at + dice.int(2)) }
  },
  repeat: (body, name) => ({ ...body, [name]: Array.from({ length: 2000 }, () => body[name]) }),
  add: (body, name, dice) => ({
    ...body,
    [dice.pick(['admin', 'id', 'organizationId', `${name}\u2028`, 'a\u0000', 'toString'])]: dice.pick(hostileValues),
  }),
  double: (body, name, dice) => ({
    note: `${name} twice`,
    text: JSON.stringify(body).replace(
      /\}$/,
      `${Object.keys(body).length ? ',' : ''}${JSON.stringify(name)}:${JSON.stringify(dice.pick(hostileValues)) ?? 'null'}}`,
    ),
  }),
  prototype: (body) => ({
    note: 'prototype keys',
    text: JSON.stringify(body).replace(/^\{/, '{"__proto__":{"admin":true},').replace(/,\}$/, '}'),
  }),
  respell: (body, name) => ({ note: `${name} in escapes`, text: JSON.stringify(body).replace(JSON.stringify(name), escaped(name)) }),
  number: (body, name, dice) => ({
    note: `${name} is an odd number`,
    text: JSON.stringify({ ...body, [name]: '(here)' }).replace(
      '"(here)"',
      dice.pick(['1e999', '-1e999', '0.1e-400', '1'.repeat(400), '1.0', '-0', '01', '1_0', '+1', 'NaN']),
    ),
  }),
}

const escaped = (name: string): string =>
  `"${[...name].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`
function stepped(value: Json, dice: Dice): Json {
  if (typeof value === 'number') return value + dice.pick([-1, 1, 0.5, 2 ** 31, -(2 ** 53)])
  if (typeof value === 'string') return dice.chance(0.5) ? value.slice(0, -1) : `${value}${value.slice(-1) || 'x'}`
  return Array.isArray(value) ? value.slice(1) : !value
}

const mostText = 1_000_000

/** The body changed in one place or two, as text. */
export function mutate(body: Json, dice: Dice): Change {
  if (!isFields(body)) return { note: 'another value', text: JSON.stringify(dice.pick(hostileValues)) }
  const names = Object.keys(body)
  if (names.length === 0)
    return { note: 'a field nobody knows', text: JSON.stringify({ [dice.pick(hostileTexts)]: dice.pick(hostileValues) }) }
  const once = applied(body, dice)
  if ('text' in once || !dice.chance(0.25) || !isFields(once.value)) return textOf(once)
  const twice = textOf(applied(once.value, dice))
  // Of a body that is far too large the answer may come and the connection go while it is still being sent.
  return twice.text.length > mostText ? textOf(once) : { text: twice.text, note: `${once.note}, ${twice.note}` }
}

type Applied = { readonly note: string } & ({ readonly value: Json } | { readonly text: string })
function applied(body: Fields, dice: Dice): Applied {
  const kind = dice.pick(Object.keys(mutations))
  const name = dice.pick(Object.keys(body))
  const made = mutations[kind]?.(body, name, dice)
  return isFields(made) && typeof made.text === 'string' && typeof made.note === 'string' && Object.keys(made).length === 2
    ? { note: made.note, text: made.text }
    : { note: `${kind} ${name}`, value: made }
}
const textOf = (made: Applied): Change => ({ note: made.note, text: 'text' in made ? made.text : (JSON.stringify(made.value) ?? '') })

/** Bodies that are no right body of any kind. */
export function rawBody(dice: Dice): { readonly note: string; readonly body: Buffer; readonly type: string | null } {
  const type = dice.pick([
    'application/json',
    'application/json',
    'application/json; charset=utf-16',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'multipart/form-data',
    'text/plain',
    'application/octet-stream',
    'application/merge-patch+json',
    'nonsense',
    '',
    null,
  ])
  const note = dice.pick(Object.keys(raws))
  return { note: `${note} as ${type ?? 'nothing'}`, body: raws[note]?.(dice) ?? Buffer.alloc(0), type }
}

const noise = (dice: Dice, size: number): Buffer => Buffer.from(Array.from({ length: size }, () => dice.int(256)))
const raws: Readonly<Record<string, (dice: Dice) => Buffer>> = {
  nothing: () => Buffer.alloc(0),
  noise: (dice) => noise(dice, dice.pick([1, 2, 7, 64, 1000])),
  'noise in quotes': (dice) => Buffer.concat([Buffer.from('{"a":"'), noise(dice, 30), Buffer.from('"}')]),
  'half of it': (dice) => Buffer.from(dice.pick(['{', '[1,', '{"a":', '"abc', '{"a":1}}', '{"a":1', 'nul', '[1,]', "{'a':1}"])),
  'another value': (dice) => Buffer.from(dice.pick(['null', '[]', '1', '"a"', '1e999', '-', 'true', '[[[[]]]]', '\ufeff{}'])),
  'deep nesting': (dice) => Buffer.from('['.repeat(dice.pick([99, 101, 5000, 60_000]))),
  'deep objects': (dice) => Buffer.from('{"a":'.repeat(dice.pick([99, 101, 5000]))),
  'wrong UTF-8': () => Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc0, 0xaf, 0xed, 0xa0, 0x80, 0x22, 0x7d]),
  'UTF-16': () => Buffer.from('{"a":1}', 'utf16le'),
  'a large body': (dice) => Buffer.from(`{"a":"${'a'.repeat(dice.pick([60_000, 300_000]))}"}`),
  'many keys': () => Buffer.from(`{${Array.from({ length: 5000 }, (_, index) => `"k${index}":${index}`).join(',')}}`),
  'a form': (dice) => Buffer.from(dice.pick(['a=1&a=2&%ff=%00', '=&=&&&', '%', 'a=%zz', 'a'.repeat(5000), '__proto__=1&constructor=2'])),
  'a broken upload': (dice) =>
    Buffer.from(
      dice.pick([
        '--x\r\nnothing',
        '--x--\r\n',
        '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nhalf',
        '--x\r\ncontent-disposition: form-data; name="__proto__"\r\n\r\n1\r\n--x--\r\n',
        `--x\r\ncontent-disposition: form-data; name="file"; filename="${'a'.repeat(3000)}"\r\ncontent-type: \u0001/\u0002\r\n\r\nx\r\n--x--\r\n`,
        '--x\r\ncontent-disposition: form-data; name="file"; filename="../../a\u0000.txt"\r\n\r\nx\r\n--x--\r\n',
        `${'--x\r\ncontent-disposition: form-data; name="f"\r\n\r\n1\r\n'.repeat(2000)}--x--\r\n`,
      ]),
    ),
}
