import { expect, test } from 'vitest'
import { everyPermission } from '../domain/people/index.ts'
import { contracts } from './index.ts'
import { paperHouse } from './reference/index.ts'

const endpoints = contracts(paperHouse('0.0.0')).flatMap((contract) => contract.endpoints)

test('every operation asks for a permission that somebody can have', () => {
  const known = new Set<string>(['public', 'authenticated', ...everyPermission])
  const unknown = endpoints
    .filter(({ permission }) => !known.has(permission))
    .map(({ operation, permission }) => `${operation}: ${permission}`)
  expect(unknown).toEqual([])
  expect(endpoints.length).toBeGreaterThan(20)
})

const open = [
  ['oauth.token', 'issuer.get-configuration', 'issuer.list-keys', 'auth.login', 'auth.refresh'],
  ['hello.get', 'hello.get-v1', 'hello.check-all', 'hello.check-database', 'hello.check-memcache', 'hello.check-redis'],
  ['hello.check-dgapi', 'hello.check-coreapi', 'hello.check-s3', 'hello.check-sse', 'hello.stream'],
  ['health.live', 'health.ready', 'health.get', 'metrics.get', 'root.get'],
  ['blobs.linked'],
  ['openapi.get', 'openapi.get_one', 'docs.get', 'docs.get_redoc', 'docs.get_asset', 'reference.get'],
].flat()

test('what needs no credential is on this list, and nothing else', () => {
  const found = endpoints.filter(({ permission, verify }) => permission === 'public' && !verify).map(({ operation }) => operation)
  expect(found.sort()).toEqual(open.sort())
})
