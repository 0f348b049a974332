// What people decide about their own sign-ins and first passwords, and operators about passwords at all.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { createUser, type PasswordKind, updateUser } from '../../domain/people/index.ts'
import { uuidv7 } from '../../platform/ids/index.ts'
import { movableClock } from '../../platform/time/index.ts'

const clock = movableClock('2026-11-24T09:00:00Z')
const password = 'a-quiet-harbour-7'
const hourS = 3600
let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse({ clock })
})
afterAll(() => house?.close())

interface Tokens {
  access_token: string
  refresh_token: string
}
interface Session {
  id: string
  started_at: string
  last_used_at: string
  expires_at: string
  current: boolean
}

let count = 0
async function person(kind: PasswordKind = 'own') {
  const username = `somebody.${++count}`
  const fields = { username, email: `${username}@people.example`, firstName: 'Some', lastName: 'Body' }
  return { ...fields, id: await createUser(house.session(), house.house, { ...fields, password }, kind) }
}
const login = (username: string, given = password, at = house) =>
  at.request('POST', '/api/v1/auth/login', { json: { username, password: given } })
const signIn = async (username: string, given = password) => (await (await login(username, given)).json()) as Tokens
const refresh = (refresh_token: string, at = house) => at.request('POST', '/api/v1/auth/refresh', { json: { refresh_token } })
const list = async (token: string) =>
  ((await (await house.request('GET', '/api/v1/auth/sessions', { token })).json()) as { sessions: Session[] }).sessions
const end = async (token: string, id = '') => (await house.request('DELETE', `/api/v1/auth/sessions${id && `/${id}`}`, { token })).status
const reach = async (token: string) => (await house.request('GET', '/v1/users', { token })).status
const change = async (token: string, id: number, json: object) => (await house.request('PUT', `/v1/users/${id}`, { token, json })).status

describe('one’s own sign-ins', () => {
  test('are listed with when they began, were used last and end, that used last first; nobody else’s are', async () => {
    const [me, somebody] = [await person(), await person()]
    const desk = await signIn(me.username)
    clock.advance(hourS)
    const phone = await signIn(me.username)
    await signIn(somebody.username)
    expect((await list(phone.access_token)).map(({ id: _, ...rest }) => rest)).toEqual([
      { started_at: '2026-11-24T10:00:00Z', last_used_at: '2026-11-24T10:00:00Z', expires_at: '2026-12-24T10:00:00Z', current: true },
      { started_at: '2026-11-24T09:00:00Z', last_used_at: '2026-11-24T09:00:00Z', expires_at: '2026-12-24T09:00:00Z', current: false },
    ])
    clock.advance(hourS)
    const renewed = (await (await refresh(desk.refresh_token)).json()) as Tokens
    expect((await list(renewed.access_token)).map(({ started_at, last_used_at, current }) => [started_at, last_used_at, current])).toEqual([
      ['2026-11-24T09:00:00Z', '2026-11-24T11:00:00Z', true],
      ['2026-11-24T10:00:00Z', '2026-11-24T10:00:00Z', false],
    ])
  })

  test('end one by one: their access and refresh tokens, and no others', async () => {
    const me = await person()
    const [lost, kept, mine] = [await signIn(me.username), await signIn(me.username), await signIn(me.username)]
    const [{ id = '' } = {}] = (await list(lost.access_token)).filter(({ current }) => current)
    expect(await end(mine.access_token, id)).toBe(204)
    expect([await reach(lost.access_token), await reach(kept.access_token), await reach(mine.access_token)]).toEqual([401, 200, 200])
    expect([(await refresh(lost.refresh_token)).status, (await refresh(kept.refresh_token)).status]).toEqual([401, 200])
    expect((await list(mine.access_token)).map((each) => each.id)).not.toContain(id)
    expect(await end(mine.access_token, id), 'it is over').toBe(404)
  })

  test('end all at once, but the one that asks', async () => {
    const me = await person()
    const others = [await signIn(me.username), await signIn(me.username)]
    const mine = await signIn(me.username)
    expect(await end(mine.access_token)).toBe(204)
    for (const { access_token, refresh_token } of others)
      expect([await reach(access_token), (await refresh(refresh_token)).status]).toEqual([401, 401])
    expect((await list(mine.access_token)).map(({ current }) => current)).toEqual([true])
    expect(await end(mine.access_token), 'there are no others').toBe(204)
  })

  test('end all at once when they are more than are listed', async () => {
    const me = await person()
    const mine = await signIn(me.username)
    const session = house.session()
    const families = Array.from({ length: 130 }, () => uuidv7(clock.now()))
    await session.write(async (tx) => {
      for (const family of families) await house.house.refreshTokens.issue(tx, `user:${me.id}`, family)
    })
    expect(await list(mine.access_token)).toHaveLength(100)
    expect(await end(mine.access_token, families[0])).toBe(204)
    expect(await end(mine.access_token)).toBe(204)
    expect((await list(mine.access_token)).map(({ current }) => current)).toEqual([true])
  })

  test('are not ended by a token of ten minutes ago, which may be stolen; but its own is', async () => {
    const me = await person()
    const [other, mine] = [await signIn(me.username), await signIn(me.username)]
    clock.advance(601)
    const own = (await list(mine.access_token)).find(({ current }) => current)?.id ?? ''
    const [{ id = '' } = {}] = (await list(mine.access_token)).filter(({ current }) => !current)
    expect([await end(mine.access_token), await end(mine.access_token, id)]).toEqual([403, 403])
    expect(await reach(other.access_token)).toBe(200)
    expect(await end(mine.access_token, own)).toBe(204)
    expect(await reach(mine.access_token)).toBe(401)
  })

  test('cannot be ended by others, who are told that there is none', async () => {
    const [me, thief] = [await person(), await person()]
    const mine = await signIn(me.username)
    const id = (await list(mine.access_token))[0]?.id ?? ''
    const theirs = await signIn(thief.username)
    const foreign = await house.token({ subject: `user:${me.id}`, organizationId: 200 })
    for (const token of [theirs.access_token, foreign, await house.token()]) expect(await end(token, id)).toBe(404)
    expect(await end(theirs.access_token, uuidv7(clock.now()))).toBe(404)
    expect(await end(theirs.access_token)).toBe(204)
    expect(await reach(mine.access_token)).toBe(200)
  })
})

describe('one’s own address, by which one signs in', () => {
  test('is changed with the password, or within ten minutes of signing in; anything else is not asked for it', async () => {
    const me = await person()
    const { access_token } = await signIn(me.username)
    expect(await change(access_token, me.id, { email: 'first@people.example' })).toBe(200)
    clock.advance(601)
    expect(await change(access_token, me.id, { email: 'second@people.example' })).toBe(403)
    expect(await change(access_token, me.id, { email: 'second@people.example', currentPassword: 'a-guess-of-a-thief-1' })).toBe(403)
    expect(await change(access_token, me.id, { firstName: 'Other', email: 'first@people.example' }), 'the same is no change').toBe(200)
    expect(await change(access_token, me.id, { email: 'second@people.example', currentPassword: password })).toBe(200)
    expect((await login('second@people.example')).status).toBe(200)
  })
})

describe('a first password, made for somebody', () => {
  test('lets them in for three days, and no longer', async () => {
    const { username } = await person('first')
    expect((await login(username)).status).toBe(200)
    clock.advance(72 * hourS - 1)
    expect((await login(username)).status).toBe(200)
    clock.advance(1)
    const late = await login(username)
    expect(late.status).toBe(401)
    expect(await late.text()).toContain('first password was not changed in time')
    expect(await (await login(username, 'not-the-password')).text(), 'guesses are told nothing').not.toContain('first password')
  })

  test('becomes theirs by being changed for another, and not for itself', async () => {
    const me = await person('first')
    const { access_token } = await signIn(me.username)
    expect(await change(access_token, me.id, { password, currentPassword: password })).toBe(422)
    expect(await change(access_token, me.id, { password: 'a-loud-harbour-88', currentPassword: password })).toBe(200)
    clock.advance(1000 * hourS)
    expect((await login(me.username, 'a-loud-harbour-88')).status).toBe(200)
  })

  test('is made anew for who came too late', async () => {
    const me = await person('first')
    clock.advance(73 * hourS)
    await updateUser(house.session(), house.house, me.id, { password: 'another-quiet-pier-9' }, 'first')
    expect((await login(me.username, 'another-quiet-pier-9')).status).toBe(200)
    clock.advance(73 * hourS)
    expect((await login(me.username, 'another-quiet-pier-9')).status).toBe(401)
  })
})

test('where passwords are switched off, nobody comes in or stays by one, and is told where to go', async () => {
  const closed = await openTestHouse({ clock, env: { PASSWORD_SIGN_IN: 'off' } })
  try {
    const { username, password: right } = closed.org.admin
    const refused = await login(username, right, closed)
    expect(refused.status).toBe(401)
    expect(await refused.text()).toContain('Passwords are not taken here')
    expect((await refresh('pbr_from-before-it-was-off', closed)).status).toBe(401)
    expect((await closed.request('GET', '/v1/users', { token: await closed.token() })).status, 'tokens are').toBe(200)
  } finally {
    await closed.close()
  }
})
