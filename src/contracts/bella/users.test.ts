import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'

let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse()
})
afterAll(() => house.close())

const add = (json: unknown, key = house.org.apiKey) => house.request('POST', '/users', { key, json })

describe('bella’s users', () => {
  test('a user is answered with 201, its address and its number in E.164', async () => {
    const made = await add({ full_name: ' Ada Lovelace ', mobile: '+44 20 7946 0020' })
    expect(made.status).toBe(201)
    const user = (await made.json()) as { id: number }
    expect(made.headers.get('location')).toBe(`/users/${user.id}`)
    expect(user).toEqual({
      id: expect.any(Number),
      full_name: 'Ada Lovelace',
      mobile: '+442079460020',
      created_at: expect.stringMatching(/^\d{4}-.*:\d\dZ$/),
    })
    expect(await (await house.request('GET', `/users/${user.id}`, { key: house.org.apiKey })).json()).toEqual(user)
    const list = await house.request('GET', '/users?limit=1', { key: house.org.apiKey })
    expect(await list.json()).toEqual({ users: [user], total: 1, limit: 1, offset: 0 })
  })

  test('a number belongs to one user, however it is written', async () => {
    expect((await add({ full_name: 'First', mobile: '+442079460021' })).status).toBe(201)
    const second = await add({ full_name: 'Second', mobile: '0044 (0)20 7946-0021' })
    expect([second.status, await second.json()]).toMatchObject([409, { error_code: 'MOBILE_TAKEN' }])
  })

  test('of many who add one number at once, one succeeds', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => add({ full_name: 'Twin', mobile: '+442079460022' })))
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(replies.filter(({ status }) => status === 409)).toHaveLength(19)
  })

  test('a national number is read by the organisation’s country', async () => {
    const token = await house.token()
    const json = { defaultCountry: 'DE' }
    expect((await house.request('PUT', '/v1/organizations/100/settings', { token, json })).status).toBe(200)
    expect(await (await add({ full_name: 'Berliner', mobile: '030 23125 000' })).json()).toMatchObject({ mobile: '+493023125000' })
  })

  test('two organisations may know the same number, and not each other’s users', async () => {
    const mine = (await (await add({ full_name: 'Mine', mobile: '+442079460023' })).json()) as { id: number }
    expect((await add({ full_name: 'Theirs', mobile: '+442079460023' }, house.other.apiKey)).status).toBe(201)
    expect((await house.request('GET', `/users/${mine.id}`, { key: house.other.apiKey })).status).toBe(404)
  })

  test.each([
    [{}, ['full_name', 'mobile']],
    [{ full_name: '  ', mobile: '+442079460024' }, ['full_name']],
    [{ full_name: 'Nobody', mobile: 'not a number' }, ['mobile']],
    [{ full_name: 'Nobody', mobile: '+44' }, ['mobile']],
    [{ full_name: 'Nobody', mobile: 442079460024 }, ['mobile']],
  ])('%j is 422 and names what is wrong', async (body, fields) => {
    const reply = await add(body)
    expect(reply.status).toBe(422)
    const { detail } = (await reply.json()) as { detail: { loc: string[] }[] }
    expect(detail.map(({ loc }) => loc[1]).sort()).toEqual(fields)
  })
})
