// What a hostile caller puts where a value should be: into JSON, paths, queries, headers and whole bodies.
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

/** Headers that lie, repeat or overdo; those that break the framing say so. */
export function hostileHeaders(dice: Dice): readonly (readonly [string, string])[] {
  return Array.from({ length: 1 + dice.int(3) }, () => dice.pick(headers)).map(([name, values]) => [name, dice.pick(values)] as const)
}
const headers: readonly (readonly [string, readonly string[]])[] = [
  [
    'content-type',
    ['', 'application/json;', 'application/json; charset=\u00ff', 'a'.repeat(3000), '/', 'text/html', 'multipart/form-data; boundary='],
  ],
  ['content-encoding', ['gzip', 'br', 'identity', 'zip-bomb']],
  [
    'accept',
    ['*/*', 'text/html', 'audio/mpeg', 'image/png;q=1', ';;;', 'a/b;q=nonsense', 'application/json;q=0', `${'a/b,'.repeat(1000)}`],
  ],
  ['accept-encoding', ['gzip;q=0', '*;q=0', 'identity;q=0', ',,,']],
  ['accept-language', ['de', 'x'.repeat(2000), '*;q=2']],
  [
    'range',
    [
      'bytes=-0',
      'bytes=5-2',
      'bytes=0-0,1-1',
      'bytes=99999999-',
      'items=0-1',
      `bytes=0-${'9'.repeat(30)}`,
      'bytes=--1',
      'bytes=0-',
      'bytes=-1',
    ],
  ],
  ['if-none-match', ['*', '"a"', 'W/"', `"${'a'.repeat(2000)}"`, '"a", "b", W/"c"']],
  ['if-modified-since', ['yesterday', 'Thu, 01 Jan 1970 00:00:00 GMT']],
  ['if-range', ['"a"', 'nonsense']],
  ['x-request-id', ['fine-id-1', 'a'.repeat(129), '<script>', '\u00ff', '', 'a b', "'; --"]],
  ['idempotency-key', ['k1', 'k2', '"quoted"', '', '\u00ff', 'a'.repeat(256), 'a b', '"']],
  ['x-idempotency-key', ['k1', '""']],
  ['x-forwarded-for', ['127.0.0.1', 'nonsense', '1.2.3.4, 5.6.7.8', '::1'.repeat(300)]],
  ['x-forwarded-host', ['evil.example', 'a b', '']],
  ['x-forwarded-proto', ['javascript', 'https,http']],
  ['forwarded', ['for="_x";proto=https;host=evil.example', ';;;=']],
  ['host', ['', 'evil.example', 'a b', '127.0.0.1:99999', '[::1', 'x'.repeat(2000)]],
  ['origin', ['null', 'https://evil.example', 'x']],
  ['cookie', ['a=b; a=c', '='.repeat(3000)]],
  ['last-event-id', ['-1', 'a', '9'.repeat(40), '0', '']],
  ['expect', ['100-continue', 'nonsense']],
  ['upgrade', ['websocket', 'h2c']],
  ['connection', ['upgrade', 'keep-alive, upgrade', 'x-api-key']],
  ['te', ['trailers', 'nonsense']],
  ['max-forwards', ['-1']],
  ['traceparent', ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-zz', 'x'.repeat(600)]],
  ['x-http-method-override', ['DELETE', 'TRACE']],
  ['authorization', ['Bearer', 'Basic YTpi', 'Bearer a.b.c']],
  ['x-api-key', ['', 'pb_', "' OR 1=1"]],
]

/** Lies about where the body ends. Each goes over a connection of its own. */
export const framings: Readonly<Record<string, (body: Buffer) => { headers: readonly (readonly [string, string])[]; body: Buffer }>> = {
  'too long a content-length': (body) => ({ headers: [['content-length', String(body.length + 10)]], body }),
  'too short a content-length': (body) => ({ headers: [['content-length', String(Math.max(0, body.length - 3))]], body }),
  'a content-length that is no number': (body) => ({ headers: [['content-length', '0x10']], body }),
  'a negative content-length': (body) => ({ headers: [['content-length', '-1']], body }),
  'an endless content-length': (body) => ({ headers: [['content-length', '9'.repeat(30)]], body }),
  'two content-lengths': (body) => ({
    headers: [
      ['content-length', String(body.length)],
      ['content-length', '1'],
    ],
    body,
  }),
  'content-length and chunks': (body) => ({
    headers: [
      ['content-length', String(body.length)],
      ['transfer-encoding', 'chunked'],
    ],
    body,
  }),
  'chunks that are none': (body) => ({ headers: [['transfer-encoding', 'chunked']], body }),
  'chunks that end too soon': (body) => ({
    headers: [['transfer-encoding', 'chunked']],
    body: Buffer.concat([Buffer.from(`${(body.length + 5).toString(16)}\r\n`), body]),
  }),
  'an unknown transfer-encoding': (body) => ({ headers: [['transfer-encoding', 'gzip, chunked']], body }),
  'a spaced transfer-encoding': (body) => ({ headers: [['transfer-encoding ', 'chunked']], body }),
  'a line feed in a header': (body) => ({
    headers: [
      ['x-a', 'b\nx-c: d'],
      ['content-length', String(body.length)],
    ],
    body,
  }),
  'a header without end': (body) => ({
    headers: [
      ['x-a', 'a'.repeat(40_000)],
      ['content-length', String(body.length)],
    ],
    body,
  }),
  'thousands of headers': (body) => ({
    headers: [
      ...Array.from({ length: 3000 }, (_, index) => [`x-${index}`, '1'] as const),
      ['content-length', String(body.length)] as const,
    ],
    body,
  }),
  'NUL in a header': (body) => ({
    headers: [
      ['x-a', 'a\u0000b'],
      ['content-length', String(body.length)],
    ],
    body,
  }),
}

const segments = [
  '%00',
  'a%00b',
  '%zz',
  '%',
  '%ff%fe',
  '%c0%af',
  '0',
  '-1',
  '1.5',
  '1e2',
  '0x64',
  '+100',
  '%20100',
  '01',
  'NaN',
  '__proto__',
  'constructor',
  '9007199254740993',
  '99999999999999999999999999',
  '%F0%9F%92%A9',
  "';--",
  '..%2f..%2fetc',
  '%5c..%5c',
  '{id}',
  ':id',
  '*',
  '.',
  '..',
  '%2e%2e',
  '0195567E2F807CC398E51F2A3B4C5D6E',
  '00000000-0000-0000-0000-00000000000g',
  'x'.repeat(600),
  '1'.repeat(400),
  'me',
  'export',
  'feeds',
]
const queries = [
  'a'.repeat(6000),
  'a=1&'.repeat(1500),
  '__proto__[admin]=1&constructor.prototype=1',
  '%zz=%',
  '&&==&',
  '?'.repeat(50),
  '%00=%00',
  'limit=10&limit=20',
  'limit[]=1',
  'offset=-1&limit=0',
  '#',
]
const paths = [
  '/',
  '//',
  '/./',
  '/..',
  '/%2e%2e/',
  '/;a=b',
  '/\\',
  '*',
  '/%',
  '/a'.repeat(400),
  '/.env',
  '/graphql',
  '/V1/USERS',
  'http://evil.example/',
  '/v1/%75sers',
  '/\u00ff',
]

/** The address gone wrong in its path, its query or its method. */
export function hostileAddress(dice: Dice, method: string, target: string): { note: string; method: string; target: string } {
  const [path = '/', query] = target.split('?', 2)
  const parts = path.split('/')
  switch (dice.weigh({ segment: 4, query: 4, value: 4, path: 2, method: 2, slash: 1 })) {
    case 'segment':
      return {
        note: 'an odd path segment',
        method,
        target:
          parts.with(parts.length > 2 ? 1 + dice.int(parts.length - 1) : 1, dice.pick(segments)).join('/') + (query ? `?${query}` : ''),
      }
    case 'query':
      return { note: 'an odd query', method, target: `${path}?${query ? `${query}&` : ''}${dice.pick(queries)}` }
    case 'value': {
      const pairs = (query ?? 'limit=1').split('&')
      const at = dice.int(pairs.length)
      const name = pairs[at]?.split('=')[0] ?? 'limit'
      return {
        note: `an odd ${name}`,
        method,
        target: `${path}?${pairs.with(at, `${name}=${encodeURIComponent(dice.pick(hostileTexts).toWellFormed())}`).join('&')}`,
      }
    }
    case 'path':
      return { note: 'an odd path', method, target: dice.pick(paths) }
    case 'method':
      return {
        note: 'another method',
        method: dice.pick(['PATCH', 'PUT', 'DELETE', 'POST', 'GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'SEARCH']),
        target,
      }
    default:
      return {
        note: 'odd slashes',
        method,
        target: dice.pick([`${path}/`, `/${path}`, path.replaceAll('/', '//'), `${path}/.`]) + (query ? `?${query}` : ''),
      }
  }
}
