// Attacks on how a credential is written and carried: other spellings of the same bytes, other places, two at once, other
// kinds of credential in the same place (RFC 6750, 2; RFC 9110, 11.6.2; RFC 7515, 2).
import { claiming, encode, type Forge, good, headed } from './forge.ts'
import type { Attack, Carried } from './tokens.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** 256 bytes are 342 characters, whose last has four bits that decoding drops. */
const loosened = (token: string): string => token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) ?? '') ^ 1]

const parts = (forge: Forge): [string, string, string] => good(forge).split('.') as [string, string, string]
const authorization = (value: string): Carried => ({ headers: ['authorization', value] })
const cases = (rows: Readonly<Record<string, (forge: Forge) => Carried>>): Record<string, Attack> => rows

export const wireAttacks: Readonly<Record<string, Attack>> = {
  // Spelled otherwise
  'padding after the signature': (forge) => `${good(forge)}==`,
  'padding after the claims': (forge) => good(forge).replace(/\.([^.]+)\./, '.$1=.'),
  'the other base64 alphabet': (forge) => headed(forge, { x: '\u07ff\u07ff?>\u07ff' }).replaceAll('_', '/').replaceAll('-', '+'),
  'loose bits at the end': (forge) => loosened(good(forge)),
  'letters too many': (forge) => `${good(forge)}BBBB`,
  'a space inside': (forge) => good(forge).replace('.', '. '),
  'a line inside, percent-encoded': (forge) => good(forge).replace('.', '%0A.'),
  'percent-encoded dots': (forge) => good(forge).replaceAll('.', '%2E'),
  'a dot before it': (forge) => `.${good(forge)}`,
  'a dot after it': (forge) => `${good(forge)}.`,
  'two dots for one': (forge) => good(forge).replace('.', '..'),
  'a fourth part': (forge) => `${good(forge)}.${encode('{}')}`,
  'two parts': (forge) => parts(forge).slice(0, 2).join('.'),
  'one part': (forge) => parts(forge)[1],
  'no header': (forge) => `.${parts(forge)[1]}.${parts(forge)[2]}`,
  'nothing after the last dot': (forge) => `${parts(forge)[0]}.${parts(forge)[1]}.`,
  'dots alone': () => '..',
  'parts in another order': (forge) => [parts(forge)[1], parts(forge)[0], parts(forge)[2]].join('.'),
  'in hexadecimal': (forge) =>
    parts(forge)
      .map((part) => Buffer.from(part, 'base64url').toString('hex'))
      .join('.'),
  'encoded twice': (forge) => encode(good(forge)),
  'in capitals': (forge) => good(forge).toUpperCase(),
  backwards: (forge) => [...good(forge)].reverse().join(''),
  'larger than is read': (forge) => claiming(forge, { padding: 'x'.repeat(8192) }),
  // Carried otherwise
  ...cases({
    'a tab for a space': (forge) => authorization(`Bearer\t${good(forge)}`),
    'no space': (forge) => authorization(`Bearer${good(forge)}`),
    'the scheme alone': () => authorization('Bearer'),
    'the scheme and spaces': () => authorization('Bearer   '),
    'no scheme': (forge) => authorization(good(forge)),
    Basic: (forge) => authorization(`Basic ${Buffer.from(`:${good(forge)}`).toString('base64')}`),
    Token: (forge) => authorization(`Token ${good(forge)}`),
    JWT: (forge) => authorization(`JWT ${good(forge)}`),
    DPoP: (forge) => authorization(`DPoP ${good(forge)}`),
    'another scheme before it': (forge) => authorization(`Basic Og==, Bearer ${good(forge)}`),
    'a colon after the scheme': (forge) => authorization(`Bearer: ${good(forge)}`),
    'the scheme twice': (forge) => authorization(`Bearer Bearer ${good(forge)}`),
    'in quotes': (forge) => authorization(`Bearer "${good(forge)}"`),
    'as a parameter': (forge) => authorization(`Bearer token=${good(forge)}`),
    'with a parameter': (forge) => authorization(`Bearer ${good(forge)}; x=1`),
    'two tokens in one header': (forge) => authorization(`Bearer ${good(forge)}, Bearer ${good(forge)}`),
    'two tokens, a space between': (forge) => authorization(`Bearer ${good(forge)} ${good(forge)}`),
    'two headers, the good one first': (forge) => ({ headers: ['authorization', `Bearer ${good(forge)}`, 'authorization', 'Bearer x'] }),
    'two headers, the good one last': (forge) => ({ headers: ['authorization', 'Bearer x', 'authorization', `Bearer ${good(forge)}`] }),
    'two headers, both good': (forge) => ({
      headers: ['Authorization', `Bearer ${good(forge)}`, 'AUTHORIZATION', `Bearer ${good(forge)}`],
    }),
    'letters that look like the scheme': (forge) => authorization(`\u00dfearer ${good(forge)}`),
    'an empty header': () => authorization(''),
    'in the address': (forge) => ({ headers: [], query: `access_token=${good(forge)}` }),
    'in the address, beside a good one': (forge) => ({
      headers: ['authorization', `Bearer ${good(forge)}`],
      query: `access_token=${good(forge)}`,
    }),
    'in the address, under other names': (forge) => ({ headers: [], query: `token=${good(forge)}&authorization=Bearer%20${good(forge)}` }),
    'in a cookie': (forge) => ({ headers: ['cookie', `access_token=${good(forge)}; authorization=Bearer ${good(forge)}`] }),
    'in the body': (forge) => ({ headers: ['content-type', 'application/x-www-form-urlencoded'], body: `access_token=${good(forge)}` }),
    'in a header for proxies': (forge) => ({ headers: ['proxy-authorization', `Bearer ${good(forge)}`] }),
    'in headers that proxies add': (forge) => ({
      headers: [
        'x-authorization',
        `Bearer ${good(forge)}`,
        'x-forwarded-authorization',
        `Bearer ${good(forge)}`,
        'x-auth-token',
        good(forge),
      ],
    }),
    'claims in headers that proxies add': () => ({
      headers: ['x-user-id', '12345', 'x-organization-id', '100', 'x-roles', 'admin', 'x-remote-user', 'admin'],
    }),
    '10,000 claims': (forge) => ({
      ...authorization(`Bearer ${claiming(forge, Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`c${n}`, n])))}`),
      unread: true,
    }),
    'a megabyte': (forge) => ({ ...authorization(`Bearer ${good(forge)}${'A'.repeat(1024 * 1024)}`), unread: true }),
  }),
  // Other kinds of credential
  'a refresh token': ({ others }) => others.refreshToken,
  'an API key': ({ others }) => others.apiKey,
  'a calendar feed’s token': ({ others }) => others.feedToken,
  'a ticket for events': ({ others }) => others.ticket,
  'a client’s secret': ({ others }) => others.clientSecret,
  'an API key in its own header': ({ others }) => ({ headers: ['x-api-key', others.apiKey] }),
}
