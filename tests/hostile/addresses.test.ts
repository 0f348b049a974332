// P6 for paths, queries and headers: whatever stands in an address is a value, something that is not there, or refused in
// the contract's words. Driven by the endpoints: every path id and every query field of every operation.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { matrix } from '../isolation/matrix.ts'
import { type Operation, operations } from '../isolation/operations.ts'
import { type Arena, openArena, pathOf } from './arena.ts'
import { type HostileJudge, openJudge } from './judge.ts'

let arena: Arena
let judge: HostileJudge
beforeAll(async () => {
  arena = await openArena()
  judge = await openJudge(arena.house)
})
afterAll(() => arena?.close())

const each = (some: readonly Operation[]) => some.map((operation) => [operation.endpoint.operation, operation] as const)
const known = operations.filter(({ endpoint }) => endpoint.operation in matrix)
const withIds = known.filter(({ endpoint }) => endpoint.path.includes(':'))

const segments = [
  '%00',
  'a%00b',
  '%zz',
  '%',
  '%ff%fe',
  '%c0%af',
  'x'.repeat(2048),
  '1'.repeat(400),
  '0',
  '-1',
  '1.5',
  'abc',
  '1e2',
  '0x64',
  '+100',
  '%20100',
  '100%20',
  '01',
  'NaN',
  'Infinity',
  'null',
  'undefined',
  'true',
  '__proto__',
  'constructor',
  '9007199254740993',
  '99999999999999999999999999',
  '%F0%9F%92%A9',
  "';DROP%20TABLE%20people.users;--",
  '..%2f..%2fetc%2fpasswd',
  '%5c..%5c',
  '{id}',
  ':id',
  '*',
  '[object Object]',
  '%2e%2e%2f',
  '00000000-0000-0000-0000-00000000000g',
  '0195567E2F807CC398E51F2A3B4C5D6E',
  '%7B0195567e-2f80-7cc3-98e5-1f2a3b4c5d6e%7D',
]

describe('an id that none can be', () => {
  test.each(each(withIds))('in the path of %s is refused in the contract’s words, and writes nothing', async (_, operation) => {
    const sent = await arena.right(operation)
    const names = [...operation.endpoint.path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '')
    const before = await arena.picture()
    const found: string[] = []
    for (const name of names)
      for (const segment of segments) {
        const path = pathOf(operation.endpoint, { ...sent, params: { ...sent.params, [name]: '(here)' } }).replace('(here)', () => segment)
        const answer = await send(operation, path, sent.json)
        for (const complaint of judge.refusal(operation, answer)) found.push(`${segment.slice(0, 50)}: ${complaint}`)
      }
    expect(found).toEqual([])
    expect(await arena.picture()).toEqual(before)
  })
})

async function send(operation: Operation, path: string, json: unknown = undefined) {
  const headers = await arena.headersFor(operation, path)
  const type: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' }
  return arena.send(operation.endpoint.method, path, { ...headers, ...type }, json === undefined ? undefined : JSON.stringify(json))
}

const values = [
  '',
  '%00',
  '%ff',
  '-1',
  '0',
  '1.5',
  '1e400',
  '101',
  '501',
  '9007199254740993',
  '99999999999999999999999999',
  'NaN',
  'null',
  'true',
  '[]',
  '{}',
  "'",
  "';--",
  '%25',
  '_',
  '%5C',
  'x'.repeat(5000),
  '%F0%9F%92%A9'.repeat(100),
  '2026-02-30',
  '2026-13-45',
  '2026-02-30T00:00:00Z',
  '2026-06-30T23:59:60Z',
  '275760-09-13T00:00:00Z',
  '%2B275760-09-13T00:00:01Z',
  '-000001-01-01T00:00:00Z',
  '0000-00-00',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '2026-01-01T10:00:00%2B99:99',
  'WHJhbmRvbQ',
  'eyJhIjoxfQ',
]

describe('a query', () => {
  const asking = known.filter(({ endpoint }) => endpoint.query && endpoint.operation !== 'events.stream')
  const fieldsOf = ({ endpoint }: Operation) => Object.keys((endpoint.query as { properties?: object }).properties ?? {})

  /** Each value meets every field as itself, and every second time as one of these in turn: what is done with them hangs little on it. */
  const others = (field: string, value: string) => [`${field}=${value}&${field}=${value}`, `${field}[]=${value}`, `${field}[a]=${value}`]
  const spellings = (field: string, value: string, turn: number): string[] => {
    const at = (turn >> 1) % 3
    return [`${field}=${value}`, ...(turn % 2 ? others(field, value).slice(at, at + 1) : [])]
  }

  test.each(each(asking))('with hostile values, once, twice and as a list, never breaks %s', async (_, operation) => {
    const found: string[] = []
    for (const [place, field] of fieldsOf(operation).entries()) {
      const sent = await arena.right(operation)
      const path = pathOf(operation.endpoint, { params: sent.params ?? {} })
      for (const [index, value] of values.entries())
        for (const query of spellings(field, value, place + index))
          for (const complaint of judge.any(operation, await send(operation, `${path}?${query}`)))
            found.push(`${query.slice(0, 80)}: ${complaint}`)
    }
    expect(found).toEqual([])
  })

  test.each(each(asking))('out of the range of pages is refused by %s, and the edge is not', async (_, operation) => {
    const { properties } = operation.endpoint.query as { properties: Record<string, { maximum?: number }> }
    if (!properties.limit || !properties.offset) return
    const sent = await arena.right(operation)
    const path = pathOf(operation.endpoint, { params: sent.params ?? {} })
    const { limit, offset } = properties
    for (const query of [
      'limit=0',
      'limit=-1',
      `limit=${(limit.maximum ?? 0) + 1}`,
      'limit=1e9',
      'offset=-1',
      `offset=${(offset.maximum ?? 0) + 1}`,
      'offset=1.5',
      'limit=',
    ]) {
      const answer = await send(operation, `${path}?${query}`)
      expect([query, judge.refusal(operation, answer)]).toEqual([query, []])
    }
    expect((await send(operation, `${path}?limit=${limit.maximum}&offset=${offset.maximum}`)).status).toBe(200)
  })

  test.each(each(known.filter(({ endpoint }) => endpoint.operation !== 'events.stream')))(
    'that is long, or has names of its own, never breaks %s',
    async (_, operation) => {
      const sent = await arena.right(operation)
      const before = await arena.picture()
      const path = pathOf(operation.endpoint, {
        params: Object.fromEntries(Object.keys(sent.params ?? {}).map((name) => [name, 'nothing'])),
      })
      const found: string[] = []
      for (const query of [
        'a'.repeat(8000),
        'a=1&'.repeat(2000),
        '__proto__[admin]=1&constructor.prototype=1',
        '%zz=%',
        '&&==&',
        '?'.repeat(100),
        '%00=%00',
      ])
        for (const complaint of judge.any(operation, await send(operation, `${path}?${query}`)))
          found.push(`${query.slice(0, 40)}: ${complaint}`)
      expect(found).toEqual([])
      if (operation.endpoint.method === 'GET' || sent.params) expect(await arena.picture()).toEqual(before)
    },
  )
})

describe('a header', () => {
  test.each([
    ['authorization', 'Bearer'],
    ['authorization', 'Bearer '],
    ['authorization', `Bearer ${'a'.repeat(9000)}`],
    ['authorization', 'Bearer a.b.c'],
    ['authorization', 'Basic YWRtaW46YWRtaW4='],
    ['authorization', 'Bearer null'],
    ['authorization', 'bearer bearer bearer'],
    ['authorization', 'Bearer \u00ff\u00fe'],
  ])('%s: %s opens nothing, for every operation that needs a token', async (name, value) => {
    const found: string[] = []
    for (const operation of known) {
      const { endpoint, contract } = operation
      if (endpoint.permission === 'public' || contract.credentialMissing !== 'missing_token') continue
      const answer = await arena.send(endpoint.method, pathOf(endpoint, { params: { id: '1' } }), { [name]: value })
      if (answer.status !== 401) found.push(`${endpoint.operation}: ${answer.status}`)
      for (const complaint of judge.refusal(operation, answer)) found.push(`${endpoint.operation}: ${complaint}`)
    }
    expect(found).toEqual([])
  })

  test.each(['', ' ', 'a', 'a'.repeat(300), 'pb_', "' OR 1=1", '\u00ff'.repeat(40)])(
    'X-API-Key: %j opens nothing, for every operation that needs a key',
    async (key) => {
      const found: string[] = []
      for (const operation of known) {
        const { endpoint, contract } = operation
        if (endpoint.permission === 'public' || contract.credentialMissing !== 'invalid_api_key') continue
        const answer = await arena.send(endpoint.method, pathOf(endpoint, { params: { id: '1' } }), { 'x-api-key': key })
        if (answer.status !== 401) found.push(`${endpoint.operation}: ${answer.status}`)
        for (const complaint of judge.refusal(operation, answer)) found.push(`${endpoint.operation}: ${complaint}`)
      }
      expect(found).toEqual([])
    },
  )

  test.each([
    ['x-request-id', 'a'.repeat(129)],
    ['x-request-id', '<script>alert(1)</script> x'],
    ['x-request-id', '\u00ff'],
  ])('%s: %j is replaced by an id of ours', async (name, value) => {
    const answer = await arena.send('GET', '/hello', { [name]: value })
    expect(answer.headers['x-request-id']).toMatch(/^req_\w{26}$/)
  })

  test('that a proxy would set is not believed of a stranger', async () => {
    const answer = await arena.send('POST', '/v1/events/ticket', {
      ...(await arena.credentials()),
      'x-forwarded-host': 'elsewhere.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=elsewhere.example;proto=https',
    })
    expect(answer.status).toBe(201)
    expect(answer.body).not.toContain('elsewhere')
  })

  test('of a range that makes no sense is refused or ignored, and never sends more than the file', async () => {
    const id = await arena.own.blob()
    for (const range of [
      'bytes=-0',
      'bytes=5-2',
      'bytes=99999999-',
      'bytes=0-0,1-1',
      'bytes=a-b',
      'items=0-1',
      `bytes=0-${'9'.repeat(30)}`,
      'bytes=--1',
    ]) {
      const answer = await arena.send('GET', `/v1/blobs/${id}`, { ...(await arena.credentials()), range })
      expect([range, answer.status, answer.body.length <= 'of 100'.length || answer.status === 416]).toEqual([
        range,
        expect.toBeOneOf([200, 206, 416]),
        true,
      ])
    }
  })
})

describe('a method or a path that is not there', () => {
  test('is 404 or 405 in the words of the contract whose prefix it carries, with the methods there are', async () => {
    const found: string[] = []
    for (const operation of known) {
      const { endpoint, contract } = operation
      const path = pathOf(endpoint, { params: { id: '1', token: 'a', name: 'x', file: 'x' } })
      for (const method of ['PATCH', 'DELETE', 'PUT', 'POST'] as const) {
        if (operations.some((one) => one.endpoint.method === method && matches(one.endpoint.path, path))) continue
        const answer = await arena.send(method, path, await arena.credentials())
        if (answer.status !== 405) found.push(`${method} ${path}: ${answer.status}`)
        if (!answer.headers.allow?.includes(endpoint.method)) found.push(`${method} ${path}: allow is ${answer.headers.allow}`)
        if (!Object.keys(contract.errorSchema).length || !answer.body.includes(answer.headers['x-request-id'] ?? '-'))
          found.push(`${method} ${path}: ${answer.body}`)
      }
    }
    expect(found).toEqual([])
  })

  test.each([
    '//v1/users',
    '/v1//users',
    '/v1/users/../users',
    '/V1/users',
    '/v1/users;a=b',
    '/v1/users%2f1',
    '/%2e%2e/v1',
    '/.env',
    '/.git/config',
    '/v1/users/1/2/3',
    '/\\v1',
  ])('%s gives nothing away', async (path) => {
    const answer = await arena.send('GET', path, {})
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.body).toContain(answer.headers['x-request-id'])
  })
})

/** `/appointments/availability` is also an id of `/appointments/:id`, where that has the method. */
const matches = (pattern: string, path: string): boolean =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`).test(path)
