import { Ajv } from 'ajv'
import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import type { Refusal } from '../errors/index.ts'
import type { Contract } from './contract.ts'
import { type AnyEndpoint, endpoint } from './endpoint.ts'
import { diffOpenApi, type OpenApiDocument, openApiOf, openApiOfAll, toAwsOpenApi } from './openapi.ts'
import { statusOf } from './statuses.ts'

const User = Type.Object({ id: Type.Integer(), name: Type.String(), nickname: Type.Union([Type.String(), Type.Null()]) }, { title: 'User' })

const get = endpoint({
  operation: 'users.get',
  method: 'GET',
  path: '/v1/users/:id',
  summary: 'One person',
  permission: 'users:read',
  params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
  missing: 'user_not_found',
  response: { 200: User },
  handle: () => ({}),
})
const list = endpoint({
  operation: 'users.list',
  method: 'GET',
  path: '/v1/users',
  summary: 'People',
  permission: 'users:read',
  query: Type.Object({ limit: Type.Optional(Type.Integer({ maximum: 100, default: 20, description: 'how many' })) }),
  response: { 200: Type.Object({ users: Type.Array(User) }) },
  handle: () => ({}),
})
const create = endpoint({
  operation: 'users.create',
  method: 'POST',
  path: '/v1/users',
  summary: 'A new person',
  permission: 'users:write',
  accepts: ['json', 'form'],
  body: Type.Object({ name: Type.String(), kind: Type.Enum(['a', 'b']), pair: Type.Optional(Type.Tuple([Type.String(), Type.Integer()])) }),
  response: { 201: User },
  errors: ['username_taken'],
  examples: [{ title: 'The least', body: { name: 'Ada', kind: 'a' }, status: 201 }],
  handle: () => ({}),
})
const hello = endpoint({
  operation: 'hello.get',
  method: 'GET',
  path: '/hello',
  summary: 'Alive',
  permission: 'public',
  unlimited: true,
  response: { 200: Type.Object({ status: Type.Literal('ok') }) },
  handle: () => ({}),
})

const contractOf = (endpoints: readonly AnyEndpoint[], name: Contract['name'] = 'sapien'): Contract => ({
  name,
  title: 'People',
  description: 'People.',
  version: '1.0.0',
  prefixes: ['/v1'],
  security: { bearerAuth: { type: 'http', scheme: 'bearer' } },
  authenticate: async () => null,
  credentialMissing: 'missing_token',
  renderError: (refusal: Refusal) => ({ status: statusOf[refusal.kind], body: { error: { code: refusal.code } } }),
  errorSchema: { type: 'object', required: ['error'], properties: { error: { type: 'object', properties: { code: { type: 'string' } } } } },
  invalidStatus: 400,
  limit: { name: name, limit: 100, periodS: 1, burst: 200 },
  endpoints,
})

const document = openApiOf(contractOf([get, list, create, hello]))
const statuses = (path: string, method: string) => Object.keys(document.paths[path]?.[method]?.responses ?? {}).map(Number)

function references(value: unknown): string[] {
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : references(inner)))
}

function lookUp(root: unknown, reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], root)
}

describe('a document', () => {
  test('every reference leads somewhere', () => {
    const found = references(document)
    expect(found.length).toBeGreaterThan(10)
    expect(found.filter((reference) => lookUp(document, reference) === undefined)).toEqual([])
  })

  test('path parameters are declared with their schema, and required', () => {
    expect(document.paths['/v1/users/{id}']?.get?.parameters).toEqual([
      { name: 'id', in: 'path', required: true, schema: { type: 'integer', minimum: 1 } },
    ])
  })

  test('query parameters keep default and description', () => {
    const [limit] = document.paths['/v1/users']?.get?.parameters ?? []
    expect(limit).toEqual({
      name: 'limit',
      in: 'query',
      required: false,
      description: 'how many',
      schema: { type: 'integer', maximum: 100, default: 20 },
    })
  })

  test('every status that an operation can answer is there', () => {
    expect(statuses('/v1/users/{id}', 'get')).toEqual([200, 401, 403, 404, 429, 500, 503])
    expect(statuses('/v1/users', 'get')).toEqual([200, 400, 401, 403, 429, 500, 503])
    expect(statuses('/v1/users', 'post')).toEqual([201, 400, 401, 403, 409, 413, 415, 422, 429, 500, 503])
    expect(statuses('/hello', 'get')).toEqual([200, 500, 503])
  })

  test('common refusals are references; those of the operation are spelt out with their codes', () => {
    const responses = document.paths['/v1/users']?.post?.responses ?? {}
    expect(responses[401]).toEqual({ $ref: '#/components/responses/Unauthenticated' })
    expect(JSON.stringify(responses[409])).toContain('username_taken')
    expect(JSON.stringify(document.paths['/v1/users/{id}']?.get?.responses[404])).toContain('user_not_found')
  })

  test('a titled schema is one component', () => {
    expect(document.components.schemas.User).toMatchObject({ type: 'object', required: ['id', 'name', 'nickname'] })
    expect(references(document.paths['/v1/users'])).toContain('#/components/schemas/User')
  })

  test('two different schemas with one title are refused', () => {
    const other = { ...get, operation: 'x.get', path: '/v1/x', response: { 200: Type.Object({}, { title: 'User' }) } } as AnyEndpoint
    expect(() => openApiOf(contractOf([get, other]))).toThrow('User')
  })

  test('writes take an idempotency key; what nobody signs in for does not', () => {
    expect(references(document.paths['/v1/users']?.post?.parameters)).toEqual(['#/components/parameters/IdempotencyKey'])
    expect(references(document.paths['/v1/users']?.get?.parameters)).toEqual([])
    expect(document.paths['/hello']?.get?.security).toEqual([])
  })

  test('a body is shown in every media type it may come as, with its examples', () => {
    const body = document.paths['/v1/users']?.post?.requestBody
    expect(Object.keys(body?.content ?? {})).toEqual(['application/json', 'application/x-www-form-urlencoded'])
    expect(body?.required).toBe(true)
    expect(body?.content['application/json']?.examples).toEqual({
      'the-least': { summary: 'The least', value: { name: 'Ada', kind: 'a' } },
    })
  })

  test('tuples are in the words of 2020-12', () => {
    expect(JSON.stringify(document)).toContain('"prefixItems":[{"type":"string"},{"type":"integer"}]')
  })

  test('hidden operations are not shown', () => {
    expect(Object.keys(openApiOf(contractOf([{ ...get, hidden: true }, hello])).paths)).toEqual(['/hello'])
  })
})

describe('all contracts in one document', () => {
  const seiUser = {
    ...get,
    path: '/api/v1/users/:id',
    response: { 200: Type.Object({ other: Type.String() }, { title: 'User' }) },
  } as AnyEndpoint
  const all = openApiOfAll([contractOf([get, list]), contractOf([seiUser], 'sei')], { title: 'All', description: 'All.', version: '1' })

  test('the same name in two contracts is two components and two operation ids', () => {
    expect(Object.keys(all.components.schemas)).toEqual(expect.arrayContaining(['SapienUser', 'SeiUser']))
    expect(Object.values(all.paths).map((methods) => methods.get?.operationId)).toEqual([
      'sapien.users.get',
      'sapien.users.list',
      'sei.users.get',
    ])
  })

  test('every reference leads somewhere', () => {
    expect(references(all).filter((reference) => lookUp(all, reference) === undefined)).toEqual([])
  })
})

describe('for AWS API Gateway', () => {
  const aws = toAwsOpenApi(document, `\${sapien_backend_url}`)
  const operation = lookUp(aws, '#/paths') as Record<string, Record<string, Record<string, unknown>>>

  test('every operation is proxied, path parameters are handed on', () => {
    expect(operation['/v1/users/{id}']?.get?.['x-amazon-apigateway-integration']).toEqual({
      type: 'http_proxy',
      httpMethod: 'GET',
      uri: '$' + '{sapien_backend_url}/v1/users/{id}',
      passthroughBehavior: 'when_no_match',
      connectionType: 'INTERNET',
      requestParameters: { 'integration.request.path.id': 'method.request.path.id' },
    })
    const all = Object.values(operation).flatMap((methods) => Object.values(methods))
    expect(all.every((one) => 'x-amazon-apigateway-integration' in one)).toBe(true)
  })

  test('no word of 3.1 is left', () => {
    const text = JSON.stringify(aws)
    for (const word of ['"prefixItems"', '"const"', '{"type":"null"}']) expect(text).not.toContain(word)
    expect(lookUp(aws, '#/components/schemas/User/properties/nickname')).toEqual({ type: 'string', nullable: true })
    expect(lookUp(aws, '#/openapi')).toBe('3.0.1')
  })

  test('model names are letters and digits alone', () => {
    expect(Object.keys(lookUp(aws, '#/components/schemas') as object).filter((name) => !/^[A-Za-z0-9]+$/.test(name))).toEqual([])
  })
})

describe('the difference of two documents', () => {
  const changed = (change: Partial<AnyEndpoint>, which: AnyEndpoint = create): OpenApiDocument =>
    openApiOf(contractOf([get, list, create, hello].map((one) => (one === which ? ({ ...one, ...change } as AnyEndpoint) : one))))
  const whats = (after: OpenApiDocument) => diffOpenApi(document, after).map(({ operation, what }) => `${operation} ${what}`)

  test('nothing changed, nothing breaks', () => {
    expect(diffOpenApi(document, document)).toEqual([])
  })

  test('a new operation, a new optional field and a new answer field break nothing', () => {
    const after = openApiOf(contractOf([get, list, create, hello, { ...get, operation: 'users.look', path: '/v1/look/:id' }]))
    expect(diffOpenApi(document, after)).toEqual([])
    expect(whats(changed({ body: Type.Object({ ...propertiesOf(create), more: Type.Optional(Type.String()) }) }))).toEqual([])
    expect(whats(changed({ response: { 201: Type.Object({ ...User.properties, more: Type.String() }) } }))).toEqual([])
  })

  test.each<[string, OpenApiDocument, string]>([
    ['an operation that is gone', openApiOf(contractOf([get, list, hello])), 'POST /v1/users is gone'],
    [
      'a newly demanded field',
      changed({ body: Type.Object({ ...propertiesOf(create), age: Type.Integer() }) }),
      'POST /v1/users body.age is now demanded',
    ],
    [
      'a value that is refused now',
      changed({ body: Type.Object({ ...propertiesOf(create), kind: Type.Enum(['a']) }) }),
      'POST /v1/users body.kind may no longer be b',
    ],
    [
      'another type',
      changed({ response: { 201: Type.Object({ ...User.properties, id: Type.String() }) } }),
      'POST /v1/users answer 201.id was integer and is string',
    ],
    [
      'a field that is gone',
      changed({ response: { 201: Type.Object({ id: Type.Integer(), name: Type.String() }) } }),
      'POST /v1/users answer 201.nickname is gone',
    ],
    [
      'a field that may be missing',
      changed({ response: { 201: Type.Object({ ...User.properties, name: Type.Optional(Type.String()) }) } }),
      'POST /v1/users answer 201.name may now be missing',
    ],
    ['another success', changed({ response: { 200: User } }), 'POST /v1/users no longer answers 201'],
    ['another permission', changed({ permission: 'users:admin' }), 'POST /v1/users needs users:admin where it needed users:write'],
    ['a query parameter that is gone', changed({ query: Type.Object({}) }, list), 'GET /v1/users no longer takes query limit'],
    [
      'a query parameter that is demanded',
      changed({ query: Type.Object({ limit: Type.Integer() }) }, list),
      'GET /v1/users now demands query limit',
    ],
    [
      'a media type that is refused now',
      changed({ accepts: ['json'] }),
      'POST /v1/users body is no longer application/x-www-form-urlencoded',
    ],
  ])('%s is told', (_, after, what) => {
    expect(whats(after)).toContain(what)
  })
})

const propertiesOf = (one: AnyEndpoint) => (one.body as unknown as { properties: Record<string, never> }).properties

test('every schema of a document compiles', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false })
  for (const schema of Object.values(document.components.schemas))
    expect(() => ajv.compile({ ...(schema as object), components: document.components })).not.toThrow()
})
