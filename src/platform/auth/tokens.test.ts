import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { importJWK, importPKCS8 } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { movableClock } from '../time/index.ts'
import type { Revocations } from './revocations.ts'
import type { SigningKeys } from './signing-keys.ts'
import { openTokens, type Tokens } from './tokens.ts'

const kid = 'key-1'
const start = '2026-11-24T09:00:00Z'
const now = Date.parse(start) / 1000
const issuer = 'https://patchbay.example'
const audience = 'https://sapien.natterbox.com'

interface Bench {
  tokens: Tokens
  clock: ReturnType<typeof movableClock>
  privateKey: KeyObject
  publicKey: KeyObject
  revoked: Map<string, number>
}
let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})

async function openBench(trustedKey?: string): Promise<Bench> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const clock = movableClock(start)
  const revoked = new Map<string, number>()
  const verifying = (await importJWK(publicKey.export({ format: 'jwk' }) as object, 'RS256')) as CryptoKey
  const signing = await importPKCS8(String(privateKey.export({ format: 'pem', type: 'pkcs8' })), 'RS256')
  const keys: SigningKeys = {
    current: () => ({ kid, key: signing }),
    find: (wanted) => (wanted === kid ? verifying : null),
    jwks: () => ({ keys: [] }),
    refresh: async () => {},
  }
  const revocations: Revocations = {
    covers: ({ subject, signIn }, issuedAt) =>
      [subject, `session:${signIn}`].some((name) => issuedAt <= (revoked.get(name) ?? Number.NEGATIVE_INFINITY)),
    revoke: async () => {},
  }
  const permissionsOf = (roles: readonly string[]) => (roles.includes('admin') ? ['*'] : [])
  const tokens = await openTokens({
    issuer,
    audience,
    keys,
    revocations,
    clock,
    permissionsOf,
    trustedKey,
    trustedIssuer: trustedKey && 'https://partner.example',
  })
  return { tokens, clock, privateKey, publicKey, revoked }
}

const encode = (value: object | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const good = { iss: issuer, aud: audience, sub: 'client:x', iat: now, exp: now + 3600, organization_id: 100, roles: ['admin'] }
const header = { alg: 'RS256', typ: 'JWT', kid }

/** A token with a good RS256 signature over exactly these two texts. */
function signed(head: object | string, payload: object | string, key = bench.privateKey): string {
  const input = `${encode(head)}.${encode(payload)}`
  return `${input}.${sign('RSA-SHA256', Buffer.from(input), key).toString('base64url')}`
}
function hmac(head: object, payload: object, secret: string | Buffer, hash = 'sha256'): string {
  const input = `${encode(head)}.${encode(payload)}`
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`
}
const without = (claim: keyof typeof good) => Object.fromEntries(Object.entries(good).filter(([name]) => name !== claim))
const stranger = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = () => String(bench.publicKey.export({ format: 'pem', type: 'spki' }))

/** Each makes a token that must not let anybody in. */
const attacks: Record<string, () => string> = {
  'alg none, empty signature': () => `${encode({ ...header, alg: 'none' })}.${encode(good)}.`,
  'alg none, no second dot': () => `${encode({ ...header, alg: 'none' })}.${encode(good)}`,
  'alg None': () => `${encode({ ...header, alg: 'None' })}.${encode(good)}.`,
  'alg NONE': () => `${encode({ ...header, alg: 'NONE' })}.${encode(good)}.`,
  'alg nOnE with the good signature': () => signed({ ...header, alg: 'nOnE' }, good),
  'alg none with some signature': () => `${encode({ ...header, alg: 'none' })}.${encode(good)}.AAAA`,
  'alg empty': () => signed({ ...header, alg: '' }, good),
  'alg missing': () => signed({ typ: 'JWT', kid }, good),
  'alg null': () => signed({ ...header, alg: null }, good),
  'alg a list': () => signed({ ...header, alg: ['RS256'] }, good),
  'alg in lower case': () => signed({ ...header, alg: 'rs256' }, good),
  'HS256 with the public key in PEM': () => hmac({ ...header, alg: 'HS256' }, good, pem()),
  'HS256 with the public key in PEM, trimmed': () => hmac({ ...header, alg: 'HS256' }, good, pem().trim()),
  'HS256 with the public key in DER': () =>
    hmac({ ...header, alg: 'HS256' }, good, bench.publicKey.export({ format: 'der', type: 'spki' })),
  'HS256 with the public key in PKCS1': () =>
    hmac({ ...header, alg: 'HS256' }, good, bench.publicKey.export({ format: 'der', type: 'pkcs1' })),
  'HS256 with the public key as a JWK': () =>
    hmac({ ...header, alg: 'HS256' }, good, JSON.stringify(bench.publicKey.export({ format: 'jwk' }))),
  'HS384 with the public key': () => hmac({ ...header, alg: 'HS384' }, good, pem(), 'sha384'),
  'HS512 with the public key': () => hmac({ ...header, alg: 'HS512' }, good, pem(), 'sha512'),
  'HS256 with an empty secret': () => hmac({ ...header, alg: 'HS256' }, good, ''),
  'PS256 by name': () => signed({ ...header, alg: 'PS256' }, good),
  'RS512 by name': () => signed({ ...header, alg: 'RS512' }, good),
  'another key': () => signed(header, good, stranger().privateKey),
  'a key embedded as jwk': () => {
    const other = stranger()
    return signed({ ...header, jwk: other.publicKey.export({ format: 'jwk' }) }, good, other.privateKey)
  },
  'a key behind jku': () => signed({ ...header, jku: 'https://attacker.example/jwks.json' }, good, stranger().privateKey),
  'a key behind x5u': () => signed({ ...header, x5u: 'https://attacker.example/cert.pem' }, good, stranger().privateKey),
  'a key in x5c': () => signed({ ...header, x5c: ['MIIB'] }, good, stranger().privateKey),
  'a kid that is unknown': () => signed({ ...header, kid: 'key-2' }, good),
  'a kid that is a path': () => signed({ ...header, kid: '../../../../dev/null' }, good),
  'a kid that is SQL': () => signed({ ...header, kid: "x' UNION SELECT 'key-1" }, good),
  'a kid that is a list': () => signed({ ...header, kid: [kid] }, good),
  'a kid that is empty': () => signed({ ...header, kid: '' }, good),
  'no kid': () => signed({ alg: 'RS256', typ: 'JWT' }, good),
  'a claim twice': () => signed(header, JSON.stringify(good).replace('{', '{"organization_id":200,')),
  'a claim twice, once escaped': () => signed(header, JSON.stringify(good).replace('{', '{"\\u006frganization_id":200,')),
  'a header twice': () => signed(JSON.stringify(header).replace('{', '{"alg":"none",'), good),
  'a typ of another kind': () => signed({ ...header, typ: 'secevent+jwt' }, good),
  'a typ that is no string': () => signed({ ...header, typ: 7 }, good),
  crit: () => signed({ ...header, crit: ['exp'] }, good),
  'crit that names an unknown extension': () => signed({ ...header, crit: ['x'], x: 1 }, good),
  'b64 false': () => signed({ ...header, b64: false, crit: ['b64'] }, good),
  'not yet valid': () => signed(header, { ...good, nbf: now + 60 }),
  'another issuer': () => signed(header, { ...good, iss: 'https://other.example' }),
  'an issuer that only begins alike': () => signed(header, { ...good, iss: `${issuer}.attacker.example` }),
  'an issuer in a list': () => signed(header, { ...good, iss: [issuer] }),
  'another audience': () => signed(header, { ...good, aud: 'https://other.example' }),
  'an empty list of audiences': () => signed(header, { ...good, aud: [] }),
  'no exp': () => signed(header, without('exp')),
  'no sub': () => signed(header, without('sub')),
  'no iss': () => signed(header, without('iss')),
  'no aud': () => signed(header, without('aud')),
  'a sub that is a number': () => signed(header, { ...good, sub: 12345 }),
  'a sub that is empty': () => signed(header, { ...good, sub: '' }),
  'an exp that is text': () => signed(header, { ...good, exp: String(now + 3600) }),
  'an exp beyond what numbers hold': () => signed(header, JSON.stringify(good).replace(/"exp":\d+/, '"exp":1e999')),
  'a lifetime of 25 hours': () => signed(header, { ...good, exp: now + 25 * 3600 }),
  'a lifetime of 25 hours without its beginning': () => signed(header, { ...without('iat'), exp: now + 25 * 3600 }),
  'a long life that begins tomorrow': () => signed(header, { ...good, iat: now + 24 * 3600, exp: now + 48 * 3600 }),
  'too large': () => signed(header, { ...good, padding: 'x'.repeat(8192) }),
  'nested: a signed token inside a signed token': () => signed({ ...header, cty: 'JWT' }, signed(header, good)),
  'five parts, as if encrypted': () => `${signed(header, good)}.AAAA.AAAA`,
  'four parts': () => `${signed(header, good)}.AAAA`,
  padding: () => signed(header, good).replace(/\.([^.]+)$/, '.$1=='),
  'the plain base64 alphabet': () =>
    signed(header, { ...good, x: '???>>>' })
      .replaceAll('_', '/')
      .replaceAll('-', '+')
      .concat('+'),
  'loose bits at the end of the signature': () => loosen(signed(header, good)),
  'white space': () => ` ${signed(header, good)}`,
  'a payload that is a list': () => signed(header, '[]'),
  'a payload that is no JSON': () => signed(header, 'exp'),
  'a payload that is not UTF-8': () => {
    const input = `${encode(header)}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}`
    return `${input}.${sign('RSA-SHA256', Buffer.from(input), bench.privateKey).toString('base64url')}`
  },
  'an empty signature': () => signed(header, good).replace(/\.[^.]+$/, '.'),
  'a signature of zeros': () => signed(header, good).replace(/\.[^.]+$/, `.${Buffer.alloc(256).toString('base64url')}`),
  'a changed payload': () => {
    const [head, , signature] = signed(header, good).split('.')
    return `${head}.${encode({ ...good, organization_id: 200 })}.${signature}`
  },
  nothing: () => '',
  dots: () => '..',
}

/** 256 bytes are 342 characters, whose last has four bits that decoding drops. */
function loosen(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(token.at(-1) ?? '')
  return token.slice(0, -1) + alphabet[last ^ 1]
}

describe('a bearer token', () => {
  test('that is good lets its principal in', async () => {
    expect(await bench.tokens.verify(signed(header, good))).toMatchObject({ subject: 'client:x', organizationId: 100, roles: ['admin'] })
    expect(await bench.tokens.verify(signed({ ...header, typ: 'at+jwt' }, { ...good, aud: ['x', audience] }))).toMatchObject({
      kind: 'client',
    })
    expect(await bench.tokens.verify(await bench.tokens.issue({ subject: 'user:7', organizationId: 5, roles: [] }, 60))).toMatchObject({
      kind: 'user',
      userId: 7,
      organizationId: 5,
    })
  })

  test.for(Object.entries(attacks))('is refused: %s', async ([, make]) => {
    await expect(bench.tokens.verify(make())).rejects.toMatchObject({ code: 'invalid_token' })
  })

  test('that has run out is refused as such, also when it was seen while it was good', async () => {
    const { tokens, clock, privateKey } = await openBench()
    const token = signed(header, { ...good, exp: now + 60 }, privateKey)
    await expect(tokens.verify(token)).resolves.toBeDefined()
    clock.advance(66)
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'token_expired' })
    await expect(tokens.verify(signed(header, { ...good, exp: now + 59 }, privateKey))).rejects.toMatchObject({ code: 'token_expired' })
  })

  test('of a subject or a sign-in that was ended is refused, and one issued after that is good', async () => {
    const { tokens, clock, revoked } = await openBench()
    const issue = (sid: string) => tokens.issue({ subject: 'user:7', organizationId: 100, roles: [], extra: { sid } }, 600)
    const [first, second] = [await issue('a'), await issue('b')]
    revoked.set('session:a', clock.now().getTime() / 1000)
    await expect(tokens.verify(first)).rejects.toMatchObject({ code: 'invalid_token' })
    await expect(tokens.verify(second)).resolves.toBeDefined()
    revoked.set('user:7', clock.now().getTime() / 1000)
    await expect(tokens.verify(second)).rejects.toMatchObject({ code: 'invalid_token' })
    clock.advance(0.001)
    await expect(tokens.verify(await issue('c')), 'a millisecond later').resolves.toBeDefined()
  })

  test('of a partner’s key is good under the partner’s name alone', async () => {
    const partner = stranger()
    const trusting = await openBench(String(partner.publicKey.export({ format: 'pem', type: 'spki' })))
    const claims = { ...good, iss: 'https://partner.example', organization_id: 100 }
    const head = { alg: 'RS256', typ: 'JWT' }
    await expect(trusting.tokens.verify(signed(head, claims, partner.privateKey))).resolves.toMatchObject({ organizationId: 100 })
    await expect(trusting.tokens.verify(signed({ ...head, kid }, good, partner.privateKey)), 'in our name').rejects.toMatchObject({
      code: 'invalid_token',
    })
    await expect(
      trusting.tokens.verify(signed({ ...head, kid }, claims, trusting.privateKey)),
      'in its name, by our key',
    ).rejects.toMatchObject({ code: 'invalid_token' })
    const derived = createPublicKey(partner.privateKey).export({ format: 'pem', type: 'spki' })
    await expect(trusting.tokens.verify(hmac({ alg: 'HS256', typ: 'JWT' }, claims, String(derived)))).rejects.toMatchObject({
      code: 'invalid_token',
    })
  })

  test('names its organisation in any of the contracts’ forms, and without one sees none', async () => {
    const rest = without('organization_id')
    const organizationOf = async (claims: object) => (await bench.tokens.verify(signed(header, { ...rest, ...claims }))).organizationId
    expect(await organizationOf({ tenant_id: 'tenant-101' })).toBe(101)
    expect(await organizationOf({ org_id: 'org-102' })).toBe(102)
    expect(await organizationOf({ client_id: 'client-103' })).toBe(103)
    expect(await organizationOf({ organization_id: '104', tenant_id: 'tenant-104' })).toBe(104)
    expect(await organizationOf({ organization_id: 105, client_id: '777', org_id: 'org_AbC' }), 'what others mean by these').toBe(105)
    expect(await organizationOf({ client_id: '777' })).toBe(0)
    expect(await organizationOf({})).toBe(0)
  })
})
