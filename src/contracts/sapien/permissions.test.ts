// Role and tenant against operation: who may do what with users, an organisation's settings and the caches.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'

let house: TestHouse
let admin: string
beforeAll(async () => {
  house = await openTestHouse()
  admin = await house.token({ subject: 'client:admin' })
})
afterAll(() => house?.close())

let count = 0
const fresh = (over: object = {}) => {
  const username = `user.${++count}`
  return { username, email: `${username}@example.com`, firstName: 'Some', lastName: 'Body', password: 'a-quiet-harbour-7', ...over }
}
async function someone(): Promise<{ id: number; username: string }> {
  const response = await house.request('POST', '/v1/users', { token: admin, json: fresh() })
  expect(response.status).toBe(201)
  return (await response.json()) as { id: number; username: string }
}

/** What each is answered. The target is a user of organisation 100. */
const matrix: { who: string; roles: string[]; organizationId: number; answers: Record<string, number> }[] = [
  {
    who: 'admin',
    roles: ['admin'],
    organizationId: 100,
    answers: { list: 200, get: 200, create: 201, update: 200, remove: 204, settings: 200, stats: 200 },
  },
  {
    who: 'integration',
    roles: ['integration'],
    organizationId: 100,
    answers: { list: 200, get: 200, create: 403, update: 403, remove: 403, settings: 403, stats: 403 },
  },
  {
    who: 'supervisor',
    roles: ['supervisor'],
    organizationId: 100,
    answers: { list: 200, get: 404, create: 403, update: 403, remove: 403, settings: 403, stats: 403 },
  },
  {
    who: 'user',
    roles: ['user'],
    organizationId: 100,
    answers: { list: 200, get: 404, create: 403, update: 403, remove: 403, settings: 403, stats: 403 },
  },
  {
    who: 'nobody in particular',
    roles: [],
    organizationId: 100,
    answers: { list: 403, get: 403, create: 403, update: 403, remove: 403, settings: 403, stats: 403 },
  },
  {
    who: 'an invented role',
    roles: ['root', '*'],
    organizationId: 100,
    answers: { list: 403, get: 403, create: 403, update: 403, remove: 403, settings: 403, stats: 403 },
  },
  {
    who: 'another organisation’s admin',
    roles: ['admin'],
    organizationId: 200,
    answers: { list: 200, get: 404, create: 404, update: 404, remove: 404, settings: 404, stats: 200 },
  },
  {
    who: 'another organisation’s user',
    roles: ['user'],
    organizationId: 200,
    answers: { list: 200, get: 404, create: 403, update: 403, remove: 403, settings: 403, stats: 403 },
  },
]
const operations: Record<string, (id: number) => [string, string, object?]> = {
  list: () => ['GET', '/v1/users'],
  get: (id) => ['GET', `/v1/users/${id}`],
  create: () => ['POST', '/v1/users', fresh({ organizationId: 100 })],
  update: (id) => ['PUT', `/v1/users/${id}`, { firstName: 'Changed' }],
  remove: (id) => ['DELETE', `/v1/users/${id}`],
  settings: () => ['PUT', '/v1/organizations/100/settings', { maxRecordingDays: 90 }],
  stats: () => ['GET', '/admin/cache/stats'],
}
const cells = matrix.flatMap(({ who, roles, organizationId, answers }) =>
  Object.entries(operations).map(([operation, request]) => ({
    who,
    roles,
    organizationId,
    operation,
    request,
    expected: answers[operation],
  })),
)

describe('who may do what', () => {
  test.for(cells)('$who, $operation: $expected', async ({ roles, organizationId, request, operation, expected }) => {
    const target = await someone()
    const token = await house.token({ subject: 'user:999999', roles, organizationId })
    const [method, path, json] = request(target.id)
    const response = await house.request(method, path, { token, ...(json ? { json } : {}) })
    expect(response.status).toBe(expected)
    if (operation === 'list' && organizationId === 200) expect(await response.text()).not.toContain(target.username)
  })

  test.for(Object.entries(operations))('without a token nobody: %s', async ([, request]) => {
    const [method, path, json] = request(1)
    const response = await house.request(method, path, json ? { json } : {})
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="patchbay"'])
  })
})
