import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type RequestOptions, type TestHouse } from '../../../tests/support/house.ts'
import { releaseUsername } from '../../domain/people/index.ts'
import { movableClock } from '../../platform/time/index.ts'

const clock = movableClock('2026-11-24T09:00:00Z')
let house: TestHouse
let admin: string
beforeAll(async () => {
  house = await openTestHouse({ clock })
  admin = await house.token({ subject: 'client:admin' })
})
afterAll(() => house?.close())

interface Shown {
  id: number
  username: string
  email: string
  status: string
  roles: string[]
  permissions: string[]
  error: { code: string; details: { field: string; message: string }[] | null }
  users: Shown[]
  total: number
}
async function ask(method: string, path: string, options: RequestOptions = {}) {
  const response = await house.request(method, path, { token: admin, ...options })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : null) as Shown }
}

let count = 0
const fresh = (over: object = {}) => {
  const username = `user.${++count}`
  return { username, email: `${username}@example.com`, firstName: 'Some', lastName: 'Body', password: 'a-quiet-harbour-7', ...over }
}
const create = async (over: object = {}): Promise<Shown> => (await ask('POST', '/v1/users', { json: fresh(over) })).body
const tokenOf = ({ id, roles }: Shown) => house.token({ subject: `user:${id}`, roles })
const usernames = async (query: string, token = admin) =>
  (await ask('GET', `/v1/users?${query}`, { token })).body.users.map((user) => user.username)

describe('a new user', () => {
  test('is made as the documentation shows it', async () => {
    const json = {
      username: 'jane.smith',
      email: 'jane.smith@example.com',
      firstName: 'Jane',
      lastName: 'Smith',
      password: 'SecurePassword123!',
      organizationId: 100,
      roles: ['user'],
    }
    const { status, headers, body } = await ask('POST', '/v1/users', { json })
    expect(status).toBe(201)
    expect(headers.get('location')).toBe(`/v1/users/${body.id}`)
    expect(body).toEqual({
      id: expect.any(Number),
      username: 'jane.smith',
      email: 'jane.smith@example.com',
      firstName: 'Jane',
      lastName: 'Smith',
      mobile: null,
      organization: { id: 100, name: 'Acme Corporation', domain: 'acme.example' },
      roles: ['user'],
      permissions: expect.arrayContaining(['calls:read', 'users:read']),
      devices: [],
      status: 'active',
      createdAt: '2026-11-24T09:00:00Z',
      lastLoginAt: null,
    })
    expect((await ask('GET', `/v1/users/${body.id}`)).body).toEqual(body)
  })

  const wrong: [string, number, string, string, object][] = [
    ['no username', 400, 'invalid_request', 'username', { username: undefined }],
    ['a username with a space', 400, 'invalid_request', 'username', { username: 'a b' }],
    ['a username that is another address', 400, 'invalid_request', 'username', { username: 'boss@example.com' }],
    ['an address that is none', 400, 'invalid_request', 'email', { email: 'nowhere' }],
    ['a name of blanks', 400, 'invalid_request', 'firstName', { firstName: '   ' }],
    ['a name with NUL', 400, 'invalid_request', 'lastName', { lastName: 'a\u0000b' }],
    ['a role that is unknown', 400, 'invalid_request', 'roles.0', { roles: ['emperor'] }],
    ['no role at all', 400, 'invalid_request', 'roles', { roles: [] }],
    ['an organisation that is text', 400, 'invalid_request', 'organizationId', { organizationId: 'x' }],
    ['a short password', 422, 'weak_password', 'password', { password: 'Short1!' }],
    ['a common password', 422, 'weak_password', 'password', { password: 'Password123!' }],
    ['the name of the organisation', 422, 'weak_password', 'password', { password: 'Acme-2026-2027!' }],
  ]
  test.for(wrong)('is refused with %s', async ([, status, code, field, over]) => {
    const reply = await ask('POST', '/v1/users', { json: fresh(over) })
    expect([reply.status, reply.body.error.code]).toEqual([status, code])
    expect(reply.body.error.details?.map((detail) => detail.field)).toContain(field)
  })

  test('of another organisation is a 404, as if there were none', async () => {
    for (const organizationId of [200, 999_999]) {
      const reply = await ask('POST', '/v1/users', { json: fresh({ organizationId }) })
      expect([reply.status, reply.body.error.code]).toEqual([404, 'organization_not_found'])
    }
  })

  test('may not take a name or an address that is taken, in any case', async () => {
    const one = await create()
    const name = await ask('POST', '/v1/users', { json: fresh({ username: one.username.toUpperCase() }) })
    expect([name.status, name.body.error.code, name.body.error.details?.[0]?.field]).toEqual([409, 'username_taken', 'username'])
    const address = await ask('POST', '/v1/users', { json: fresh({ email: one.email.toUpperCase() }) })
    expect([address.status, address.body.error.code, address.body.error.details?.[0]?.field]).toEqual([409, 'email_taken', 'email'])
  })

  test('may have the name of somebody in another organisation', async () => {
    const one = await create()
    const token = await house.token({ organizationId: 200 })
    expect((await ask('POST', '/v1/users', { token, json: fresh({ username: one.username, email: one.email }) })).status).toBe(201)
  })

  test('of two with one name at once, one is made', async () => {
    const json = fresh()
    const both = await Promise.all([1, 2].map(() => ask('POST', '/v1/users', { json })))
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
  })

  test('is made once for one idempotency key', async () => {
    const json = fresh()
    const headers = { 'idempotency-key': `k-${json.username}` }
    const [first, again] = [await ask('POST', '/v1/users', { json, headers }), await ask('POST', '/v1/users', { json, headers })]
    expect([first.status, again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 201, 'true'])
    expect(again.body).toEqual(first.body)
  })
})

describe('the list', () => {
  test('finds parts of names, usernames and addresses, in any case, and takes wildcards as they are', async () => {
    await create({ username: 'zoe.quux', email: 'zq@findme.example', firstName: 'Zoë', lastName: 'Quuxington' })
    for (const search of ['zoe.q', 'QUUX', 'uuxing', 'findme', 'zoë quux', 'Zoë%20Quux', 'ZOË']) {
      expect(await usernames(`search=${search.includes('%') ? search : encodeURIComponent(search)}`), search).toEqual(['zoe.quux'])
    }
    for (const search of ['z_e.quux', 'zoe%quux', '\\', 'nobody-of-that-name']) {
      expect(await usernames(`search=${encodeURIComponent(search)}`), search).toEqual([])
    }
  })

  test('comes in pages that together are all, each once', async () => {
    const { body } = await ask('GET', '/v1/users?limit=100&status=all')
    const ids: number[] = []
    for (let offset = 0; offset < body.total; offset += 3) {
      ids.push(...(await ask('GET', `/v1/users?limit=3&offset=${offset}&status=all`)).body.users.map(({ id }) => id))
    }
    expect(ids).toEqual(body.users.map(({ id }) => id))
    expect(new Set(ids).size).toBe(body.total)
  })

  test.for(['limit=0', 'limit=101', 'limit=x', 'offset=-1', 'offset=1e99', 'status=gone', 'search=%00'])('refuses %s', async (query) => {
    const { status, body } = await ask('GET', `/v1/users?${query}`)
    expect([status, body.error.code]).toEqual([400, 'invalid_request'])
    expect(body.error.details?.[0]?.field).toBe(query.split('=')[0])
  })

  test('shows a user themself, a supervisor also those they supervise, an admin all', async () => {
    const [boss, worker, stranger] = [await create({ roles: ['supervisor'] }), await create(), await create()]
    await supervise(boss, worker)
    expect(await usernames('', await tokenOf(worker))).toEqual([worker.username])
    expect((await usernames('', await tokenOf(boss))).sort()).toEqual([boss.username, worker.username].sort())
    expect(await usernames('limit=100')).toEqual(expect.arrayContaining([boss, worker, stranger].map(({ username }) => username)))
    const status = async (viewer: Shown, seen: Shown) => (await ask('GET', `/v1/users/${seen.id}`, { token: await tokenOf(viewer) })).status
    expect(await Promise.all([status(boss, worker), status(boss, stranger), status(worker, boss), status(worker, worker)])).toEqual([
      200, 404, 404, 200,
    ])
  })
})

async function supervise(supervisor: Shown, user: Shown): Promise<void> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: house.databaseUrl })
  await client.connect()
  await client.query('INSERT INTO people.supervision VALUES (100, $1, $2, $3)', [supervisor.id, user.id, 'group:1'])
  await client.end()
}

describe('a change', () => {
  test('leaves what it does not name, and is seen at once', async () => {
    const before = await create()
    await ask('GET', `/v1/users/${before.id}`)
    const json = { email: `new.${before.email}`, firstName: 'Janet' }
    const { status, body } = await ask('PUT', `/v1/users/${before.id}`, { json })
    expect(status).toBe(200)
    expect(body).toEqual({ ...before, ...json })
    expect((await ask('GET', `/v1/users/${before.id}`)).body).toEqual(body)
  })

  test('under an idempotency key shows what is new, not what was cached', async () => {
    const before = await create()
    await ask('GET', `/v1/users/${before.id}`)
    const { body } = await ask('PUT', `/v1/users/${before.id}`, {
      json: { lastName: 'Renamed' },
      headers: { 'idempotency-key': `put-${before.id}` },
    })
    expect(body).toEqual({ ...before, lastName: 'Renamed' })
    expect((await ask('GET', `/v1/users/${before.id}`)).body).toEqual(body)
  })

  test('of nothing is none', async () => {
    const before = await create()
    expect((await ask('PUT', `/v1/users/${before.id}`, { json: {} })).body).toEqual(before)
  })

  test('may be made by everybody to their own name and address, and to nothing else', async () => {
    const me = await create()
    const token = await tokenOf(me)
    const put = async (id: number, json: object) => (await ask('PUT', `/v1/users/${id}`, { token, json })).status
    expect(await put(me.id, { firstName: 'Own', email: `own.${me.email}` })).toBe(200)
    for (const json of [
      { roles: ['admin'] },
      { password: 'a-loud-harbour-88' },
      { username: 'other' },
      { status: 'inactive' },
      { mobile: '+447700900000' },
    ]) {
      expect(await put(me.id, json), JSON.stringify(json)).toBe(403)
    }
    expect(await put((await create()).id, { firstName: 'Not own' })).toBe(403)
    expect((await ask('GET', `/v1/users/${me.id}`)).body.roles).toEqual(['user'])
  })

  test('of roles or password ends the sign-ins from before', async () => {
    for (const json of [{ roles: ['supervisor'] }, { password: 'a-loud-harbour-88' }]) {
      const person = await create()
      const token = await tokenOf(person)
      expect((await ask('GET', '/v1/users', { token })).status).toBe(200)
      clock.advance(1)
      expect((await ask('PUT', `/v1/users/${person.id}`, { json })).status).toBe(200)
      expect((await ask('GET', '/v1/users', { token })).status).toBe(401)
      clock.advance(1)
      expect((await ask('GET', '/v1/users', { token: await tokenOf(person) })).status).toBe(200)
    }
  })

  test('of one’s own password needs the present one, for an admin too, and ends the sign-ins from before', async () => {
    for (const role of ['user', 'admin']) {
      const me = await create({ roles: [role], password: 'an-old-quiet-pier-7' })
      const token = await tokenOf(me)
      const put = async (json: object) => (await ask('PUT', `/v1/users/${me.id}`, { token, json })).status
      const password = 'a-loud-harbour-88'
      expect(await put({ password })).toBe(403)
      expect(await put({ password, currentPassword: 'a-guess-of-a-thief-1' })).toBe(403)
      expect(await put({ password, currentPassword: 'an-old-quiet-pier-7' })).toBe(200)
      expect(await put({ firstName: 'Still' })).toBe(401)
      const login = (given: string) => ask('POST', '/api/v1/auth/login', { json: { username: me.username, password: given } })
      expect([(await login('an-old-quiet-pier-7')).status, (await login(password)).status]).toEqual([401, 200])
    }
  })

  test('of one’s own password is no way to guess it: ten wrong ones lock, the right one too', async () => {
    const me = await create({ password: 'an-old-quiet-pier-7' })
    const put = async (currentPassword: string) =>
      (await ask('PUT', `/v1/users/${me.id}`, { token: await tokenOf(me), json: { password: 'a-loud-harbour-88', currentPassword } }))
        .status
    const guesses = []
    for (let guess = 0; guess < 10; guess++) guesses.push(await put(`a-guess-of-a-thief-${guess}`))
    expect(guesses).toEqual(Array(10).fill(403))
    expect(await put('an-old-quiet-pier-7')).toBe(429)
  })

  test('cannot give away more than its maker has', async () => {
    const clerk = await house.token({ subject: 'client:clerk', roles: ['user'], permissions: ['users:write', 'users:delete'] })
    const [boss, peer] = [await create({ roles: ['admin'] }), await create()]
    const status = async (method: string, path: string, json?: object) =>
      (await ask(method, path, { token: clerk, ...(json ? { json } : {}) })).status
    expect(await status('POST', '/v1/users', fresh({ roles: ['admin'] }))).toBe(403)
    expect(await status('PUT', `/v1/users/${peer.id}`, { roles: ['admin'] })).toBe(403)
    expect(await status('PUT', `/v1/users/${boss.id}`, { password: 'a-loud-harbour-88' })).toBe(403)
    expect(await status('DELETE', `/v1/users/${boss.id}`)).toBe(403)
    expect(await status('POST', '/v1/users', fresh())).toBe(201)
    expect(await status('PUT', `/v1/users/${peer.id}`, { lastName: 'Peer' })).toBe(200)
  })

  test('is of the documented fields alone: a hash, an id or a date beside them reaches nothing', async () => {
    const [one, two] = [await create({ password: 'an-old-quiet-pier-7' }), await create({ roles: ['admin'] })]
    const passwordHash = await house.house.passwords.hash('a-loud-harbour-88')
    const smuggled = { id: two.id, passwordHash, passwordExpiresAt: '2000-01-01T00:00:00Z', deactivatedAt: null }
    const { status, body } = await ask('PUT', `/v1/users/${one.id}`, { json: { lastName: 'Kept', permissions: ['*'], ...smuggled } })
    expect([status, body]).toEqual([200, { ...one, lastName: 'Kept' }])
    expect((await ask('GET', `/v1/users/${two.id}`)).body).toEqual(two)
    const login = (given: string) => ask('POST', '/api/v1/auth/login', { json: { username: one.username, password: given } })
    expect([(await login('a-loud-harbour-88')).status, (await login('an-old-quiet-pier-7')).status]).toEqual([401, 200])
  })

  test('to a taken name is a 409 and changes nothing', async () => {
    const [one, two] = [await create(), await create()]
    const { status, body } = await ask('PUT', `/v1/users/${two.id}`, { json: { username: one.username, firstName: 'Changed' } })
    expect([status, body.error.code]).toEqual([409, 'username_taken'])
    expect((await ask('GET', `/v1/users/${two.id}`)).body).toEqual(two)
  })
})

describe('somebody who leaves', () => {
  test('is inactive, out of the list, and holds nothing any more', async () => {
    const person = await create()
    const token = await tokenOf(person)
    expect((await ask('DELETE', `/v1/users/${person.id}`)).status).toBe(204)
    expect((await ask('GET', '/v1/users', { token })).status).toBe(401)
    expect((await ask('GET', `/v1/users/${person.id}`)).body).toEqual({ ...person, status: 'inactive' })
    expect(await usernames(`search=${person.username}`)).toEqual([])
    expect(await usernames(`search=${person.username}&status=inactive`)).toEqual([person.username])
    expect(await usernames(`search=${person.username}&status=all`)).toEqual([person.username])
    expect((await ask('DELETE', `/v1/users/${person.id}`)).status, 'twice is as once').toBe(204)
  })

  test('keeps their name for the retention period, and no longer', async () => {
    const person = await create()
    await ask('DELETE', `/v1/users/${person.id}`)
    const again = () => ask('POST', '/v1/users', { json: fresh({ username: person.username, email: person.email }) })
    expect((await again()).status).toBe(409)
    clock.advance(89 * 24 * 3600)
    expect(await releaseUsername(house.session(), house.house, person.id)).toBe(false)
    clock.advance(24 * 3600 + 1)
    admin = await house.token({ subject: 'client:admin' })
    expect(await releaseUsername(house.session(), house.house, person.id)).toBe(true)
    expect((await again()).status).toBe(201)
    const back = await ask('PUT', `/v1/users/${person.id}`, { json: { status: 'active' } })
    expect([back.status, back.body.error.code], 'and cannot come back under it').toEqual([409, 'username_taken'])
  })

  test('may come back before that', async () => {
    const person = await create()
    await ask('DELETE', `/v1/users/${person.id}`)
    expect((await ask('PUT', `/v1/users/${person.id}`, { json: { status: 'active' } })).body).toEqual(person)
  })
})

describe('an id', () => {
  const strange = ['0', '-1', 'abc', '1e3', '99999999999999999999', '1.5', '%00', "1'--", 'undefined', '9007199254740991']
  test.for(strange)('of the wrong shape or unknown is a 404: %s', async (id) => {
    for (const [method, json] of [['GET'], ['PUT', { firstName: 'X' }], ['DELETE']] as const) {
      const { status, body } = await ask(method, `/v1/users/${id}`, json ? { json } : {})
      expect([method, status, body.error.code]).toEqual([method, 404, 'user_not_found'])
    }
  })
})
