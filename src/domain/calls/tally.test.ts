// However calls come and go, and whenever they are counted, a list says how many there are.
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { touchedBy } from '../../../tests/support/reads.ts'
import { elsewhere, here, openTenants, type Tenants } from '../../../tests/support/tenants.ts'
import { until } from '../../../tests/support/until.ts'
import { statement } from '../../platform/db/index.ts'
import { uuidv7 } from '../../platform/ids/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { listCalls, tallyCalls } from './index.ts'
import { countOn, lockTally } from './tally.sql.ts'

let tenants: Tenants
beforeAll(async () => {
  tenants = await openTenants()
})
afterAll(() => tenants.close())
beforeEach(async () => {
  for (const id of [here, elsewhere]) {
    await tenants.query('DELETE FROM calls.calls', [], id)
    await tenants.query('DELETE FROM calls.tallies', [], id)
  }
})

const page = { sort: '-startTime', limit: 1, offset: 0, cursor: null, baseUrl: 'https://patchbay.test' } as const
const total = async (organizationId = here): Promise<number> =>
  JSON.parse(String((await listCalls(tenants.session(organizationId), { all: true, viewer: null }, {}, page)).content)).total
const tally = () => tallyCalls(tenants.session(), { openSession: tenants.sessionOf })
const kept = async (organizationId = here) =>
  (await tenants.query<{ calls: number }>('SELECT calls::int FROM calls.tallies', [], organizationId))[0]?.calls ?? null

const insert = `
  INSERT INTO calls.calls (organization_id, id, direction, from_number, to_number, status, provider, started_at, updated_at)
  VALUES ($1, $2, 'inbound', '+441632960111', '+15005550006', 'no_answer', 'twilio', $3, $3)`
/** By PostgreSQL's clock, as counting goes by it too. */
const began = (minutesAgo: number) => new Date(Date.now() - minutesAgo * 60_000)
async function call(minutesAgo: number, organizationId = here): Promise<string> {
  const at = began(minutesAgo)
  const id = uuidv7(at)
  await tenants.query(insert, [organizationId, id, at], organizationId)
  return id
}
/** A call a minute from `minutesAgo` back, by one statement. */
const insertMany = statement<{ count: number; minutesAgo: number }, never>(
  'test_calls',
  `INSERT INTO calls.calls (organization_id, id, direction, from_number, to_number, status, provider, started_at, updated_at)
   SELECT :organizationId, (left(platform.uuid_floor(at)::text, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid,
          'inbound', '+441632960111', '+15005550006', 'no_answer', 'twilio', at, at
     FROM generate_series(0, :count::int - 1) AS n, LATERAL (SELECT now() - (:minutesAgo::int + n) * interval '1 minute' AS at) AS began`,
)
const deleteHalf = statement<object, never>(
  'test_calls_gone',
  `DELETE FROM calls.calls WHERE organization_id = :organizationId AND extract(minute FROM started_at)::int % 2 = 0`,
)
const setStatus = (status: string) => tenants.query('UPDATE tenancy.organizations SET status = $1', [status])
const drop = (id: string) => tenants.query('DELETE FROM calls.calls WHERE id = $1', [id])
const somebodyWaits = () =>
  until('somebody waits for a lock', async () => {
    const [row] = await tenants.query<{ waiting: boolean }>(
      `SELECT count(*) > 0 AS waiting FROM pg_locks JOIN pg_stat_activity a USING (pid)
        WHERE locktype = 'advisory' AND NOT granted AND a.datname = current_database()`,
    )
    return row?.waiting
  })

describe('the calls of an organisation', () => {
  test('are as many as a list says, whatever came early or late, went, or was counted in whatever steps', async () => {
    const age = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 150_000 }))
    const step = fc.oneof(
      fc.record({ kind: fc.constant('comes' as const), minutesAgo: age }),
      fc.record({ kind: fc.constant('goes' as const), which: fc.nat() }),
      fc.record({ kind: fc.constant('counted' as const), most: fc.integer({ min: 1, max: 5 }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        for (const table of ['calls.calls', 'calls.tallies']) await tenants.query(`DELETE FROM ${table}`)
        const there: string[] = []
        for (const one of steps) {
          if (one.kind === 'comes') there.push(await call(one.minutesAgo))
          else if (one.kind === 'counted') await tenants.session().write((tx) => tx.read(countOn, { most: one.most }))
          else for (const id of there.splice(one.which % Math.max(there.length, 1), 1)) await drop(id)
          expect(await total()).toBe(there.length)
        }
        await tally()
        expect(await total()).toBe(there.length)
      }),
      { numRuns: 40 },
    )
  })

  test('are counted in as many steps as it takes, none of them twice, and one that goes between two is taken off where it was', async () => {
    const [, next] = [await call(90), await call(80), await call(75), await call(72), await call(70)]
    await tenants.session().write((tx) => tx.read(countOn, { most: 1 }))
    expect([await kept(), await total()]).toEqual([1, 5])
    await drop(next ?? '')
    expect([await kept(), await total()]).toEqual([1, 4])
    expect(await tallyCalls(tenants.session(), { openSession: tenants.sessionOf }, 2)).toBe(3)
    expect([await kept(), await total()]).toEqual([4, 4])
  })

  test('are not counted again when PostgreSQL’s clock goes back', async () => {
    for (const minutesAgo of [70, 50, 20]) await call(minutesAgo)
    await tenants.query(`INSERT INTO calls.tallies SELECT $1, platform.uuid_floor(now() - interval '40 minutes'), 2`, [here])
    expect(await tally()).toBe(0)
    await tenants.session().write((tx) => tx.read(countOn, { most: 10 }))
    expect([await kept(), await total()]).toEqual([2, 3])
  })

  test('of an organisation that is no more are not counted', async () => {
    await call(70)
    await setStatus('deleted')
    try {
      expect(await tally()).toBe(0)
    } finally {
      await setStatus('active')
    }
  })

  test('are everybody’s for who sees all, and their own for who does not', async () => {
    await call(70)
    await tally()
    const { content } = await listCalls(tenants.session(), { all: false, viewer: 77 }, {}, page)
    expect(JSON.parse(String(content))).toMatchObject({ calls: [], total: 0 })
  })

  test('are counted up to an hour ago, each organisation’s in a session of its own', async () => {
    for (const minutesAgo of [20, 50, 70, 100_000]) await call(minutesAgo)
    await call(90, elsewhere)
    const opened: number[] = []
    const openSession: typeof tenants.sessionOf = (principal) => {
      opened.push(principal.organizationId)
      return tenants.sessionOf(principal)
    }
    expect(await tallyCalls(tenants.session(), { openSession })).toBe(3)
    expect(opened).toEqual([here, elsewhere])
    expect([await kept(here), await kept(elsewhere)]).toEqual([2, 1])
    expect([await total(here), await total(elsewhere)]).toEqual([4, 1])
    expect(await tallyCalls(tenants.session(), { openSession })).toBe(0)
    expect(opened).toHaveLength(2)
  })

  test('that come late are counted where they belong, at once and once', async () => {
    await call(70)
    await tally()
    await Promise.all(Array.from({ length: 20 }, (_, index) => call(80 + index)))
    expect(await kept()).toBe(21)
    expect(await total()).toBe(21)
    expect(await tally()).toBe(0)
  })

  test('that come or go together change what was counted once, not once each', async () => {
    await call(70)
    await tally()
    const session = tenants.session()
    expect(await touchedBy(session, 'calls.tallies', (tx) => tx.run(insertMany, { count: 600, minutesAgo: 80 }))).toMatchObject({
      updated: 1,
    })
    expect(await kept()).toBe(601)
    expect(await total()).toBe(601)
    expect(await touchedBy(session, 'calls.tallies', (tx) => tx.run(deleteHalf, {}))).toMatchObject({ updated: 1 })
    const [left] = await tenants.query<{ count: number }>('SELECT count(*)::int AS count FROM calls.calls')
    expect(await kept()).toBe(left?.count)
    expect(await total()).toBe(left?.count)
    expect(left?.count).toBeLessThan(302)
  })

  test('are counted right after the clock was ahead when they were counted, and was put back', async () => {
    await tenants.query(`INSERT INTO calls.tallies SELECT $1, platform.uuid_floor(now() + interval '1 hour'), 1`, [here])
    await call(70)
    await tenants.query('UPDATE calls.tallies SET calls = 1')
    const ids = [await call(0), await call(5)]
    expect(await total()).toBe(3)
    await tally()
    expect(await total()).toBe(3)
    await drop(ids[0] ?? '')
    expect(await total()).toBe(2)
  })

  test.each([
    ['id', [uuidv7(began(10))]],
    ['organization_id', [elsewhere]],
  ])('keep their name: %s cannot be changed', async (column, values) => {
    const id = await call(70)
    const change = `UPDATE calls.calls SET ${column} = $1 WHERE id = $2`
    await expect(tenants.query(change, [...values, id])).rejects.toThrow('a call keeps its id and its organisation')
  })

  test('are not written late by who cannot see how far they were counted, and at once by anybody', async () => {
    const write = async (minutesAgo: number) => {
      const client = await tenants.database.pool.connect()
      try {
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
        await client.query("SELECT set_config('app.organization_id', $1, true)", [String(here)])
        await client.query(insert, [here, uuidv7(began(minutesAgo)), began(minutesAgo)])
        await client.query('COMMIT')
      } catch (error) {
        await client.query('ROLLBACK')
        throw error
      } finally {
        client.release()
      }
    }
    await write(5)
    await expect(write(80)).rejects.toThrow('READ COMMITTED')
    expect(await total()).toBe(1)
  })

  test('that are new leave what was counted alone', async () => {
    await call(70)
    await tally()
    const touched = await touchedBy(tenants.session(), 'calls.tallies', (tx) => tx.run(insertMany, { count: 10, minutesAgo: 5 }))
    expect(touched).toMatchObject({ updated: 0 })
    expect(await total()).toBe(11)
  })

  test('that are new are counted once for each page', async () => {
    const session = tenants.session()
    await session.write((tx) => tx.run(insertMany, { count: 50, minutesAgo: 1 }))
    await tenants.vacuum('calls.calls') // else an index also gives what others left
    const first = (tx: Session) => listCalls(tx, { all: true, viewer: null }, {}, page)
    expect((await touchedBy(session, 'calls.calls', first)).read).toBeLessThan(80)
  })

  test('that were counted are looked at by no page again', async () => {
    const session = tenants.session()
    await session.write((tx) => tx.run(insertMany, { count: 5000, minutesAgo: 70 }))
    await tally()
    await tenants.vacuum('calls.calls')
    await call(5)
    const first = (tx: Session) => listCalls(tx, { all: true, viewer: null }, {}, page)
    expect((await touchedBy(session, 'calls.calls', first)).read).toBeLessThan(40)
    expect(await total()).toBe(5001)
  })
})

describe('a call that comes late while calls are counted', () => {
  test('is late half an hour before it could be counted, and waits for nobody until then', async () => {
    let late: Promise<unknown> = Promise.resolve()
    await tenants.session().write(async (tx) => {
      await tx.run(lockTally, {})
      await call(25)
      late = call(35)
      await somebodyWaits()
    })
    await late
  })

  test('waits, and is added to what was counted', async () => {
    await call(70)
    let late: Promise<unknown> = Promise.resolve()
    await tenants.session().write(async (tx) => {
      await tx.run(lockTally, {})
      late = call(80)
      await somebodyWaits()
      await tx.read(countOn, { most: 10 })
    })
    await late
    expect(await kept()).toBe(2)
    expect(await total()).toBe(2)
  })

  test.each([
    ['is waited for, and counted', 'COMMIT', 2],
    ['is waited for, and not counted when it was taken back', 'ROLLBACK', 1],
  ])('%s', async (_what, end, counted) => {
    await call(70)
    const client = await tenants.database.pool.connect()
    try {
      await client.query('BEGIN')
      await client.query("SELECT set_config('app.organization_id', $1, true)", [String(here)])
      await client.query(insert, [here, uuidv7(began(80)), began(80)])
      const counting = tally()
      await somebodyWaits()
      await client.query(end)
      await counting
    } finally {
      client.release()
    }
    expect(await kept()).toBe(counted)
    expect(await total()).toBe(counted)
  })
})
