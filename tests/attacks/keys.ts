// Attacks that bring their own key, or talk us into another one (RFC 8725, 2.9, 3.10; RFC 7515, 4.1.2 to 4.1.8).
import { createPublicKey, X509Certificate } from 'node:crypto'
import { claiming, encode, type Forge, headed, hmac, signed } from './forge.ts'
import type { Attack } from './tokens.ts'

const strangersJwk = ({ stranger, kid }: Forge) => ({
  ...createPublicKey(stranger).export({ format: 'jwk' }),
  kid,
  alg: 'RS256',
  use: 'sig',
})
const byStranger = (forge: Forge, header: object): string => signed({ ...forge.header, ...header }, forge.claims, forge.stranger)
const certificateOf = ({ partner }: Forge) => new X509Certificate(partner.certificate)

/** Names of keys: some were file names, SQL or addresses to somebody. The first half is signed by a stranger, as it would be. */
const names: readonly (readonly [string, unknown])[] = [
  ['a path', '../../../../../../dev/null'],
  ['a path from the root', '/etc/hostname'],
  ['a path with its escape', '..%2f..%2fdev%2fnull'],
  ['SQL', "x' UNION SELECT 'k' --"],
  ['SQL that waits', "'; SELECT pg_sleep(10); --"],
  ['a command', '$(id)|id'],
  ['a NUL in it', 'key\u0000'],
  ['a line in it', 'key\r\nx: y'],
  ['nothing', ''],
  ['4000 letters', 'k'.repeat(4000)],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['null', null],
  ['a number', 0],
  ['a list', ['key']],
  ['an object', { toString: 'key' }],
  ['truth', true],
]

export const keyAttacks: Readonly<Record<string, Attack>> = {
  ...Object.fromEntries(names.map(([what, kid]) => [`a kid that is ${what}`, (forge: Forge) => headed(forge, { kid })])),
  'a kid that is an address': (forge) => byStranger(forge, { kid: `${forge.trap}/.well-known/jwks.json` }),
  'a kid that is an empty file, as an HMAC secret': (forge) => hmac({ alg: 'HS256', typ: 'JWT', kid: '/dev/null' }, forge.claims, ''),
  'no kid': (forge) => headed(forge, { kid: undefined }),
  'a kid in capitals': (forge) => headed(forge, { kid: forge.kid.toUpperCase() }),
  'a kid with a space after it': (forge) => headed(forge, { kid: `${forge.kid} ` }),
  'a kid in a list': (forge) => headed(forge, { kid: [forge.kid] }),
  'the kid of a key that was revoked': (forge) =>
    signed({ ...forge.header, kid: forge.revoked.kid }, forge.claims, forge.revoked.privateKey),
  'a key that was revoked, under the present one’s name': (forge) => signed(forge.header, forge.claims, forge.revoked.privateKey),
  'jwk: a key in the header': (forge) => byStranger(forge, { jwk: strangersJwk(forge) }),
  'jwk without a kid': (forge) => byStranger(forge, { jwk: strangersJwk(forge), kid: undefined }),
  'jwk: a secret in the header': (forge) =>
    hmac({ ...forge.header, alg: 'HS256', jwk: { kty: 'oct', k: encode('secret'), kid: forge.kid } }, forge.claims, 'secret'),
  'jku: keys at an address': (forge) => byStranger(forge, { jku: `${forge.trap}/.well-known/jwks.json` }),
  'jku that begins like ours': (forge) => byStranger(forge, { jku: `${forge.issuer}@${new URL(forge.trap).host}/jwks.json` }),
  'x5u: a certificate at an address': (forge) => byStranger(forge, { x5u: `${forge.trap}/certificate.pem` }),
  'x5c: a certificate in the header': (forge) =>
    signed({ ...forge.header, x5c: [certificateOf(forge).raw.toString('base64')] }, forge.claims, forge.partner.privateKey),
  'x5t: the print of another certificate': (forge) =>
    signed(
      { ...forge.header, x5t: encode(Buffer.from(certificateOf(forge).fingerprint.replaceAll(':', ''), 'hex')) },
      forge.claims,
      forge.partner.privateKey,
    ),
  'x5t#S256: the print of another certificate': (forge) =>
    signed(
      { ...forge.header, 'x5t#S256': encode(Buffer.from(certificateOf(forge).fingerprint256.replaceAll(':', ''), 'hex')) },
      forge.claims,
      forge.partner.privateKey,
    ),
  'the claim jwk: a key in the payload': (forge) => claiming(forge, { cnf: { jwk: strangersJwk(forge) } }, forge.stranger),
  'an issuer at the attacker’s address': (forge) => claiming(forge, { iss: forge.trap }, forge.stranger),
  'our name, by the partner’s key': (forge) => signed(forge.header, forge.claims, forge.partner.privateKey),
  'our name, by the publishing issuer’s key and its kid': ({ publishing, header, claims }) =>
    signed({ ...header, kid: publishing.kid }, claims, publishing.privateKey),
  'the partner’s name, by our key': (forge) => claiming(forge, { iss: forge.partner.issuer }),
  'the partner’s name, by the publishing issuer’s key': ({ publishing, partner, header, claims }) =>
    signed({ ...header, kid: publishing.kid }, { ...claims, iss: partner.issuer }, publishing.privateKey),
  'the publishing issuer’s name, by our key and our kid': (forge) =>
    claiming(forge, { iss: forge.publishing.issuer, aud: forge.publishing.audience }),
  'the publishing issuer’s name and kid, by our key': ({ publishing, header, claims, privateKey }) =>
    signed({ ...header, kid: publishing.kid }, { ...claims, iss: publishing.issuer, aud: publishing.audience }, privateKey),
  'the publishing issuer’s key, for another audience': ({ publishing, header, claims }) =>
    signed(
      { ...header, kid: publishing.kid },
      { ...claims, iss: publishing.issuer, aud: 'client-id-of-an-application' },
      publishing.privateKey,
    ),
  'the publishing issuer’s key, with an end in milliseconds': ({ publishing, header, claims, now }) =>
    signed(
      { ...header, kid: publishing.kid },
      { ...claims, iss: publishing.issuer, aud: publishing.audience, exp: now * 1000 },
      publishing.privateKey,
    ),
  'the publishing issuer’s key, for one of our users longer than a day': ({ publishing, header, claims, now }) =>
    signed(
      { ...header, kid: publishing.kid },
      { ...claims, iss: publishing.issuer, aud: publishing.audience, sub: 'user:12345', exp: now + 30 * 86_400 },
      publishing.privateKey,
    ),
}
