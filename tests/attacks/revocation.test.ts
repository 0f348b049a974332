// Two processes' worth of house over one database: what ends a credential in the one ends it in the other within a second,
// although both had verified it and remember that.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signIn, signInClient } from '../../src/domain/people/index.ts'
import { changeStanding, createOrganization } from '../../src/domain/tenancy/index.ts'
import { openHouse, type RunningHouse } from '../../src/main.ts'
import { rotateSigningKeys } from '../../src/platform/auth/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { until } from '../support/until.ts'

let one: TestHouse
let second: RunningHouse
let urls: readonly string[]
beforeAll(async () => {
  one = await openTestHouse()
  second = await openHouse({ settings: one.house.settings, databaseUrl: one.databaseUrl, log: createLogger({ level: 'error' }) })
  urls = [one.url, await second.listen()]
})
afterAll(async () => {
  await second?.close()
  await one?.close()
})

interface Door {
  readonly path: string
  readonly headers: Record<string, string>
}
const byToken = (token: string): Door => ({ path: '/userinfo', headers: { authorization: `Bearer ${token}` } })
const byKey = (key: string): Door => ({ path: '/appointments', headers: { 'x-api-key': key } })
const statuses = ({ path, headers }: Door): Promise<number[]> =>
  Promise.all(urls.map(async (url) => (await fetch(`${url}${path}`, { headers })).status))

/** A second is promised; another is for a machine that is busy with other tests. */
const promisedMs = 2_000

/** Open in both, then `end`, then closed in both within what is promised. */
async function endsEverywhere(doors: readonly Door[], end: () => Promise<unknown>): Promise<void> {
  for (const door of [...doors, ...doors]) expect(await statuses(door)).toEqual([200, 200])
  await end()
  await until(
    'it to be over in both',
    async () => (await Promise.all(doors.map(statuses))).flat().every((status) => status === 401),
    promisedMs,
  )
}

let people = 0
async function person(roles = ['user']) {
  const username = `revoked.${++people}`
  const password = 'a-quiet-harbour-7'
  const json = { username, email: `${username}@example.com`, firstName: 'Re', lastName: 'Voked', password, roles }
  const { id } = (await (await one.request('POST', '/v1/users', { token: await one.token(), json })).json()) as { id: number }
  const { accessToken, refreshToken } = await signIn(one.session(), second, username, password)
  return { id, username, password, accessToken, refreshToken }
}
const change = async (id: number, json: object) =>
  expect((await one.request('PUT', `/v1/users/${id}`, { token: await one.token(), json })).status).toBe(200)

describe('within a second, in every process, a credential ends when', () => {
  test('its user is deactivated', async () => {
    const { id, accessToken } = await person()
    await endsEverywhere([byToken(accessToken)], async () => one.request('DELETE', `/v1/users/${id}`, { token: await one.token() }))
  })

  test('a role is taken from its user, and the next sign-in has no more than what is left', async () => {
    const { id, username, password, accessToken } = await person(['user', 'admin'])
    const mayDelete = async (token: string) => (await one.request('DELETE', '/v1/users/987654', { token })).status
    expect(await mayDelete(accessToken)).toBe(404)
    await endsEverywhere([byToken(accessToken)], () => change(id, { roles: ['user'] }))
    const fresh = await signIn(one.session(), second, username, password)
    expect(await mayDelete(fresh.accessToken)).toBe(403)
    const info = (await (await fetch(`${urls[1]}/userinfo`, { headers: byToken(fresh.accessToken).headers })).json()) as { roles: string[] }
    expect(info.roles).toEqual(['user'])
  })

  test('its user’s password is changed', async () => {
    const { id, accessToken } = await person()
    await endsEverywhere([byToken(accessToken)], () => change(id, { password: 'a-loud-harbour-88' }))
  })

  test('its sign-in is ended; another of the same user goes on', async () => {
    const { username, password, accessToken } = await person()
    const other = await signIn(one.session(), second, username, password)
    await endsEverywhere([byToken(accessToken)], () => one.request('POST', '/api/v1/auth/logout', { token: accessToken }))
    expect(await statuses(byToken(other.accessToken))).toEqual([200, 200])
  })

  test('its refresh token comes back a second time', async () => {
    const { accessToken, refreshToken } = await person()
    const refresh = () => one.request('POST', '/api/v1/auth/refresh', { json: { refresh_token: refreshToken } })
    await endsEverywhere([byToken(accessToken)], async () => [(await refresh()).status, (await refresh()).status])
  })

  test('its client’s secret is rotated: the old secret and its tokens end, the new ones are good', async () => {
    const { oauthClients } = one.house
    const { id, secret } = await oauthClients.create(one.session(), { name: 'rotated', roles: ['user'] })
    const { accessToken } = await signInClient(one.session(), second, id, secret)
    let next: string | null = null
    await endsEverywhere([byToken(accessToken)], async () => {
      next = await oauthClients.rotate(one.session(), id)
    })
    await expect(signInClient(one.session(), second, id, secret)).rejects.toMatchObject({ code: 'invalid_client' })
    const fresh = await signInClient(one.session(), second, id, next ?? expect.unreachable())
    expect(await statuses(byToken(fresh.accessToken))).toEqual([200, 200])
    expect(await oauthClients.rotate(one.session(200), id), 'not another organisation’s').toBeNull()
  })

  test('its client is revoked', async () => {
    const { id, secret } = await one.house.oauthClients.create(one.session(), { name: 'ended', roles: ['user'] })
    const { accessToken } = await signInClient(one.session(), second, id, secret)
    await endsEverywhere([byToken(accessToken)], () => one.house.oauthClients.revoke(one.session(), id))
  })

  test('its key is revoked', async () => {
    const { id, key } = await one.house.apiKeys.create(one.session(), { name: 'ended', scopes: ['*'], expiresAt: null })
    await endsEverywhere([byKey(key)], () => one.house.apiKeys.revoke(one.session(), id))
  })

  test('its organisation is suspended: tokens, keys, sign-ins, refreshes and feeds; and all are good again when it is resumed', async () => {
    const id = await createOrganization(one.house.database, one.house.clock, { name: 'Third', domain: 'third.example' })
    const session = one.session(id)
    const { id: client, secret } = await one.house.oauthClients.create(session, { name: 'first', roles: ['admin'] })
    const { key } = await one.house.apiKeys.create(session, { name: 'first', scopes: ['*'], expiresAt: null })
    const { accessToken } = await signInClient(one.session(), second, client, secret)
    const json = { username: 'third', email: 'third@third.example', firstName: 'Th', lastName: 'Ird', password: 'a-quiet-harbour-7' }
    expect((await one.request('POST', '/v1/users', { token: accessToken, json })).status).toBe(201)
    const { refreshToken } = await signIn(session, second, 'third', json.password)
    const feed = new URL(((await (await one.request('POST', '/appointments/feeds', { key })).json()) as { url: string }).url)
    const doors = [byToken(accessToken), byKey(key), { path: `${feed.pathname}${feed.search}`, headers: {} }]
    const streams = await Promise.all(urls.map((url) => fetch(`${url}/v1/events`, { headers: byToken(accessToken).headers })))
    await endsEverywhere(doors, () => changeStanding(session, one.house, 'suspended'))
    for (const stream of streams) expect(await stream.text(), 'an open stream has come to its end').toContain('suspended')
    await expect(signInClient(one.session(), second, client, secret)).rejects.toMatchObject({ code: 'invalid_client' })
    await expect(signIn(session, second, 'third', json.password)).rejects.toMatchObject({ code: 'invalid_credentials' })
    const refresh = () => one.request('POST', '/api/v1/auth/refresh', { json: { refresh_token: refreshToken } })
    expect((await refresh()).status).toBe(401)
    expect(await changeStanding(session, one.house, 'active')).toBe(true)
    expect(await changeStanding(session, one.house, 'active'), 'once').toBe(false)
    for (const door of doors) expect(await statuses(door)).toEqual([200, 200])
    expect((await refresh()).status, 'the refresh token was not used up meanwhile').toBe(200)
  })

  test('the key that signed it is revoked; tokens of the next are good', async () => {
    const token = await one.token()
    const { database, vault, clock, bus } = one.house
    await endsEverywhere([byToken(token)], async () => {
      await bus.publish('auth.keys_rotated', { kid: await rotateSigningKeys(database, vault, clock, { revoke: true }) })
    })
    expect(await statuses(byToken(await one.token()))).toEqual([200, 200])
    const { keys } = one.house.signingKeys.jwks()
    expect(keys, 'and it is no longer published').toHaveLength(1)
  })
})
