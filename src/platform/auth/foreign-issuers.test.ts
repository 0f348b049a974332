// P4: tokens that others issued. A partner's by a certificate, an Auth0 tenant's by its key set over HTTP.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, importPKCS8, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { partnerCertificate, partnerKey } from '../../../tests/support/partner.ts'

type Key = Parameters<SignJWT['sign']>[0]
interface Wanted {
  key: Key
  iss: string
  aud: string
  kid?: string
  claims?: object
}
const token = ({ key, iss, aud, kid, claims = {} }: Wanted): Promise<string> =>
  new SignJWT({ organization_id: 100, roles: ['admin'], ...claims })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(kid ? { kid } : {}) })
    .setIssuer(iss)
    .setAudience(aud)
    .setSubject('auth0|somebody')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(key)

let house: TestHouse
const statusOf = async (jwt: string) => (await house.request('GET', '/v1/organizations/100', { token: jwt })).status

describe('a partner whose certificate is trusted', () => {
  const iss = 'https://partner.example/'
  const aud = 'https://api.acme.example'
  beforeEach(async () => {
    house = await openTestHouse({ env: { JWT_PUBLIC_KEY: partnerCertificate, JWT_ISSUER: iss, JWT_AUDIENCE: aud } })
  })
  afterEach(() => house.close())

  test('is let in with its own issuer and audience, and with no others', async () => {
    const key = await importPKCS8(partnerKey, 'RS256')
    expect(await statusOf(await token({ key, iss, aud }))).toBe(200)
    expect(await statusOf(await token({ key, iss: 'https://other.example/', aud }))).toBe(401)
    expect(await statusOf(await token({ key, iss, aud: 'https://other.example' }))).toBe(401)
    const { privateKey: stranger } = await generateKeyPair('RS256')
    expect(await statusOf(await token({ key: stranger, iss, aud }))).toBe(401)
    expect(await statusOf(await house.token())).toBe(200)
  })
})

describe('an Auth0 tenant', () => {
  const iss = 'https://acme.eu.auth0.example/'
  const aud = 'https://sapien.natterbox.com'
  let keySet: Server
  let served: { keys: object[] }
  let fetches: number
  let first: Key

  beforeEach(async () => {
    const pair = await generateKeyPair('RS256', { extractable: true })
    first = pair.privateKey
    served = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] }
    fetches = 0
    keySet = createServer((_request, response) => {
      fetches++
      response.setHeader('content-type', 'application/json').end(JSON.stringify(served))
    })
    await new Promise<void>((resolve) => keySet.listen(0, '127.0.0.1', resolve))
    const { port } = keySet.address() as AddressInfo
    house = await openTestHouse({
      env: { AUTH0_DOMAIN: 'acme.eu.auth0.example', AUTH0_AUDIENCE: aud, AUTH0_BASE_URL: `http://127.0.0.1:${port}/` },
    })
  })
  afterEach(async () => {
    await house.close()
    await new Promise((resolve) => keySet.close(resolve))
  })

  test('is let in by its key set, which is fetched once however many ask', async () => {
    const jwts = await Promise.all(Array.from({ length: 20 }, (_, n) => token({ key: first, iss, aud, kid: 'one', claims: { n } })))
    expect(new Set(await Promise.all(jwts.map(statusOf)))).toEqual(new Set([200]))
    expect(fetches).toBe(1)
  })

  test('a flood of unknown keys costs it no flood of requests, and its known key goes on', async () => {
    expect(await statusOf(await token({ key: first, iss, aud, kid: 'one' }))).toBe(200)
    const unknown = await Promise.all(Array.from({ length: 20 }, (_, n) => token({ key: first, iss, aud, kid: `unknown-${n}` })))
    expect(new Set(await Promise.all(unknown.map(statusOf)))).toEqual(new Set([401]))
    expect(fetches).toBeLessThanOrEqual(2)
    await new Promise((resolve) => keySet.close(resolve))
    expect(await statusOf(await token({ key: first, iss, aud, kid: 'one', claims: { later: true } }))).toBe(200)
  })

  test('cannot speak for the built-in issuer, nor that one for it', async () => {
    expect(await statusOf(await token({ key: first, iss: house.house.tokens.issuer, aud, kid: 'one' }))).toBe(401)
    expect(await statusOf(await house.token({ extra: { iss } }))).toBe(401)
  })
})
