// P5 over HTTP: every operation for every role, and another organisation's id exactly like one that nobody has.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AnyEndpoint } from '../../src/platform/http/index.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { type Answered, ask, comparable, credentialsOf } from './asking.ts'
import { openCarrier } from './carrier.ts'
import { matrix, mentions, type Role, type Row, roles } from './matrix.ts'
import { operationOf, operations } from './operations.ts'
import { listTenantTables, pictureOf } from './tables.ts'
import { openTenant, type Tenant } from './tenant.ts'

let house: TestHouse
let db: pg.Client
let carrier: Awaited<ReturnType<typeof openCarrier>>
let own: Tenant
let other: Tenant
let tables: string[]
beforeAll(async () => {
  carrier = await openCarrier()
  house = await openTestHouse({ env: { TWILIO_BASE_URL: carrier.url } })
  db = new pg.Client({ connectionString: house.databaseUrl })
  await db.connect()
  own = await openTenant(house, db, house.org)
  other = await openTenant(house, db, house.other)
  tables = await listTenantTables(db)
})
afterAll(async () => {
  await db?.end()
  await house?.close()
  await carrier?.close()
})

const as = (role: Role) => credentialsOf(house, role, own, other)
const rowOf = (operation: string): Row => {
  const row = matrix[operation]
  if (!row) throw new Error(`${operation} has no row in the matrix`)
  return row
}
const named = operations.filter(({ endpoint }) => endpoint.path.includes(':') && endpoint.operation in matrix)
const withIds = named.filter(({ endpoint }) => rowOf(endpoint.operation).answers.foreign === 404 && endpoint.permission !== 'public')

describe('the matrix', () => {
  test('has a row for every operation, and no row for what is not there', () => {
    expect(Object.keys(matrix).sort()).toEqual(operations.map(({ endpoint }) => endpoint.operation).sort())
  })

  test.each(operations.map(({ endpoint }) => [endpoint.operation, endpoint] as const))('%s', async (operation, endpoint) => {
    const { send, answers } = rowOf(operation)
    const got: Partial<Record<Role, number>> = {}
    for (const role of roles) got[role] = (await ask(house, endpoint, await send(own), await as(role), role === 'provider')).status
    expect(got).toEqual(answers)
  })

  test('whoever has another organisation’s credentials never sees or changes what is ours', () => {
    const open = Object.entries(matrix).filter(([operation]) => operationOf(operation).endpoint.path.includes(':'))
    for (const [operation, { answers }] of open) {
      if (operationOf(operation).endpoint.permission !== 'public') expect([operation, answers.foreign]).toEqual([operation, 404])
    }
  })
})

/** Ids of the same kind that nobody has. */
const unknown = (value: string | number) => (/^\d+$/.test(String(value)) ? 9_007_199_254_740_000 : '0195567e-2f80-7cc3-98e5-1f2a3b4c5d6e')

async function foreignAndUnknown(endpoint: AnyEndpoint, send: Row['send']): Promise<[Answered, Answered]> {
  const sent = await send(own)
  const before = await pictureOf(db, tables, own.organizationId)
  const foreign = await ask(house, endpoint, sent, await as('foreign'))
  expect(await pictureOf(db, tables, own.organizationId)).toEqual(before)
  const nobodys = Object.fromEntries(Object.entries(sent.params ?? {}).map(([name, value]) => [name, unknown(value)]))
  return [foreign, await ask(house, endpoint, { ...sent, params: nobodys }, await as('foreign'))]
}

describe('an id of another organisation', () => {
  test.each(withIds.map(({ endpoint }) => [endpoint.operation, endpoint] as const))(
    'in the path of %s is answered byte for byte like one that nobody has, and changes nothing',
    async (operation, endpoint) => {
      const [foreign, nobodys] = await foreignAndUnknown(endpoint, rowOf(operation).send)
      expect(foreign.status).toBe(404)
      expect(comparable(foreign)).toEqual(comparable(nobodys))
    },
  )

  test('is known to the tests wherever a query or a body can name one', () => {
    const places = operations.flatMap(({ endpoint }) =>
      [endpoint.query, endpoint.body].flatMap((schema) =>
        Object.keys((schema as { properties?: object } | undefined)?.properties ?? {})
          .filter((field) => /(^id|Id|_id)$/.test(field) && !notOurs.has(field))
          .map((field) => `${endpoint.operation} ${field}`),
      ),
    )
    expect(Object.keys(mentions).sort()).toEqual(places.sort())
  })

  test.each(Object.entries(mentions))('named as %s is answered byte for byte like one that nobody has', async (place, mention) => {
    const { endpoint } = operationOf(place.split(' ')[0] ?? '')
    const admin = async (id: string | number) =>
      ask(house, endpoint, await mention.send(id, own), { ...(await as('admin')), ...(await as('adminKey')) })
    const theirs = await mention.of(other)
    const before = await pictureOf(db, tables, other.organizationId)
    const foreign = await admin(theirs)
    expect(await pictureOf(db, tables, other.organizationId)).toEqual(before)
    const nobodys = await admin(mention.unknown)
    const echoless = (answer: Answered, id: string | number) => {
      const { status, headers, body } = comparable(answer)
      return { status, headers: { ...headers, 'content-length': '' }, body: body.replaceAll(String(id), '(named)') }
    }
    expect(echoless(foreign, theirs)).toEqual(echoless(nobodys, mention.unknown))
    expect(foreign.status).toBeLessThan(500)
  })
})

/** Names of things that are no tenant's: a client's own name at the token endpoint, an event of one's own feed. */
const notOurs = new Set(['client_id', 'lastEventId'])
