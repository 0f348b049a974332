import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { createUser } from '../../domain/people/index.ts'
import { movableClock } from '../../platform/time/index.ts'

const clock = movableClock('2026-11-24T09:00:00Z')
const password = 'a-quiet-harbour-7'
let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse({ clock, env: { ACCESS_TOKEN_EXPIRE_MINUTES: '45' } })
})
afterAll(() => house?.close())

let count = 0
async function person(organizationId = 100, own = password) {
  const username = `person.${++count}`
  const fields = { username, email: `${username}@people.example`, firstName: 'Per', lastName: 'Son', password: own }
  return { ...fields, id: await createUser(house.session(organizationId), house.house, fields) }
}
interface Reply {
  access_token: string
  refresh_token: string
  token_type: string
  expires_in: number
  error: { code: string; message: string; details: { field: string }[] }
}
async function post(path: string, json: unknown, token?: string) {
  const response = await house.request('POST', `/api/v1/auth/${path}`, { json, ...(token ? { token } : {}) })
  const text = await response.text()
  return { status: response.status, body: (text ? JSON.parse(text) : null) as Reply }
}
const login = (username: string, given = password) => post('login', { username, password: given })
const reach = async (token: string) => (await house.request('GET', '/v1/users', { token })).status

describe('signing in', () => {
  test('answers as documented, with the lifetime that is set', async () => {
    const { username } = await person()
    const { status, body } = await login(username)
    expect([status, body.token_type, body.expires_in]).toEqual([200, 'bearer', 45 * 60])
    expect(await reach(body.access_token)).toBe(200)
  })

  test('takes the e-mail address, and either in any case', async () => {
    const { username, email } = await person()
    for (const name of [email, email.toUpperCase(), username.toUpperCase()]) expect((await login(name)).status).toBe(200)
  })

  test('takes a password exactly as it was set: each of 256 characters, blanks, case and all', async () => {
    const long = `Lauter Ärger, 密码 ${'q7#kT'.repeat(60)}`.slice(0, 255).concat(' ')
    const { username } = await person(100, long)
    const status = async (given: string) => (await login(username, given)).status
    expect(await status(long)).toBe(200)
    for (const near of [long.trim(), long.toLowerCase(), long.replace('Ä', 'A')]) expect(await status(near)).toBe(401)
  })

  test('a form is taken too', async () => {
    const { username } = await person()
    expect((await house.request('POST', '/api/v1/auth/login', { form: { username, password } })).status).toBe(200)
  })

  test('notes when it was', async () => {
    const { id, username } = await person()
    const token = await house.token()
    const seen = async () =>
      ((await (await house.request('GET', `/v1/users/${id}`, { token })).json()) as { lastLoginAt: string | null }).lastLoginAt
    expect(await seen()).toBeNull()
    await login(username)
    expect(await seen()).toBe(`${clock.now().toISOString().slice(0, 19)}Z`)
  })

  test('a wrong password and an unknown name are answered alike', async () => {
    const { username } = await person()
    const [wrong, unknown] = [await login(username, 'not-the-password'), await login('nobody.at.all', 'not-the-password')]
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    expect({ ...wrong.body.error, request_id: 0 }).toEqual({ ...unknown.body.error, request_id: 0 })
  })

  test('the same name in two organisations leads to the one whose password it is', async () => {
    const fields = { username: 'twin', email: 'twin@people.example', firstName: 'T', lastName: 'Win' }
    await createUser(house.session(100), house.house, { ...fields, password: 'the-first-of-them-1' })
    await createUser(house.session(200), house.house, { ...fields, password: 'the-other-of-them-2' })
    const { body } = await login('twin', 'the-other-of-them-2')
    const info = await (await house.request('GET', '/userinfo', { token: body.access_token })).json()
    expect(info).toMatchObject({ organization_id: 200 })
  })

  test.for([[{}], [{ username: 'x' }], [{ username: 5, password: 'x' }], [{ username: 'a\u0000b', password: 'x' }], [[]]])(
    'a body of the wrong shape is 422: %j',
    async ([body]) => {
      const reply = await post('login', body)
      expect([reply.status, reply.body.error.code]).toEqual([422, 'VALIDATION_ERROR'])
    },
  )

  test('ten wrong passwords lock the user for a minute, whichever name is used; nobody else', async () => {
    const [target, bystander] = [await person(), await person()]
    for (let round = 0; round < 10; round++)
      expect((await login(round % 2 ? target.email : target.username, 'wrong-guess')).status).toBe(401)
    expect((await login(target.username)).status).toBe(429)
    expect((await login(target.email)).status).toBe(429)
    expect((await login(bystander.username)).status).toBe(200)
    clock.advance(61)
    expect((await login(target.username)).status).toBe(200)
  })

  test('guesses at the same moment are no way round the lock', async () => {
    const { username } = await person()
    const guesses = await Promise.all(Array.from({ length: 40 }, () => login(username, 'wrong-guess')))
    expect(guesses.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(13) // ten, and the three others that had their turn
    expect(guesses.every(({ status }) => status === 401 || status === 429)).toBe(true)
  })
})

describe('a sign-in', () => {
  test('goes on by refresh, until its user is deactivated', async () => {
    const { id, username } = await person()
    const first = (await login(username)).body
    const { status, body } = await post('refresh', { refresh_token: first.refresh_token })
    expect([status, body.token_type]).toEqual([200, 'bearer'])
    expect(await reach(body.access_token)).toBe(200)
    expect((await house.request('DELETE', `/v1/users/${id}`, { token: await house.token() })).status).toBe(204)
    expect((await post('refresh', { refresh_token: body.refresh_token })).status).toBe(401)
    expect(await reach(body.access_token)).toBe(401)
    expect((await login(username)).status).toBe(401)
  })

  test('ends by logout: its tokens and no others', async () => {
    const { username } = await person()
    const [mine, other] = [(await login(username)).body, (await login(username)).body]
    const renewed = (await post('refresh', { refresh_token: mine.refresh_token })).body
    expect((await post('logout', {}, mine.access_token)).status).toBe(204)
    expect(await reach(mine.access_token)).toBe(401)
    expect(await reach(renewed.access_token), 'its renewal too').toBe(401)
    expect((await post('refresh', { refresh_token: renewed.refresh_token })).status).toBe(401)
    expect(await reach(other.access_token)).toBe(200)
  })

  test('is not ended by somebody else', async () => {
    const [one, two] = [await person(), await person()]
    const [mine, theirs] = [(await login(one.username)).body, (await login(two.username)).body]
    expect((await post('logout', { refresh_token: theirs.refresh_token }, mine.access_token)).status).toBe(401)
    expect(await reach(theirs.access_token)).toBe(200)
  })

  test('logout needs a token', async () => {
    expect((await post('logout', {})).status).toBe(401)
  })

  test('an unknown refresh token is a 401 of this API', async () => {
    const { status, body } = await post('refresh', { refresh_token: 'pbr_nobody-has-this' })
    expect([status, body.error.code]).toEqual([401, 'INVALID_TOKEN'])
  })
})
