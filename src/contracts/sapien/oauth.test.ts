import { createPublicKey, verify as verifySignature } from 'node:crypto'
import type { JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type RequestOptions, type TestHouse } from '../../../tests/support/house.ts'
import { movableClock } from '../../platform/time/index.ts'

const clock = movableClock('2026-11-24T09:00:00Z')
let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse({ clock })
})
afterAll(() => house?.close())

interface Reply {
  access_token: string
  refresh_token: string
  token_type: string
  expires_in: number
  error: string
  error_description: string
}
async function ask(options: RequestOptions, path = '/oauth/token') {
  const response = await house.request('POST', path, options)
  return { status: response.status, headers: response.headers, body: (await response.json()) as Reply }
}
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
})
const client = () => ({ ...house.org.oauth, grant_type: 'client_credentials' })
const audience = 'https://sapien.natterbox.com'
const freshClient = async (roles = ['admin']) => {
  const { id, secret } = await house.house.oauthClients.create(house.session(), { name: 'test', roles })
  return { client_id: id, client_secret: secret, grant_type: 'client_credentials' }
}
const signIn = async () => {
  const { username, password } = house.org.admin
  return (await ask({ json: { username, password } }, '/api/v1/auth/login')).body
}
const reach = async (token: string) => (await house.request('GET', '/v1/users', { token })).status

describe('a client', () => {
  test('gets a token for a day, as the documentation shows it', async () => {
    const { status, headers, body } = await ask({ json: { ...client(), audience } })
    expect([status, body.token_type, body.expires_in]).toEqual([200, 'Bearer', 86_400])
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-request-id')).toMatch(/^req_/)
    expect(await reach(body.access_token)).toBe(200)
  })

  test('may send a form, or sign in by HTTP Basic', async () => {
    const { client_id: id, client_secret: secret } = house.org.oauth
    expect((await ask({ form: client() })).status).toBe(200)
    expect((await ask({ form: { grant_type: 'client_credentials' }, headers: basic(id, secret) })).status).toBe(200)
    expect((await ask({ json: { grant_type: 'client_credentials', client_id: id }, headers: basic(id, secret) })).status).toBe(200)
  })

  test('whose tokens were revoked has none that are good', async () => {
    const mine = await freshClient()
    const token = (await ask({ json: mine })).body.access_token
    expect(await reach(token)).toBe(200)
    expect(await house.house.oauthClients.revoke(house.session(), mine.client_id)).toBe(true)
    expect(await reach(token)).toBe(401)
    expect((await ask({ json: mine })).body.error).toBe('invalid_client')
  })

  test('of a lesser role gets no more than that', async () => {
    const { body } = await ask({ json: await freshClient(['user']) })
    const created = await house.request('POST', '/v1/users', {
      token: body.access_token,
      json: { username: 'x', email: 'x@example.com', firstName: 'X', lastName: 'Y' },
    })
    expect(created.status).toBe(403)
  })
})

describe('what is refused, in the words of RFC 6749', () => {
  const rows: [string, number, string, () => RequestOptions][] = [
    ['a wrong secret', 401, 'invalid_client', () => ({ json: { ...client(), client_secret: 'wrong' } })],
    ['an unknown client', 401, 'invalid_client', () => ({ json: { ...client(), client_id: 'nobody' } })],
    ['no credentials', 401, 'invalid_client', () => ({ json: { grant_type: 'client_credentials' } })],
    ['an id without a secret', 401, 'invalid_client', () => ({ json: { grant_type: 'client_credentials', client_id: 'x' } })],
    [
      'a Basic header that is none',
      401,
      'invalid_client',
      () => ({ form: { grant_type: 'client_credentials' }, headers: { authorization: 'Basic !!' } }),
    ],
    [
      'a Bearer header',
      401,
      'invalid_client',
      () => ({ form: { grant_type: 'client_credentials' }, headers: { authorization: 'Bearer x' } }),
    ],
    [
      'Basic and body at once',
      400,
      'invalid_request',
      () => ({ form: client(), headers: basic(house.org.oauth.client_id, house.org.oauth.client_secret) }),
    ],
    ['a secret without an id', 400, 'invalid_request', () => ({ json: { grant_type: 'client_credentials', client_secret: 'x' } })],
    ['no grant type', 400, 'invalid_request', () => ({ json: { client_id: 'x', client_secret: 'y' } })],
    ['an empty body', 400, 'invalid_request', () => ({})],
    ['no JSON', 400, 'invalid_request', () => ({ body: '{', headers: { 'content-type': 'application/json' } })],
    ['an id that is a number', 400, 'invalid_request', () => ({ json: { ...client(), client_id: 5 } })],
    ['another audience', 400, 'invalid_request', () => ({ json: { ...client(), audience: 'https://other.example' } })],
    [
      'a parameter twice',
      400,
      'invalid_request',
      () => ({ form: [...Object.entries(client()), ['grant_type', 'client_credentials']] as [string, string][] }),
    ],
    [
      'the password grant',
      400,
      'unsupported_grant_type',
      () => ({ json: { ...client(), grant_type: 'password', username: 'x', password: 'y' } }),
    ],
    ['a refresh token that is missing', 400, 'invalid_request', () => ({ json: { grant_type: 'refresh_token' } })],
    ['a refresh token that is unknown', 400, 'invalid_grant', () => ({ json: { grant_type: 'refresh_token', refresh_token: 'pbr_x' } })],
    ['another media type', 415, 'invalid_request', () => ({ body: 'x', headers: { 'content-type': 'text/plain' } })],
  ]
  test.for(rows)('%s', async ([, status, error, options]) => {
    const reply = await ask(options())
    expect([reply.status, reply.body.error]).toEqual([status, error])
    expect(reply.body.error_description).toMatch(/^[\x20-\x7e]+$/)
    expect(reply.headers.get('cache-control')).toBe('no-store')
    expect(reply.headers.has('www-authenticate')).toBe(status === 401)
  })

  test('credentials in the address', async () => {
    const response = await house.request('POST', `/oauth/token?client_secret=${house.org.oauth.client_secret}`, { json: client() })
    expect(response.status).toBe(400)
  })
})

describe('guessing', () => {
  test('ten failures in a minute lock the client for a minute, with its right secret too', async () => {
    const mine = await freshClient()
    for (let attempt = 0; attempt < 10; attempt++)
      expect((await ask({ json: { ...mine, client_secret: `wrong${attempt}` } })).status).toBe(401)
    const locked = await ask({ json: mine })
    expect([locked.status, locked.body.error, locked.headers.get('retry-after')]).toEqual([429, 'too_many_attempts', '60'])
    expect((await ask({ json: client() })).status, 'another client is not locked').toBe(200)
    clock.advance(61)
    expect((await ask({ json: mine })).status).toBe(200)
  })

  test('nine failures, and nine more a minute later, lock nobody', async () => {
    const mine = await freshClient()
    for (const _round of [1, 2]) {
      for (let attempt = 0; attempt < 9; attempt++) expect((await ask({ json: { ...mine, client_secret: 'wrong' } })).status).toBe(401)
      clock.advance(61)
    }
    expect((await ask({ json: mine })).status).toBe(200)
  })

  test('failures at the same moment count together', async () => {
    const mine = await freshClient()
    await Promise.all(Array.from({ length: 12 }, () => ask({ json: { ...mine, client_secret: 'wrong' } })))
    expect((await ask({ json: mine })).status).toBe(429)
  })
})

describe('a refresh token', () => {
  test('is exchanged once, for the next', async () => {
    const first = await signIn()
    const { status, body } = await ask({ form: { grant_type: 'refresh_token', refresh_token: first.refresh_token } })
    expect([status, body.token_type, body.expires_in]).toEqual([200, 'Bearer', 1800])
    expect(body.refresh_token).not.toBe(first.refresh_token)
    expect(await reach(body.access_token)).toBe(200)
  })

  test('that comes back after its exchange ends the whole sign-in', async () => {
    const first = await signIn()
    const other = await signIn()
    const second = (await ask({ json: { grant_type: 'refresh_token', refresh_token: first.refresh_token } })).body
    clock.advance(1)
    expect((await ask({ json: { grant_type: 'refresh_token', refresh_token: first.refresh_token } })).body.error).toBe('invalid_grant')
    expect((await ask({ json: { grant_type: 'refresh_token', refresh_token: second.refresh_token } })).body.error).toBe('invalid_grant')
    expect(await reach(second.access_token)).toBe(401)
    expect(await reach(other.access_token), 'the other sign-in goes on').toBe(200)
  })

  test('is good for one of two exchanges at once', async () => {
    const { refresh_token } = await signIn()
    const both = await Promise.all([1, 2].map(() => ask({ json: { grant_type: 'refresh_token', refresh_token } })))
    expect(both.map((reply) => reply.status).sort()).toEqual([200, 400])
  })

  test('runs out after thirty days', async () => {
    const { refresh_token } = await signIn()
    clock.advance(30 * 24 * 3600)
    expect((await ask({ json: { grant_type: 'refresh_token', refresh_token } })).body.error).toBe('invalid_grant')
  })

  test('runs out ninety days after the sign-in, however often it was exchanged', async () => {
    let { refresh_token } = await signIn()
    for (let day = 29; day < 90; day += 29) {
      clock.advance(29 * 24 * 3600)
      refresh_token = (await ask({ json: { grant_type: 'refresh_token', refresh_token } })).body.refresh_token
    }
    clock.advance(3 * 24 * 3600)
    expect((await ask({ json: { grant_type: 'refresh_token', refresh_token } })).body.error).toBe('invalid_grant')
  })

  test('is no use to a client of another organisation', async () => {
    const { refresh_token } = await signIn()
    const { client_id, client_secret } = house.other.oauth
    const reply = await ask({ json: { grant_type: 'refresh_token', refresh_token, client_id, client_secret } })
    expect(reply.body.error).toBe('invalid_grant')
    expect((await ask({ json: { grant_type: 'refresh_token', refresh_token } })).status, 'and it was not used up').toBe(200)
  })
})

describe('what the issuer tells of itself', () => {
  const get = async (path: string, token?: string) => (await house.request('GET', path, token ? { token } : {})).json()

  test('its keys verify its tokens, and show no private part', async () => {
    const { keys } = (await get('/.well-known/jwks.json')) as { keys: (JWK & { kid: string })[] }
    const token = (await ask({ json: client() })).body.access_token
    const [head = '', payload = '', signature = ''] = token.split('.')
    const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }
    const key = keys.find((candidate) => candidate.kid === kid)
    expect(Object.keys(key ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
    const pem = createPublicKey({ key: key ?? {}, format: 'jwk' })
    expect(verifySignature('RSA-SHA256', Buffer.from(`${head}.${payload}`), pem, Buffer.from(signature, 'base64url'))).toBe(true)
  })

  test('its keys are worth 128 bits', async () => {
    const { keys } = (await get('/.well-known/jwks.json')) as { keys: (JWK & { n: string })[] }
    expect(keys.length).toBeGreaterThan(0)
    for (const { kty, n } of keys) expect([kty, Buffer.from(n, 'base64url').length * 8]).toEqual(['RSA', 3072])
  })

  test('its configuration names addresses that answer', async () => {
    const configuration = (await get('/.well-known/openid-configuration')) as Record<string, string>
    expect(configuration.issuer).toBe(house.house.tokens.issuer)
    expect((await fetch(configuration.jwks_uri ?? '')).status).toBe(200)
    expect((await fetch(configuration.userinfo_endpoint ?? '')).status).toBe(401)
    expect((await fetch(configuration.token_endpoint ?? '', { method: 'POST' })).status).toBe(400)
  })

  test('whom a token is for', async () => {
    const { access_token } = await signIn()
    expect(await get('/userinfo', access_token)).toMatchObject({
      sub: `user:${house.org.adminId}`,
      email: house.org.admin.email,
      preferred_username: house.org.admin.username,
      organization_id: 100,
      roles: ['admin'],
    })
    const token = (await ask({ json: client() })).body.access_token
    expect(await get('/userinfo', token)).toMatchObject({ sub: `client:${house.org.oauth.client_id}`, organization_id: 100 })
  })
})

describe('a token outside its header', () => {
  test('is refused in the query, even beside a good one', async () => {
    const token = await house.token()
    expect((await house.request('GET', `/v1/users?access_token=${token}`)).status).toBe(401)
    expect((await house.request('GET', `/v1/users?access_token=${token}`, { token })).status).toBe(401)
  })

  test('is refused when the header comes twice', async () => {
    const token = await house.token()
    const { request } = await import('node:http')
    const status = await new Promise((resolve, reject) => {
      const asking = request(`${house.url}/v1/users`, {
        headers: ['Host', 'x', 'Authorization', `Bearer ${token}`, 'Authorization', `Bearer ${token}`],
      })
      asking.once('response', (response) => resolve(response.resume().statusCode)).once('error', reject)
      asking.end()
    })
    expect(status).toBe(401)
  })
})
