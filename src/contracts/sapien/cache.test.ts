import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'

let house: TestHouse
let admin: string
beforeAll(async () => {
  house = await openTestHouse()
  admin = await house.token()
})
afterAll(() => house?.close())

const clear = async (options: object) => {
  const response = await house.request('POST', '/admin/cache/clear', { token: admin, ...options })
  return { status: response.status, body: (await response.json()) as { cleared: string[]; error: { details: { field: string }[] } } }
}
const family = async (name: string) => {
  const response = await house.request('GET', '/admin/cache/stats', { token: admin })
  const stats = (await response.json()) as { families: Record<string, { hits: number; misses: number; size: number }> }
  return stats.families[name] ?? { hits: 0, misses: 0, size: 0 }
}
const readAdmin = () => house.request('GET', `/v1/users/${house.org.adminId}`, { token: admin })

test('a user is loaded once and then remembered, and the figures say so', async () => {
  const before = await family('user')
  await readAdmin()
  await readAdmin()
  const after = await family('user')
  expect([after.misses - before.misses, after.hits - before.hits, after.size]).toEqual([1, 1, 1])
})

test('one value is dropped, by the seed’s own curl that calls its JSON a form', async () => {
  await readAdmin()
  const body = `{"type": "user", "id": ${house.org.adminId}}`
  const reply = await clear({ body, headers: { 'content-type': 'application/x-www-form-urlencoded' } })
  expect([reply.status, reply.body.cleared]).toEqual([200, [`user:${house.org.adminId}`]])
  expect((await family('user')).size).toBe(0)
})

test.for([{}, { json: {} }, { form: {} }])('everything is dropped by %j', async (options) => {
  await readAdmin()
  const reply = await clear(options)
  expect(reply.status).toBe(200)
  expect(reply.body.cleared).toEqual(expect.arrayContaining(['user', 'org']))
  expect((await family('user')).size).toBe(0)
})

test('another organisation’s admin cannot drop our user’s entry by its id', async () => {
  await readAdmin()
  const token = await house.token({ organizationId: 200 })
  await house.request('POST', '/admin/cache/clear', { token, json: { type: 'user', id: house.org.adminId } })
  expect((await family('user')).size).toBe(1)
})

test('what an admin clears is their own organisation’s: others keep what they have', async () => {
  await readAdmin()
  const token = await house.token({ organizationId: 200 })
  await house.request('GET', `/v1/users/${house.other.adminId}`, { token })
  expect((await family('user')).size).toBe(2)
  for (const json of [{}, { type: 'user' }]) {
    await house.request('POST', '/admin/cache/clear', { token, json })
    expect((await family('user')).size).toBe(1)
  }
  await clear({ json: {} })
  expect((await family('user')).size).toBe(0)
})

test.for([
  ['type', { json: { type: 'nothing-of-that-name' } }],
  ['type', { json: { id: 5 } }],
  ['type', { json: { type: 5 } }],
  ['type', { body: '{"type": 5}', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
  ['id', { json: { type: 'user', id: { $ne: 1 } } }],
] as const)('a wrong %s is named: %j', async ([field, options]) => {
  const reply = await clear(options)
  expect([reply.status, reply.body.error.details[0]?.field]).toEqual([400, field])
})
