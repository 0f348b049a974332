// Every list is asked for over HTTP in each order that it documents, and PostgreSQL says how it would read the very
// statement that ran: along an index, without sorting more than a page, and looking at what belongs to a row once. With
// plans for these values and for any.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contracts } from '../../src/contracts/index.ts'
import { paperHouse } from '../../src/contracts/reference/index.ts'
import type { Statement } from '../../src/platform/db/index.ts'
import { bindValues } from '../../src/platform/db/statement.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { fillLists } from './crowd.ts'

const endpoints = contracts(paperHouse('0.0.0')).flatMap((contract) => contract.endpoints)
const lists = endpoints.filter(({ operation, method }) => method === 'GET' && operation.endsWith('.list'))

/** Lists that are no rows in an order. */
const withoutOrder: Readonly<Record<string, string>> = {
  'availability.list': 'free times are computed from a day’s appointments',
  'breakers.list': 'the breakers of this process',
  'organizations.list': 'the caller’s own, one row by its key',
}

const page = 100
/** What a list shows beside each of its rows: the permissions of a person's roles are the most. */
const mostBeside = 20

interface Ran {
  readonly statement: Statement<unknown, unknown>
  readonly params: object
}

let house: TestHouse
let app: pg.Client
const ran: Ran[] = []
beforeAll(async () => {
  house = await openTestHouse()
  const owner = new pg.Client({ connectionString: house.databaseUrl })
  app = new pg.Client({ connectionString: house.databaseUrl, options: '-c role=patchbay_app -c app.organization_id=100' })
  await Promise.all([owner.connect(), app.connect()])
  await fillLists(owner)
  await owner.end()
  const { database } = house.house
  const { read, json } = database
  Object.assign(database, {
    read: (organizationId: number | null, statement: Ran['statement'], params: object) => {
      ran.push({ statement, params })
      return read(organizationId, statement, params)
    },
    json: (organizationId: number | null, statement: Statement<unknown, { json: string }>, params: object) => {
      ran.push({ statement, params })
      return json(organizationId, statement, params)
    },
  })
})
afterAll(async () => {
  await app?.end()
  await house?.close()
})

interface Plan {
  readonly 'Node Type': string
  readonly 'Presorted Key'?: readonly string[]
  readonly 'Relation Name'?: string
  /** Where it was run: of one time, and how many times. */
  readonly 'Actual Rows'?: number
  readonly 'Actual Loops'?: number
  readonly Plans?: readonly Plan[]
}

/** The tables that the lists are of, and their partitions. */
const crowded = /^(calls|recordings|messages|users|contacts|appointments)(_\d{4}_\d{2}|_rest)?$/

const below = (plan: Plan): Plan[] => (plan['Node Type'] === 'Limit' ? [] : [plan, ...(plan.Plans ?? []).flatMap(below)])
/** What is done to fill a page: everything beneath a Limit, down to the next one. */
const pagesOf = (plan: Plan): Plan[][] => [
  ...(plan['Node Type'] === 'Limit' ? [(plan.Plans ?? []).flatMap(below)] : []),
  ...(plan.Plans ?? []).flatMap(pagesOf),
]
const reads = (plan: Plan): boolean => below(plan).some((node) => crowded.test(node['Relation Name'] ?? ''))

/** A sort of rows that are in order but for the last key sorts a few; any other sorts the table. */
function isWhole(plan: Plan): boolean {
  const scan = /^(Seq Scan|Bitmap Heap Scan)$/.test(plan['Node Type'])
  const sort = plan['Node Type'] === 'Sort' || (plan['Presorted Key']?.length ?? 2) < 2
  return (scan && crowded.test(plan['Relation Name'] ?? '')) || (sort && reads(plan))
}

/** The rows that are looked at again and again, once for each row of a page: of the node that has most of them. */
const again = (plan: Plan): number =>
  Math.max((plan['Actual Loops'] ?? 1) > 1 ? (plan['Actual Rows'] ?? 0) * (plan['Actual Loops'] ?? 0) : 0, ...(plan.Plans ?? []).map(again))

async function planOf({ statement, params }: Ran, mode: 'force_custom_plan' | 'force_generic_plan', how = ''): Promise<Plan> {
  const values = bindValues(statement, params, 100).map((value) => literal(value))
  await app.query(`SET plan_cache_mode = ${mode}; PREPARE asked AS ${statement.text}`)
  try {
    const { rows } = await app.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
      `EXPLAIN (FORMAT JSON${how}) EXECUTE asked${values.length > 0 ? ` (${values.join(', ')})` : ''}`,
    )
    const [found] = rows[0]?.['QUERY PLAN'] ?? []
    if (!found) throw new Error('PostgreSQL told no plan')
    return found.Plan
  } finally {
    await app.query('DEALLOCATE asked')
  }
}

function literal(value: unknown): string {
  if (value === null) return 'NULL'
  if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'`
  if (value instanceof Date) return pg.escapeLiteral(value.toISOString())
  return Array.isArray(value) ? `ARRAY[${value.map(literal).join(', ')}]` : pg.escapeLiteral(String(value))
}

/** `?sort=` with each word that the endpoint documents; or as it comes. */
function questions(query: unknown): string[] {
  const sort = (query as { properties?: { sort?: { enum?: string[]; anyOf?: { const: string }[] } } } | undefined)?.properties?.sort
  const words = sort?.enum ?? sort?.anyOf?.map((one) => one.const) ?? []
  return words.length > 0 ? words.map((word) => `?sort=${word}`) : ['']
}

test('the lists are known: there are some, and those without an order say why', () => {
  expect(lists.length).toBeGreaterThan(6)
  expect(Object.keys(withoutOrder).filter((name) => !lists.some(({ operation }) => operation === name))).toEqual([])
})

const orders = lists
  .filter(({ operation }) => !(operation in withoutOrder))
  .flatMap(({ operation, path, query }) => questions(query).map((question) => [operation, `${path}${question}`] as const))

describe('is read along an index', () => {
  test.each(orders)('%s as GET %s', async (_, path) => {
    ran.length = 0
    const bella = endpoints.find((one) => one.path === path.split('?')[0])
    const response = await house.request('GET', path, credentialsFor(bella?.path ?? '', house, await house.token()))
    expect(response.status).toBe(200)
    const found: string[] = []
    let pages = 0
    for (const one of ran)
      for (const mode of ['force_custom_plan', 'force_generic_plan'] as const) {
        const all = pagesOf(await planOf(one, mode)).filter((page) => page.some(reads))
        const nodes = all.flat()
        pages += all.length
        found.push(
          ...nodes.filter(isWhole).map((node) => `${one.statement.name}, ${mode}: ${node['Node Type']} ${node['Relation Name'] ?? ''}`),
        )
      }
    expect(found).toEqual([])
    expect(pages, 'a list without a limit').toBeGreaterThan(0)
  })
})

describe('takes as long as its page is, however much there is beside its rows', () => {
  test.each(lists.filter(({ operation }) => !(operation in withoutOrder)))('$operation', async ({ path, query }) => {
    ran.length = 0
    const question = 'limit' in ((query as { properties?: object } | undefined)?.properties ?? {}) ? `?limit=${page}` : ''
    const response = await house.request('GET', `${path}${question}`, credentialsFor(path, house, await house.token()))
    expect(response.status).toBe(200)
    for (const one of ran)
      for (const mode of ['force_custom_plan', 'force_generic_plan'] as const) {
        expect(again(await planOf(one, mode, ', ANALYZE')), `${one.statement.name}, ${mode}`).toBeLessThanOrEqual(page * mostBeside)
      }
  })
})

/** sapien takes a token, bella a key; what one does not want, it ignores. */
const credentialsFor = (path: string, { org }: TestHouse, token: string) => (path.startsWith('/v1/') ? { token } : { key: org.apiKey })
