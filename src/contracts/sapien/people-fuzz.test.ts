import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { anyText } from '../../../tests/support/text.ts'

let house: TestHouse
let admin: string
beforeAll(async () => {
  house = await openTestHouse()
  admin = await house.token()
})
afterAll(() => house?.close())

const text = fc.oneof(
  anyText({ maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    '',
    '%',
    '_',
    '\\',
    '\u0000',
    '\ud800',
    "'; DROP TABLE people.users --",
    '../../etc/passwd',
    '{{7*7}}',
    'a'.repeat(5000),
    '１２３',
    'ﬀ',
    '‮',
  ),
)
const value = fc.oneof(text, fc.jsonValue(), fc.constantFrom(-1, 0, 1e308, 2 ** 53, 0.1, null, true, [], {}), fc.double({ noNaN: true }))
const fields = (...names: string[]) => fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] })
const bodies = fc.oneof(
  fc.jsonValue(),
  fields('username', 'email', 'firstName', 'lastName', 'password', 'organizationId', 'roles', 'mobile', 'status'),
  fields('voicemailEnabled', 'maxRecordingDays', 'timezone', 'defaultCountry', 'retention'),
  fields('grant_type', 'client_id', 'client_secret', 'audience', 'refresh_token'),
  fields('type', 'id'),
)
const doors = fc.constantFrom(
  ['POST', '/v1/users'],
  ['PUT', '/v1/users/12345'],
  ['PUT', '/v1/organizations/100/settings'],
  ['POST', '/oauth/token'],
  ['POST', '/api/v1/auth/login'],
  ['POST', '/api/v1/auth/refresh'],
  ['POST', '/admin/cache/clear'],
)

/** Whatever was sent, the answer is one of ours, and says nothing of the inside. */
async function expectAnswer(response: Response, open = false): Promise<void> {
  const body = await response.text()
  expect(response.status, body).toBeLessThan(500)
  if (!open) expect(response.status).toBeLessThan(450)
  expect(response.headers.get('x-request-id')).toBeTruthy()
  if (response.status >= 400) expect(JSON.parse(body)).toHaveProperty('error')
  expect(body).not.toMatch(/at file:|node_modules|SELECT |INSERT |platform\.|patchbay_app/)
}

describe('whatever is sent', () => {
  test('as JSON is answered without a fault of ours', async () => {
    await fc.assert(
      fc.asyncProperty(doors, bodies, async ([method, path], json) => {
        await expectAnswer(await house.request(method ?? '', path ?? '', { token: admin, json }))
      }),
      { numRuns: 300 },
    )
  })

  test('as bytes, under any media type, is answered without a fault of ours', async () => {
    const types = fc.constantFrom(
      'application/json',
      'application/x-www-form-urlencoded',
      'text/plain',
      'multipart/form-data; boundary=x',
      'nonsense',
    )
    await fc.assert(
      fc.asyncProperty(doors, fc.uint8Array({ maxLength: 200 }), types, async ([method, path], bytes, type) => {
        const options = { token: admin, body: Buffer.from(bytes), headers: { 'content-type': type } }
        await expectAnswer(await house.request(method ?? '', path ?? '', options))
      }),
      { numRuns: 200 },
    )
  })

  test('in the query is answered without a fault of ours', async () => {
    const names = fc.constantFrom('search', 'status', 'limit', 'offset', 'format', 'access_token', 'x')
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('/v1/users', '/v1/organizations', '/userinfo', '/hello'),
        fc.array(fc.tuple(names, text), { maxLength: 4 }),
        async (path, pairs) => {
          const query = pairs.map(([name, item]) => `${name}=${encodeURIComponent(item.toWellFormed())}`).join('&')
          await expectAnswer(await house.request('GET', `${path}?${query}`, { token: admin }))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('in the path is answered without a fault of ours', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom('GET', 'DELETE'), async (id, method) => {
        const response = await house.request(method, `/v1/users/${encodeURIComponent(id.toWellFormed())}`, { token: admin })
        await expectAnswer(response)
      }),
      { numRuns: 150 },
    )
  })

  test('as a credential lets nobody in', async () => {
    const header = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(header, fc.constantFrom('', 'Bearer ', 'bearer ', 'Basic ', 'Bearer  '), async (credential, scheme) => {
        const response = await house.request('GET', '/v1/users', { headers: { authorization: `${scheme}${credential}` } })
        expect(response.status).toBe(401)
        await response.text()
      }),
      { numRuns: 200 },
    )
  })
})
