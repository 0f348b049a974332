import { readFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'

let house: TestHouse
const lines: object[] = []
beforeAll(async () => {
  house = await openTestHouse({ log: createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } }) })
})
afterAll(() => house?.close())

const strict = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

describe('a browser is told', () => {
  test('with every kind of answer: no page, no frame, no referrer, no sniffing, nothing to keep', async () => {
    const token = await house.token()
    const wanted: [string, string, number][] = [
      ['GET', '/v1/users', 200],
      ['GET', '/v1/users/999999', 404],
      ['GET', '/nowhere', 404],
      ['POST', '/v1/users', 400],
      ['GET', '/health', 200],
      ['DELETE', '/v1/users', 405],
    ]
    for (const [method, path, status] of wanted) {
      const { status: answered, headers } = await house.request(method, path, { token, ...(method === 'POST' ? { json: {} } : {}) })
      expect([method, path, answered]).toEqual([method, path, status])
      expect(headers.get('content-security-policy'), path).toBe(strict)
      expect(headers.get('referrer-policy'), path).toBe('no-referrer')
      expect(headers.get('x-content-type-options'), path).toBe('nosniff')
      expect(headers.get('cache-control'), path).toBe('no-store')
      expect(headers.get('strict-transport-security'), path).toBe(null)
    }
  })

  test('not to frame or run a page, a document or a file either', async () => {
    const token = await house.token()
    const body = new FormData()
    body.append('file', new Blob(['<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>']), 'a.svg')
    const kept = (await (await house.request('POST', '/v1/blobs', { token, body })).json()) as { id: string }
    for (const path of ['/reference', '/docs', '/redoc', '/openapi.json', '/.well-known/jwks.json', `/v1/blobs/${kept.id}`]) {
      const { status, headers } = await house.request('GET', path, { token })
      const policy = headers.get('content-security-policy')
      expect([path, status]).toEqual([path, 200])
      for (const part of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) expect(policy, path).toContain(part)
      expect(headers.get('x-content-type-options'), path).toBe('nosniff')
      expect(headers.get('referrer-policy'), path).toBe('no-referrer')
      if (path.startsWith('/v1/')) expect([headers.get('cache-control'), policy?.endsWith('; sandbox')]).toEqual(['no-store', true])
    }
  })

  test('by no answer to keep a cookie', async () => {
    const answers = await Promise.all([
      house.request('POST', '/api/v1/auth/login', { json: { username: house.org.admin.username, password: house.org.admin.password } }),
      house.request('GET', '/reference'),
      house.request('GET', '/docs'),
    ])
    expect(answers.map(({ status, headers }) => [status, headers.get('set-cookie')])).toEqual([
      [200, null],
      [200, null],
      [200, null],
    ])
  })
})

test('no operation that changes something is a GET, and no other method is taken than four', () => {
  const document = JSON.parse(readFileSync(new URL('../../docs/openapi/all.json', import.meta.url), 'utf8')) as {
    paths: Record<string, Record<string, { operationId?: string }>>
  }
  const operations = Object.values(document.paths).flatMap((path) =>
    Object.entries(path)
      .filter(([method]) => method !== 'parameters')
      .map(([method, { operationId = '' }]) => ({ method, operationId })),
  )
  const changing = operations.filter(({ operationId }) =>
    /(create|update|remove|delete|revoke|clear|open|reset|pause|resume)$/i.test(operationId),
  )
  expect(changing.length).toBeGreaterThan(15)
  expect(changing.filter(({ method }) => method === 'get')).toEqual([])
  expect([...new Set(operations.map(({ method }) => method))].sort()).toEqual(['delete', 'get', 'post', 'put'])
})

test('TRACE gives nothing back of what was sent', async () => {
  const options = { method: 'TRACE', headers: { 'x-mine': 'an-echo-of-mine' } }
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(`${house.url}/v1/users`, options, resolve).on('error', reject).end()
  })
  const text = (await answer.toArray()).join('')
  expect([404, 405]).toContain(answer.statusCode)
  expect(`${text}${JSON.stringify(answer.headers)}`).not.toContain('an-echo-of-mine')
})

describe('who is refused stands in the log', () => {
  const about = (event: string, wanted: object) =>
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', event, address: '127.0.0.1', ...wanted }))

  test('for a credential that is none, without the credential', async () => {
    const token = await house.token({ ttlS: -60 })
    expect((await house.request('GET', '/v1/calls', { token })).status).toBe(401)
    about('access_refused', { code: 'token_expired', operation: 'calls.list', caller: null })
    expect((await house.request('GET', '/appointments', { key: 'pb_nobody-has-this-key-at-all' })).status).toBe(401)
    about('access_refused', { code: 'invalid_api_key' })
    expect(JSON.stringify(lines)).not.toContain(token.slice(0, 40))
    expect(JSON.stringify(lines)).not.toContain('nobody-has-this-key')
  })

  test('for what they may not do, with who they are, under an idempotency key too', async () => {
    const token = await house.token({ subject: 'client:clerk', roles: ['user'], permissions: ['users:write'] })
    expect((await house.request('POST', '/v1/calls/export', { token })).status).toBe(405)
    expect((await house.request('GET', '/v1/calls/export', { token })).status).toBe(403)
    about('access_refused', { code: 'permission_denied', operation: 'calls.export', caller: 'client:clerk', organizationId: 100 })
    const boss = { username: 'boss', email: 'boss@example.com', firstName: 'Bo', lastName: 'Ss', roles: ['admin'] }
    const refused = await house.request('POST', '/v1/users', { token, json: boss, headers: { 'idempotency-key': 'a-boss' } })
    expect(refused.status).toBe(403)
    about('access_refused', { code: 'permission_denied', operation: 'users.create', caller: 'client:clerk' })
  })

  test('at signing in, people and programs, and who succeeds is known too', async () => {
    const { client_id, client_secret } = house.org.oauth
    const ask = (secret: string) =>
      house.request('POST', '/oauth/token', { json: { grant_type: 'client_credentials', client_id, client_secret: secret } })
    expect((await ask('wrong')).status).toBe(401)
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', event: 'client_sign_in_failed', client: client_id }))
    expect((await ask(client_secret)).status).toBe(200)
    expect(lines).toContainEqual(expect.objectContaining({ level: 'info', event: 'client_signed_in', client: client_id }))
    const login = { username: house.org.admin.username, password: 'not-the-password' }
    expect((await house.request('POST', '/api/v1/auth/login', { json: login })).status).toBe(401)
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', event: 'sign_in_failed', userId: house.org.adminId }))
    about('access_refused', { code: 'invalid_credentials', operation: 'auth.login' })
    expect(JSON.stringify(lines)).not.toContain(client_secret)
    expect(JSON.stringify(lines)).not.toContain('not-the-password')
  })
})
