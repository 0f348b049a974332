// What a hostile caller does around the body: headers that lie or overdo, a framing that breaks, an address gone wrong.
import type { Dice } from './dice.ts'
import { hostileTexts } from './hostile.ts'

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
