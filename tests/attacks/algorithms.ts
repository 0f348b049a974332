// Attacks on how a token is signed: every spelling of none, public keys as secrets, other algorithms, other keys, and
// signatures that are almost right (RFC 8725, 2.1, 2.2, 3.1, 3.2).
import { constants, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { encode, type Forge, good, headed, hmac, rsaKey, signed } from './forge.ts'
import type { Attack } from './tokens.ts'

const nones = ['none', 'None', 'NONE', 'nOnE', ' none', 'none ', 'none\u0000', 'n\u043ene', '', null, 0, false, {}, [], ['none']]
const notOurs = ['rs256', 'RS256 ', ['RS256'], 'RS256,none', 'RSA-SHA256', 'sha256WithRSAEncryption']

const unsigned = (forge: Forge, header: object): string => `${encode({ ...forge.header, ...header })}.${encode(forge.claims)}.`
const signatureOf = (token: string): Buffer => Buffer.from(token.split('.')[2] ?? '', 'base64url')
const resigned = (forge: Forge, change: (signature: Buffer) => Buffer): string => {
  const token = good(forge)
  const [header, payload] = token.split('.')
  return `${header}.${payload}.${change(signatureOf(token)).toString('base64url')}`
}

/** Everything that a public key can be written as: each was somebody's HMAC secret once. */
const publicTexts: Readonly<Record<string, (forge: Forge) => string | Buffer>> = {
  'PEM with its newline': ({ publicKey }) => publicKey.export({ format: 'pem', type: 'spki' }),
  'PEM without its newline': ({ publicKey }) => String(publicKey.export({ format: 'pem', type: 'spki' })).trimEnd(),
  'PEM with CRLF': ({ publicKey }) => String(publicKey.export({ format: 'pem', type: 'spki' })).replaceAll('\n', '\r\n'),
  'PEM of PKCS#1': ({ publicKey }) => publicKey.export({ format: 'pem', type: 'pkcs1' }),
  'DER of SPKI': ({ publicKey }) => publicKey.export({ format: 'der', type: 'spki' }),
  'DER of PKCS#1': ({ publicKey }) => publicKey.export({ format: 'der', type: 'pkcs1' }),
  'base64 of its DER': ({ publicKey }) => publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  JWK: ({ publicKey }) => JSON.stringify(publicKey.export({ format: 'jwk' })),
  'JWK as it is published': ({ publicKey, kid }) =>
    JSON.stringify({ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }),
  'modulus as text': ({ publicKey }) => publicKey.export({ format: 'jwk' }).n ?? '',
  'modulus as bytes': ({ publicKey }) => Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url'),
  'partner’s certificate': ({ partner }) => partner.certificate,
  'partner’s certificate as DER': ({ partner }) => new X509Certificate(partner.certificate).raw,
  'key’s name': ({ kid }) => kid,
  nothing: () => '',
  'the word secret': () => 'secret',
}

const confused = Object.entries(publicTexts).flatMap(([text, secretOf]): [string, Attack][] =>
  (text === 'PEM with its newline' ? ['sha256', 'sha384', 'sha512'] : ['sha256']).map((hash) => {
    const alg = `HS${hash.slice(3)}`
    return [`${alg} with the public key as secret: ${text}`, (forge) => hmac({ ...forge.header, alg }, forge.claims, secretOf(forge), hash)]
  }),
)

const spelled = nones.flatMap((alg): [string, Attack][] => [
  [`alg ${JSON.stringify(alg)}, unsigned`, (forge) => unsigned(forge, { alg })],
  [`alg ${JSON.stringify(alg)}, rightly signed`, (forge) => headed(forge, { alg })],
])

export const algorithmAttacks: Readonly<Record<string, Attack>> = {
  ...Object.fromEntries(spelled),
  'no alg, unsigned': (forge) => unsigned(forge, { alg: undefined }),
  'no alg, rightly signed': (forge) => headed(forge, { alg: undefined }),
  ...Object.fromEntries(notOurs.map((alg) => [`alg ${JSON.stringify(alg)}, rightly signed`, (forge: Forge) => headed(forge, { alg })])),
  ...Object.fromEntries(confused),
  'HS256 said, RS256 signed': (forge) => headed(forge, { alg: 'HS256' }),
  'RS256 said, HMAC signed': (forge) => hmac(forge.header, forge.claims, String(forge.publicKey.export({ format: 'pem', type: 'spki' }))),
  'RS384 by our key': (forge) => signed({ ...forge.header, alg: 'RS384' }, forge.claims, forge.privateKey, { hash: 'sha384' }),
  'RS512 by our key': (forge) => signed({ ...forge.header, alg: 'RS512' }, forge.claims, forge.privateKey, { hash: 'sha512' }),
  'RS256 said, SHA-1 signed': (forge) => signed(forge.header, forge.claims, forge.privateKey, { hash: 'sha1' }),
  'PS256 by our key': (forge) =>
    signed({ ...forge.header, alg: 'PS256' }, forge.claims, forge.privateKey, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  'RS256 said, PSS signed': (forge) =>
    signed(forge.header, forge.claims, forge.privateKey, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  'PKCS#1 signed, PS256 said': (forge) => headed(forge, { alg: 'PS256' }),
  'ES256 with r = s = 0': (forge) => `${encode({ ...forge.header, alg: 'ES256' })}.${encode(forge.claims)}.${encode(Buffer.alloc(64))}`,
  'ES256 by a curve of the attacker’s': (forge) =>
    signed({ ...forge.header, alg: 'ES256' }, forge.claims, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, {
      dsaEncoding: 'ieee-p1363',
    }),
  'ES256 said, another curve': (forge) =>
    signed({ ...forge.header, alg: 'ES256' }, forge.claims, generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey, {
      dsaEncoding: 'ieee-p1363',
    }),
  'RS256 said, signed by a curve': (forge) =>
    signed(forge.header, forge.claims, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
  'EdDSA by a key of the attacker’s': (forge) =>
    signed({ ...forge.header, alg: 'EdDSA' }, forge.claims, generateKeyPairSync('ed25519').privateKey, { hash: null }),
  'another key under our key’s name': (forge) => signed(forge.header, forge.claims, forge.stranger),
  'a small key under our key’s name': (forge) => signed(forge.header, forge.claims, rsaKey(1024)),
  'a signature of zeros': (forge) => resigned(forge, (signature) => Buffer.alloc(signature.length)),
  'a signature of ones': (forge) => resigned(forge, (signature) => Buffer.alloc(signature.length, 0xff)),
  'a signature that is the number one': (forge) => resigned(forge, () => Buffer.concat([Buffer.alloc(255), Buffer.from([1])])),
  'one bit of the signature turned': (forge) =>
    resigned(forge, (signature) => Buffer.from(signature.map((byte, at) => (at === 100 ? byte ^ 1 : byte)))),
  'a signature without its last byte': (forge) => resigned(forge, (signature) => signature.subarray(0, -1)),
  'a signature with a zero before it': (forge) => resigned(forge, (signature) => Buffer.concat([Buffer.from([0]), signature])),
  'a signature with a byte after it': (forge) => resigned(forge, (signature) => Buffer.concat([signature, Buffer.from([0])])),
  'a signature twice': (forge) => resigned(forge, (signature) => Buffer.concat([signature, signature])),
  'the signature of another token': (forge) => {
    const [header, payload] = signed(forge.header, { ...forge.claims, jti: 'another' }, forge.privateKey).split('.')
    return `${header}.${payload}.${good(forge).split('.')[2]}`
  },
}
