// Tokens, people and organisations as sapien's document shows them, and sei's way of signing in.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { movableClock } from '../../src/platform/time/index.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { asker, lacking, replyOf, second, type Wire } from './asking.ts'

const clock = movableClock('2024-01-15T10:30:00.999Z')
let house: TestHouse
let token: string
beforeAll(async () => {
  house = await openTestHouse({ clock })
  const { body } = await anybody('POST', '/oauth/token', { json: tokenRequest() })
  token = body.access_token
})
afterAll(() => house?.close())

const anybody = asker(() => house)
const ask = asker(
  () => house,
  () => ({ token }),
)
const tokenRequest = () => ({ ...house.org.oauth, audience: house.house.tokens.audience, grant_type: 'client_credentials' })
const sapienError = { error: { code: '', message: '', requestId: '' } }

describe('POST /oauth/token', () => {
  test('answers the documented request as documented, not to be stored', async () => {
    const { status, headers, body } = await anybody('POST', '/oauth/token', { json: tokenRequest() })
    expect([status, body.token_type, body.expires_in]).toEqual([200, 'Bearer', 86_400])
    expect(body.access_token).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/)
    expect(headers.get('cache-control')).toBe('no-store')
    const claims = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString())
    expect(claims).toMatchObject({ iss: expect.any(String), aud: expect.anything(), sub: expect.any(String), exp: claims.iat + 86_400 })
  })

  test('takes a form and HTTP Basic', async () => {
    const { client_id, client_secret, ...rest } = tokenRequest()
    const basic = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`
    expect((await anybody('POST', '/oauth/token', { form: tokenRequest() })).status).toBe(200)
    expect((await anybody('POST', '/oauth/token', { form: rest, headers: { authorization: basic } })).status).toBe(200)
    expect((await anybody('POST', '/oauth/token', { json: rest, headers: { authorization: basic } })).status).toBe(200)
  })

  test('errs as RFC 6749 says', async () => {
    const errs = async (change: object) => {
      const { status, body } = await anybody('POST', '/oauth/token', { json: { ...tokenRequest(), ...change } })
      return [status, body.error]
    }
    expect(await errs({ client_id: 'nobody' })).toEqual([401, 'invalid_client'])
    expect(await errs({ client_secret: 'wrong' })).toEqual([401, 'invalid_client'])
    expect(await errs({ grant_type: 'password' })).toEqual([400, 'unsupported_grant_type'])
    expect(await errs({ grant_type: undefined })).toEqual([400, 'invalid_request'])
    expect(await errs({ grant_type: 'refresh_token' })).toEqual([400, 'invalid_request'])
    expect(await errs({ grant_type: 'refresh_token', refresh_token: 'of-nobody' })).toEqual([400, 'invalid_grant'])
    const basic = await anybody('POST', '/oauth/token', {
      form: { grant_type: 'client_credentials' },
      headers: { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` },
    })
    expect([basic.status, basic.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Basic/)])
  })

  test('locks a client for a minute after ten failures in one', async () => {
    const { id, secret } = await house.house.oauthClients.create(house.session(), { name: 'Forgetful', roles: ['user'] })
    const attempt = (client_secret: string) =>
      anybody('POST', '/oauth/token', { json: { client_id: id, client_secret, grant_type: 'client_credentials' } })
    for (let failure = 0; failure < 10; failure++) expect((await attempt('wrong')).status).toBe(401)
    const locked = await attempt(secret)
    expect([locked.status, Number(locked.headers.get('retry-after')) > 0]).toEqual([429, true])
    clock.advance(61)
    expect((await attempt(secret)).status).toBe(200)
  })

  test('discovery, keys and userinfo fit together', async () => {
    const { body: configuration } = await anybody('GET', '/.well-known/openid-configuration')
    const { body: keys } = await replyOf(await fetch(configuration.jwks_uri))
    expect(keys.keys.map(({ kid }: Wire) => kid)).toContain(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid)
    expect(keys.keys.every((key: Wire) => !('d' in key))).toBe(true)
    const me = await ask('GET', '/userinfo')
    expect([me.status, typeof me.body.sub]).toEqual([200, 'string'])
  })
})

describe('signing in (sei)', () => {
  test('is documented, takes the e-mail address, and its refresh token is exchanged at /oauth/token', async () => {
    const { email, password } = house.org.admin
    const { status, body } = await anybody('POST', '/api/v1/auth/login', { json: { username: email, password } })
    expect(status).toBe(200)
    expect(body).toMatchObject({ token_type: 'bearer', expires_in: 1800 })
    expect((await anybody('GET', '/v1/users', { token: body.access_token })).status).toBe(200)
    const exchange = { grant_type: 'refresh_token', refresh_token: body.refresh_token, ...house.org.oauth }
    expect((await anybody('POST', '/oauth/token', { json: exchange })).body).toMatchObject({ token_type: 'Bearer' })
    expect((await anybody('POST', '/oauth/token', { json: exchange })).body.error).toBe('invalid_grant')
  })

  test('says the same to a wrong password and an unknown user, and names missing fields as 422', async () => {
    const said = async (username: string) => {
      const { status, body } = await anybody('POST', '/api/v1/auth/login', { json: { username, password: 'secure_password' } })
      return [status, body.error.code, body.error.message]
    }
    expect(await said('user@example.com')).toEqual(await said(house.org.admin.email))
    expect((await said('user@example.com'))[0]).toBe(401)
    const { status, body } = await anybody('POST', '/api/v1/auth/login', { json: { username: 'user@example.com' } })
    expect([status, body.error.code, body.error.details[0].field]).toEqual([422, 'VALIDATION_ERROR', 'password'])
  })
})

describe('/v1/users', () => {
  const jane = {
    username: 'jane.smith',
    email: 'jane.smith@example.com',
    firstName: 'Jane',
    lastName: 'Smith',
    password: 'SecurePassword123!',
    organizationId: 100,
    roles: ['user'],
  }
  const documented = {
    id: 12345,
    username: 'john.doe',
    email: 'john.doe@example.com',
    firstName: 'John',
    lastName: 'Doe',
    organization: {},
    permissions: [],
    devices: [],
    createdAt: '2024-01-15T10:30:00Z',
  }
  const add = async (over: object = {}) => ask('POST', '/v1/users', { json: { ...jane, password: undefined, ...over } })
  const names = async (query: string) => (await ask('GET', `/v1/users?${query}`)).body.users.map(({ username }: Wire) => username)

  test('takes the documented requests one after another', async () => {
    const created = await ask('POST', '/v1/users', { json: jane })
    expect(created.status).toBe(201)
    expect(created.headers.get('location')).toBe(`/v1/users/${created.body.id}`)
    expect(lacking(documented, created.body)).toEqual([])
    expect(created.body).toMatchObject({ status: 'active', roles: ['user'], createdAt: expect.stringMatching(second), lastLoginAt: null })
    expect(created.body).not.toHaveProperty('password')

    const list = await ask('GET', '/v1/users')
    expect(lacking({ users: [documented], total: 150, limit: 20, offset: 0 }, list.body)).toEqual([])
    expect([list.body.limit, list.body.offset, list.body.total]).toEqual([20, 0, 2])

    const put = await ask('PUT', `/v1/users/${created.body.id}`, { json: { email: 'jane.new@example.com', firstName: 'Janet' } })
    expect([put.status, put.body]).toEqual([200, { ...created.body, email: 'jane.new@example.com', firstName: 'Janet' }])

    const removed = await ask('DELETE', `/v1/users/${created.body.id}`)
    expect([removed.status, removed.text]).toEqual([204, ''])
    const gone = await ask('GET', `/v1/users/${created.body.id}`)
    expect([gone.status, gone.body.status]).toEqual([200, 'inactive'])
    expect(await names('')).not.toContain('jane.smith')
    expect(await names('status=inactive')).toEqual(['jane.smith'])
    expect(await names('status=all')).toContain('jane.smith')
    const again = await ask('POST', '/v1/users', { json: { ...jane, email: 'other@example.com' } })
    expect([again.status, again.body.error.details[0].field]).toEqual([409, 'username'])
  })

  test('signs nobody in whose password is short or common; says which field is taken', async () => {
    for (const password of ['Short1!', 'password123', 'Password123!', 'qwertyuiop']) {
      const { status, body } = await add({ username: 'weak', email: 'weak@example.com', password })
      expect([password, status, body.error.details[0].field]).toEqual([password, 422, 'password'])
    }
    await add({ username: 'first.one', email: 'first@example.com' })
    const email = await add({ username: 'second.one', email: 'FIRST@example.com' })
    expect([email.status, email.body.error.details[0].field]).toEqual([409, 'email'])
    for (const field of ['username', 'email', 'firstName', 'lastName']) {
      const { status, body } = await add({ username: 'third', email: 'third@example.com', [field]: undefined })
      expect([status, body.error.details[0].field]).toEqual([400, field])
    }
  })

  test('finds inside names, usernames and addresses whatever the case; % and _ stand for themselves', async () => {
    await add({ username: 'sure', email: 'sure@example.com', lastName: '100% Sure' })
    await add({ username: 'under_score', email: 'under@lines.example', firstName: 'Ünder', lastName: 'Line' })
    await add({ username: 'underxscore', email: 'cross@example.com', firstName: 'Cross', lastName: 'Out' })
    expect(await names('search=r_s')).toEqual(['under_score'])
    expect(await names('search=UNDER_')).toEqual(['under_score'])
    expect(await names(`search=${encodeURIComponent('ünder')}`)).toEqual(['under_score'])
    expect(await names('search=lines.ex')).toEqual(['under_score'])
    expect(await names(`search=${encodeURIComponent('%')}`)).toEqual(['sure'])
    expect(await names('search=')).toEqual(await names(''))
    expect(await names('search=cross&limit=1&unknown=1')).toEqual(['underxscore'])
  })

  test.for(['limit=0', 'limit=101', 'limit=1.5', 'limit=', 'offset=-1', 'status=deleted'])('refuses ?%s by name', async (query) => {
    const { status, body, headers } = await ask('GET', `/v1/users?${query}`)
    expect([status, body.error.details[0].field]).toEqual([400, query.split('=')[0]])
    expect(lacking(sapienError, body)).toEqual([])
    expect(body.error.requestId).toBe(headers.get('x-request-id'))
  })

  test.for(['limit=1', 'limit=100', 'offset=1000000', 'status=all'])('takes ?%s', async (query) => {
    expect((await ask('GET', `/v1/users?${query}`)).status).toBe(200)
  })

  test.for(['abc', '0', '-1', '1.5', '1e3', 'user-1', '999999', '9'.repeat(40), '%00'])('GET, PUT and DELETE of %s are 404', async (id) => {
    for (const [method, json] of [['GET'], ['PUT', {}], ['DELETE']] as const) {
      const { status, body } = await ask(method, `/v1/users/${id}`, json ? { json } : {})
      expect([method, status, body.error.code]).toEqual([method, 404, 'user_not_found'])
    }
  })

  test('judges the body first, then the permission, then whether there is anybody', async () => {
    const { body: user } = await add({ username: 'plain', email: 'plain@example.com' })
    const plain = await house.token({ subject: `user:${user.id}`, roles: ['user'] })
    const put = async (json: object, id = 999_999) => (await ask('PUT', `/v1/users/${id}`, { json, token: plain })).status
    expect(await put({ email: 5 })).toBe(400)
    expect((await ask('POST', '/v1/users', { json: {}, token: plain })).status).toBe(400)
    expect((await ask('POST', '/v1/users', { json: { ...jane, username: 'x', email: 'x@example.com' }, token: plain })).status).toBe(403)
    expect((await ask('DELETE', '/v1/users/999999', { token: plain })).status).toBe(403)
    expect((await ask('DELETE', '/v1/users/999999')).status).toBe(404)
  })

  test('a user sees themself alone; a deactivated one nothing at all', async () => {
    const { body: user } = await add({ username: 'lonely', email: 'lonely@example.com', password: 'a-quiet-harbour-7' })
    const { body: signedIn } = await anybody('POST', '/api/v1/auth/login', { json: { username: 'lonely', password: 'a-quiet-harbour-7' } })
    const own = { token: signedIn.access_token }
    const { body } = await ask('GET', '/v1/users', own)
    expect(body.users.map(({ id }: Wire) => id)).toEqual([user.id])
    expect(body.users[0].lastLoginAt).toMatch(second)
    expect((await ask('DELETE', `/v1/users/${user.id}`)).status).toBe(204)
    expect((await ask('GET', '/v1/users', own)).status).toBe(401)
    const exchange = { grant_type: 'refresh_token', refresh_token: signedIn.refresh_token, ...house.org.oauth }
    expect((await anybody('POST', '/oauth/token', { json: exchange })).body.error).toBe('invalid_grant')
  })
})

describe('/v1/organizations', () => {
  const documented = { id: 100, name: 'Acme Corporation', domain: 'acme.natterbox.com', status: 'active', settings: {} }

  test('lists and shows the caller’s own, as documented', async () => {
    const list = await ask('GET', '/v1/organizations')
    expect(lacking({ organizations: [documented], total: 1, limit: 20, offset: 0 }, list.body)).toEqual([])
    expect(list.body.organizations.map(({ id }: Wire) => id)).toEqual([100])
    expect((await ask('GET', '/v1/organizations/100')).body).toEqual(list.body.organizations[0])
    for (const id of ['200', 'org-100', 'x', '0']) expect((await ask('GET', `/v1/organizations/${id}`)).status).toBe(404)
  })

  test('changes the documented settings and leaves the rest', async () => {
    const before = (await ask('GET', '/v1/organizations/100')).body.settings
    const json = { voicemailEnabled: true, recordingEnabled: true, maxRecordingDays: 90 }
    const { status, body } = await ask('PUT', '/v1/organizations/100/settings', { json })
    expect([status, body.settings]).toEqual([200, { ...before, ...json }])
    expect(Object.keys(body.settings)).toEqual(expect.arrayContaining(['timezone', 'defaultCountry', 'dataRegion', 'retention']))
    for (const wrong of [{ maxRecordingDays: 0 }, { maxRecordingDays: '90' }, { voicemailEnabled: 'yes' }, { timezone: 'Mars/Base' }])
      expect((await ask('PUT', '/v1/organizations/100/settings', { json: wrong })).body.error.details[0].field).toBe(Object.keys(wrong)[0])
    expect((await ask('PUT', '/v1/organizations/200/settings', { json })).status).toBe(404)
    const token = await house.token({ roles: ['user'], subject: `user:${house.org.adminId}` })
    expect((await ask('PUT', '/v1/organizations/100/settings', { json, token })).status).toBe(403)
  })
})

describe('a token', () => {
  const status = async (claims: Parameters<TestHouse['token']>[0]) =>
    (await ask('GET', '/v1/users', { token: await house.token(claims) })).status

  test('that has run out, or was changed, or is of another kind lets nobody in: 401 with a challenge', async () => {
    const [head = '', claims = '', mark = ''] = token.split('.')
    const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
    const { keys } = (await anybody('GET', '/.well-known/jwks.json')).body
    const symmetric = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')
    const forged = createHash('sha256').update(JSON.stringify(keys[0])).digest('base64url')
    const short = await house.token({ ttlS: 60 })
    expect((await ask('GET', '/v1/users', { token: short })).status).toBe(200)
    clock.advance(3600)
    for (const bad of [
      short,
      '',
      'abc',
      `${head}.${claims}.`,
      `${head}.${claims}.${mark.startsWith('A') ? 'B' : 'A'}${mark.slice(1)}`,
      `${unsigned}.${claims}.`,
      `${symmetric}.${claims}.${forged}`,
    ]) {
      const { status, headers, body } = await ask('GET', '/v1/users', { token: bad })
      expect([bad, status]).toEqual([bad, 401])
      expect(headers.get('www-authenticate')).toMatch(/^Bearer/)
      expect(lacking(sapienError, body)).toEqual([])
    }
    expect((await anybody('GET', `/v1/users?access_token=${token}`)).status).toBe(401)
  })

  test('of an unknown role may do nothing: 403', async () => {
    expect(await status({ roles: ['emperor'] })).toBe(403)
    expect(await status({ roles: [] })).toBe(403)
  })

  test('of another organisation finds none of this one’s people', async () => {
    const foreign = await house.token({ organizationId: 200 })
    expect((await ask('GET', `/v1/users/${house.org.adminId}`, { token: foreign })).status).toBe(404)
    expect((await ask('PUT', `/v1/users/${house.org.adminId}`, { token: foreign, json: { firstName: 'X' } })).status).toBe(404)
    const { body } = await ask('GET', '/v1/users?status=all', { token: foreign })
    expect(body.users.map(({ organization }: Wire) => organization.id)).toEqual([200])
  })
})
