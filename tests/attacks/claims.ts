// Attacks on what a token says, most of them rightly signed: whoever got one signed must not make it mean more.
import { deflateRawSync } from 'node:zlib'
import { claiming, encode, type Forge, good, headed, signed, textOf } from './forge.ts'
import type { Attack } from './tokens.ts'

/** The same change to the claims, named by how it looks. */
const changed = (rows: readonly (readonly [string, (forge: Forge) => object])[]): Record<string, Attack> =>
  Object.fromEntries(rows.map(([what, change]) => [what, (forge: Forge) => claiming(forge, change(forge))]))

const twice = (forge: Forge, pair: string): string =>
  signed(forge.header, JSON.stringify(forge.claims).replace('{', `{${pair},`), forge.privateKey)
const numeral = (forge: Forge, claim: string, text: string): string =>
  signed(forge.header, JSON.stringify(forge.claims).replace(new RegExp(`"${claim}":[^,}]+`), `"${claim}":${text}`), forge.privateKey)

const types = [
  'dpop+jwt',
  'secevent+jwt',
  'logout+jwt',
  'id_token',
  'JOSE',
  'application/json',
  'JWT ',
  'at+jwt;x',
  '',
  7,
  null,
  ['JWT'],
  {},
]

export const claimAttacks: Readonly<Record<string, Attack>> = {
  // Two readers, two meanings
  'a claim twice': (forge) => twice(forge, `"organization_id":${forge.organizations.other}`),
  'a claim twice, once escaped': (forge) => twice(forge, `"\\u006frganization_id":${forge.organizations.other}`),
  'a claim twice with the same value': (forge) => twice(forge, `"sub":"${forge.claims.sub}"`),
  'exp twice': (forge) => twice(forge, '"exp":1'),
  'a claim twice, deep inside': (forge) => claiming(forge, {}).replace(/\.[^.]+\./, () => `.${encode('{"a":{"b":1,"b":2}}')}.`),
  'a rightly signed claim twice, deep inside': (forge) => twice(forge, '"cnf":{"jkt":"a","jkt":"b"}'),
  'a header parameter twice': (forge) => signed(textOf(forge.header).replace('{', '{"alg":"none",'), forge.claims, forge.privateKey),
  'two organisations': (forge) => claiming(forge, { tenant_id: `tenant-${forge.organizations.other}` }),
  'a comment in the claims': (forge) => signed(forge.header, textOf(forge.claims).replace('{', '{/**/'), forge.privateKey),
  'a comma too many': (forge) => signed(forge.header, textOf(forge.claims).replace('}', ',}'), forge.privateKey),
  'something after the claims': (forge) => signed(forge.header, `${textOf(forge.claims)}{}`, forge.privateKey),
  'a byte order mark before the claims': (forge) => signed(forge.header, `\ufeff${textOf(forge.claims)}`, forge.privateKey),
  'claims in UTF-16': (forge) => signed(forge.header, Buffer.from(textOf(forge.claims), 'utf16le'), forge.privateKey),
  'claims that are no UTF-8': (forge) => signed(forge.header, Buffer.from([0x7b, 0xff, 0x7d]), forge.privateKey),
  'claims in a list': (forge) => signed(forge.header, `[${textOf(forge.claims)}]`, forge.privateKey),
  'claims that are text': (forge) => signed(forge.header, JSON.stringify(textOf(forge.claims)), forge.privateKey),
  'claims that are nothing': (forge) => signed(forge.header, 'null', forge.privateKey),
  'no claims': (forge) => signed(forge.header, '{}', forge.privateKey),
  'a header that is a list': (forge) => signed(`[${textOf(forge.header)}]`, forge.claims, forge.privateKey),
  'claims as __proto__': (forge) => signed(forge.header, `{"__proto__":${textOf(forge.claims)}}`, forge.privateKey),
  'nested a thousand deep, by nobody': (forge) => signed(forge.header, `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`, forge.stranger),
  // What kind of token it is
  ...Object.fromEntries(types.map((typ) => [`typ ${JSON.stringify(typ)}`, (forge: Forge) => headed(forge, { typ })])),
  'crit: a claim that is known': (forge) => headed(forge, { crit: ['exp'] }),
  'crit: what nobody knows': (forge) => headed(forge, { crit: ['x-unknown'], 'x-unknown': 1 }),
  'crit: nothing': (forge) => headed(forge, { crit: [] }),
  'crit: no list': (forge) => headed(forge, { crit: 'exp' }),
  'b64 false': (forge) => headed(forge, { b64: false, crit: ['b64'] }),
  'b64 false, not critical': (forge) => headed(forge, { b64: false }),
  'b64 true': (forge) => headed(forge, { b64: true, crit: ['b64'] }),
  'a detached payload': (forge) => good(forge).replace(/\.[^.]+\./, '..'),
  'zip: compressed claims': (forge) => signed({ ...forge.header, zip: 'DEF' }, deflateRawSync(textOf(forge.claims)), forge.privateKey),
  'zip said, nothing compressed': (forge) => headed(forge, { zip: 'DEF' }),
  'a signed token inside a signed token': (forge) => signed({ ...forge.header, cty: 'JWT' }, good(forge), forge.privateKey),
  'cty, with claims': (forge) => headed(forge, { cty: 'JWT' }),
  'an encrypted token': (forge) => `${encode({ alg: 'RSA-OAEP', enc: 'A256GCM', kid: forge.kid })}.${'AAAA.'.repeat(3)}AAAA`,
  'an encrypted token with direct key': (forge) => `${encode({ alg: 'dir', enc: 'A256GCM' })}..AAAA.${encode(forge.claims)}.AAAA`,
  'enc in the header': (forge) => headed(forge, { enc: 'A256GCM' }),
  'JSON serialization': (forge) => {
    const [header, payload, signature] = good(forge).split('.')
    return encode({ payload, signatures: [{ protected: header, signature }] })
  },
  // When
  ...changed([
    ['no exp', () => ({ exp: undefined })],
    ['exp as text', ({ now }) => ({ exp: String(now + 600) })],
    ['exp as a list', ({ now }) => ({ exp: [now + 600] })],
    ['exp null', () => ({ exp: null })],
    ['exp true', () => ({ exp: true })],
    ['exp 0', () => ({ exp: 0 })],
    ['exp below nothing', () => ({ exp: -1 })],
    ['exp a minute ago', ({ now }) => ({ exp: now - 60 })],
    ['exp in milliseconds', ({ now }) => ({ exp: now * 1000 })],
    ['exp as far as numbers go', () => ({ exp: Number.MAX_SAFE_INTEGER })],
    ['a lifetime of 25 hours', ({ now }) => ({ exp: now + 25 * 3600 })],
    ['a lifetime of 25 hours without a beginning', ({ now }) => ({ exp: now + 25 * 3600, iat: undefined })],
    ['a lifetime of 25 hours, most of it gone', ({ now }) => ({ exp: now + 600, iat: now + 600 - 25 * 3600 })],
    ['nbf in a minute', ({ now }) => ({ nbf: now + 60 })],
    ['nbf as text', () => ({ nbf: '0' })],
    ['iat in a minute', ({ now }) => ({ iat: now + 60, exp: now + 600 })],
    ['iat as text', ({ now }) => ({ iat: String(now) })],
    ['iat below nothing', () => ({ iat: -1 })],
  ]),
  'exp beyond what numbers hold': (forge) => numeral(forge, 'exp', '1e999'),
  'exp NaN': (forge) => numeral(forge, 'exp', 'NaN'),
  // Whose
  ...changed([
    ['no iss', () => ({ iss: undefined })],
    ['iss null', () => ({ iss: null })],
    ['iss in a list', ({ issuer }) => ({ iss: [issuer] })],
    ['iss with a slash after it', ({ issuer }) => ({ iss: `${issuer}/` })],
    ['iss that begins like ours', ({ issuer }) => ({ iss: `${issuer}.attacker.example` })],
    ['iss that ends like ours', ({ issuer }) => ({ iss: `https://attacker.example/${issuer}` })],
    ['iss in capitals', ({ issuer }) => ({ iss: issuer.toUpperCase() })],
    ['iss of nobody', () => ({ iss: 'https://attacker.example' })],
    ['no aud', () => ({ aud: undefined })],
    ['aud null', () => ({ aud: null })],
    ['aud of another service', () => ({ aud: 'https://other.example' })],
    ['an empty list of audiences', () => ({ aud: [] })],
    ['a list of other audiences', () => ({ aud: ['https://other.example', ''] })],
    ['aud with a slash after it', ({ audience }) => ({ aud: `${audience}/` })],
    ['aud that begins like ours', ({ audience }) => ({ aud: `${audience}.attacker.example` })],
    ['aud in capitals', ({ audience }) => ({ aud: audience.toUpperCase() })],
    ['aud in an object', ({ audience }) => ({ aud: { [audience]: true } })],
    ['no sub', () => ({ sub: undefined })],
    ['sub empty', () => ({ sub: '' })],
    ['sub a number', () => ({ sub: 12_345 })],
    ['sub in a list', () => ({ sub: ['client:x'] })],
    ['sub with a NUL', () => ({ sub: 'client:x\u0000' })],
    ['sub with a line end', () => ({ sub: 'client:x\n' })],
    ['sub with a space', () => ({ sub: 'client: x' })],
    ['sub of 300 letters', () => ({ sub: 'x'.repeat(300) })],
    ['another spelling of a user: user:0012345', () => ({ sub: 'user:0012345' })],
    ['another spelling of a user: USER:12345', () => ({ sub: 'USER:12345' })],
    ['a user without a number', () => ({ sub: 'user:' })],
    ['a user that is everybody', () => ({ sub: 'user:*' })],
  ]),
  // For which organisation, and what they may do there
  ...changed([
    ['no organisation', () => ({ organization_id: undefined })],
    ['organisation 0', () => ({ organization_id: 0 })],
    ['an organisation below nothing', () => ({ organization_id: -100 })],
    ['a part of an organisation', () => ({ organization_id: 100.5 })],
    ['an organisation in a list', () => ({ organization_id: [100] })],
    ['an organisation in an object', () => ({ organization_id: { id: 100 } })],
    ['an organisation as hexadecimal text', () => ({ organization_id: '0x64' })],
    ['an organisation with a zero before it', () => ({ organization_id: '0100' })],
    ['an organisation with spaces', () => ({ organization_id: ' 100 ' })],
    ['every organisation', () => ({ organization_id: '*' })],
    ['organisation true', () => ({ organization_id: true })],
    ['an organisation beyond what numbers hold', () => ({ organization_id: '9'.repeat(20) })],
    ['SQL for an organisation', () => ({ organization_id: '100 OR 1=1' })],
    ['an organisation that does not exist', ({ organizations }) => ({ organization_id: organizations.missing })],
    ['an organisation that is suspended', ({ organizations }) => ({ organization_id: organizations.suspended })],
    ['roles as text', () => ({ roles: 'admin' })],
    ['roles as an object', () => ({ roles: { admin: true } })],
    ['roles in a list in a list', () => ({ roles: [['admin']] })],
    ['roles null', () => ({ roles: null })],
    ['permissions as text', () => ({ permissions: '*' })],
    ['permissions as numbers', () => ({ permissions: [1] })],
    ['acct as a list', () => ({ acct: ['x'] })],
    ['sid as a number', () => ({ sid: 1 })],
  ]),
  'a partner’s token for an organisation that does not exist': ({ partner, claims, organizations }) =>
    signed({ alg: 'RS256' }, { ...claims, iss: partner.issuer, organization_id: organizations.missing }, partner.privateKey),
  'a partner’s token for a suspended organisation': ({ partner, claims, organizations }) =>
    signed({ alg: 'RS256' }, { ...claims, iss: partner.issuer, organization_id: organizations.suspended }, partner.privateKey),
  'another organisation’s claims under this one’s signature': (forge) => {
    const [header, , signature] = good(forge).split('.')
    return `${header}.${encode({ ...forge.claims, organization_id: forge.organizations.other })}.${signature}`
  },
}
