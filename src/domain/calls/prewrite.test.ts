// What is kept of a call as text is what the call is, or it is not there.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { elsewhere, here, openTenants, type Tenants } from '../../../tests/support/tenants.ts'
import { until } from '../../../tests/support/until.ts'
import { uuidv7 } from '../../platform/ids/index.ts'
import {
  advanceCall,
  callStatuses,
  getCall,
  listCalls,
  loadCall,
  openCall,
  prewriteCalls,
  recordCallUsage,
  setOutcome,
  setParties,
} from './index.ts'
import { lockUnwritten, writeTexts } from './prewrite.sql.ts'
import { prewriting } from './wire.sql.ts'

let tenants: Tenants
beforeAll(async () => {
  tenants = await openTenants()
})
afterAll(() => tenants.close())
beforeEach(async () => {
  for (const id of [here, elsewhere]) await tenants.query('DELETE FROM calls.calls WHERE organization_id = $1', [id], id)
})

const everybody = { all: true, viewer: null }
const baseUrl = 'https://patchbay.test'
const page = { sort: '-startTime', limit: 100, offset: 0, cursor: null, baseUrl } as const
const prewrite = () => prewriteCalls(tenants.session(), { openSession: tenants.sessionOf })
const list = async (organizationId = here) => String((await listCalls(tenants.session(organizationId), everybody, {}, page)).content)
const detail = async (callId: string) => String((await getCall(tenants.session(), everybody, callId, baseUrl)).content)

let made = 0
const ringing = () =>
  ({
    direction: 'inbound',
    from: '+441632960111',
    to: '+15005550006',
    provider: 'twilio',
    sid: `CA-prewritten-${++made}`,
    at: tenants.clock.now(),
    status: 'ringing',
    legs: [],
  }) as const
async function ended(organizationId = here): Promise<string> {
  const session = tenants.session(organizationId)
  const { callId } = await openCall(session, ringing())
  await advanceCall(session, callId, { status: 'in_progress', at: tenants.clock.now() })
  await advanceCall(session, callId, { status: 'completed', at: tenants.clock.now(), durationS: 43 })
  return callId
}
async function written(callId: string, organizationId = here): Promise<string | null> {
  const [row] = await tenants.query<{ prewritten: string | null }>(
    'SELECT prewritten FROM calls.calls WHERE id = $1',
    [callId],
    organizationId,
  )
  return row?.prewritten ?? null
}

describe('what is prewritten of a call', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', '')),
    fc.constantFrom(prewriting.placeholder, '\u0001', '\\u0001', '"', '%s', '\\'),
  )
  const anyTime = fc.option(fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }))
  const anyCall = fc.record({
    status: fc.constantFrom(...callStatuses),
    from: anyText,
    to: anyText,
    outcome: fc.option(anyText),
    cause: fc.option(anyText),
    user: fc.option(fc.integer()),
    agent: fc.option(fc.uuid()),
    answered: anyTime,
    ended: anyTime,
    duration: fc.option(fc.nat()),
    cost: fc.maxSafeInteger(),
    hold: fc.boolean(),
    recordings: fc.array(
      fc.record({
        status: fc.constantFrom('in_progress', 'paused', 'available', 'failed', 'deleted'),
        duration: fc.option(fc.nat()),
        size: fc.option(fc.nat()),
        format: anyText,
      }),
      { maxLength: 2 },
    ),
  })
  const insert = `
    INSERT INTO calls.calls (organization_id, id, direction, status, from_number, to_number, outcome, hangup_cause, user_id, agent_id, answered_at,
                             ended_at, duration_s, cost_micros, on_hold, provider, started_at, updated_at)
    VALUES ($1, $2, 'inbound', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'twilio', $15, $15)`

  const record = `
    INSERT INTO recordings.recordings (organization_id, id, call_id, provider, provider_sid, status, duration_s, size, format, started_at, created_at)
    VALUES ($1, gen_random_uuid(), $2, 'twilio', 'RE' || gen_random_uuid(), $3, $4, $5, $6, $7, $7)`
  async function keep(call: typeof anyCall extends fc.Arbitrary<infer T> ? T : never): Promise<string> {
    const id = uuidv7(tenants.clock.now())
    const { status, from, to, outcome, cause, user, agent, answered, ended, duration, cost, hold, recordings } = call
    const told = [status, from, to, outcome, cause, user, agent, answered, ended, duration, cost, hold]
    await tenants.query(insert, [here, id, ...told, tenants.clock.now()])
    for (const { status, duration, size, format } of recordings) {
      tenants.clock.advance(1)
      await tenants.query(record, [here, id, status, duration, size, format, tenants.clock.now()])
    }
    return id
  }

  test('is shown in lists and details to the letter as it would be written now, whatever the call holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { minLength: 1, maxLength: 12 }), async (calls) => {
        await tenants.query('DELETE FROM calls.calls')
        const ids: string[] = []
        for (const call of calls) ids.push(await keep(call))
        tenants.clock.advance(61)
        const before = [await list(), ...(await Promise.all(ids.map(detail)))]
        const over = calls.filter(({ status }) => !['queued', 'ringing', 'in_progress'].includes(status)).length
        expect(await prewrite()).toBe(over)
        expect(await tenants.query('SELECT count(prewritten)::int AS count FROM calls.calls')).toEqual([{ count: over }])
        expect([await list(), ...(await Promise.all(ids.map(detail)))]).toEqual(before)
      }),
      { numRuns: 60 },
    )
  })

  test('is what is shown, and not written anew', async () => {
    const callId = await ended()
    const text = 'UPDATE calls.calls SET prewritten = $2, prewritten_by = $3 WHERE id = $1'
    await tenants.query(text, [callId, '"id":"kept"', prewriting.writer])
    expect(JSON.parse(await list()).calls).toEqual([{ id: 'kept' }])
    expect(JSON.parse(await detail(callId))).toMatchObject({ id: 'kept', legs: [] })
  })

  test('is known by what wrote it', () => {
    expect(prewriting.writer).toBe(createHash('sha256').update(prewriting.text).digest().readInt32BE())
  })

  test('tells the newest recording that is still there, before and after', async () => {
    const callId = await ended()
    for (const status of ['available', 'in_progress', 'deleted']) {
      tenants.clock.advance(1)
      await tenants.query(record, [here, callId, status, 43, 9000, 'wav', tenants.clock.now()])
    }
    for (let time = 0; time < 2; time++) {
      expect(JSON.parse(await list()).calls[0].recording).toMatchObject({ status: 'in_progress', url: null })
      tenants.clock.advance(61)
      await prewrite()
    }
    expect(await written(callId)).toContain('in_progress')
  })

  test('is gone of both calls when a recording turns out to be of the other', async () => {
    const [callId, other] = [await ended(), await ended()]
    await tenants.query(record, [here, callId, 'available', 43, 9000, 'wav', tenants.clock.now()])
    tenants.clock.advance(61)
    expect(await prewrite()).toBe(2)
    await tenants.query('UPDATE recordings.recordings SET call_id = $2 WHERE call_id = $1', [callId, other])
    expect([await written(callId), await written(other)]).toEqual([null, null])
  })

  test.each(['https://elsewhere.test:8443', 'http://a"b\\c\u0001.test'])(
    'shows where a recording is by the address that the house has: %s',
    async (base) => {
      const callId = await ended()
      await tenants.query(record, [here, callId, 'available', 43, 9000, 'wav', tenants.clock.now()])
      const shown = async () =>
        JSON.parse(String((await listCalls(tenants.session(), everybody, {}, { ...page, baseUrl: base })).content)).calls[0].recording.url
      const before = await shown()
      expect(before.startsWith(`${base}/v1/recordings/`)).toBe(true)
      tenants.clock.advance(61)
      expect(await prewrite()).toBe(1)
      expect(await shown()).toBe(before)
    },
  )

  test('is gone as soon as a recording of the call comes, changes or goes', async () => {
    const [callId, other] = [await ended(), await ended()]
    const changes = [
      [record, [here, callId, 'in_progress', null, null, 'wav', tenants.clock.now()]],
      [`UPDATE recordings.recordings SET status = 'available', duration_s = 43, size = 9000 WHERE call_id = $1`, [callId]],
      [`UPDATE recordings.recordings SET status = 'deleted' WHERE call_id = $1`, [callId]],
      ['DELETE FROM recordings.recordings WHERE call_id = $1', [callId]],
    ] as const
    for (const [sql, values] of changes) {
      tenants.clock.advance(61)
      await prewrite()
      expect(await written(callId), sql).not.toBeNull()
      await tenants.query(sql, [...values])
      expect(await written(callId), sql).toBeNull()
      expect(await written(other), sql).not.toBeNull()
    }
  })

  test('is gone when a recording came while it was being written', async () => {
    const callId = await ended()
    tenants.clock.advance(61)
    let recorded: Promise<unknown> = Promise.resolve()
    await tenants.session().write(async (tx) => {
      const ids = (await tx.list(lockUnwritten, { quietSince: tenants.clock.now() })).map(({ id }) => id)
      recorded = tenants.query(record, [here, callId, 'available', 43, 9000, 'wav', tenants.clock.now()])
      await until('the recording waits for the call', async () => {
        const [row] = await tenants.query<{ waiting: boolean }>(
          `SELECT count(*) > 0 AS waiting FROM pg_locks JOIN pg_stat_activity a USING (pid)
            WHERE locktype IN ('transactionid', 'tuple') AND NOT granted AND a.datname = current_database()`,
        )
        return row?.waiting
      })
      await tx.run(writeTexts, { ids })
    })
    await recorded
    expect(await written(callId)).toBeNull()
    expect(JSON.parse(await list()).calls[0].recording).toMatchObject({ status: 'available', duration: 43 })
  })

  test('is gone as soon as anything of the call changes, whoever changes it, and comes back with what is new', async () => {
    const callId = await ended()
    const columns = await tenants.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'calls.calls'::regclass AND attnum > 0 AND NOT attisdropped
          AND attname NOT IN ('organization_id', 'id', 'prewritten', 'prewritten_by')`,
    )
    for (const { name } of columns) {
      tenants.clock.advance(61)
      await prewrite()
      expect(await written(callId), name).not.toBeNull()
      await tenants.query(`UPDATE calls.calls SET ${name} = ${name} WHERE id = $1`, [callId])
      expect(await written(callId), name).toBeNull()
    }
  })

  test.each<[string, (callId: string) => Promise<unknown>, object]>([
    [
      'a later report',
      (id) => advanceCall(tenants.session(), id, { status: 'completed', at: tenants.clock.now(), durationS: 99 }),
      { duration: 99 },
    ],
    [
      'a message that was left',
      (id) => advanceCall(tenants.session(), id, { status: 'voicemail', at: tenants.clock.now() }),
      { status: 'voicemail' },
    ],
    ['an outcome', (id) => setOutcome(tenants.session(), id, 'booked'), { outcome: 'booked' }],
    ['a person', (id) => setParties(tenants.session(), id, { userId: 77 }), { userId: 77 }],
    [
      'a cost',
      (id) =>
        recordCallUsage(tenants.session(), { kind: 'transcription', quantity: 60, callId: id, source: `t:${id}`, at: tenants.clock.now() }),
      {},
    ],
  ])('says what became of the call by %s', async (_what, change, after) => {
    const callId = await ended()
    tenants.clock.advance(61)
    await prewrite()
    const before = JSON.parse(await list()).calls[0]
    await change(callId)
    const between = JSON.parse(await list()).calls[0]
    expect(between).not.toEqual(before)
    expect(between).toMatchObject(after)
    tenants.clock.advance(61)
    expect(await prewrite()).toBe(1)
    expect(JSON.parse(await list()).calls[0]).toEqual(between)
  })

  test('is not believed when another version wrote it, and is written anew', async () => {
    const callId = await ended()
    const truth = await list()
    for (const by of [-2_147_483_648, 0, 2_147_483_647]) {
      await tenants.query(`UPDATE calls.calls SET prewritten = '"id":"lies"', prewritten_by = $2 WHERE id = $1`, [callId, by])
      expect(await list()).toBe(truth)
      tenants.clock.advance(61)
      expect(await prewrite()).toBe(1)
      expect(await written(callId)).toContain(callId)
      expect(await prewrite()).toBe(0)
    }
  })
})

describe('prewriting', () => {
  test('leaves alone who is still talking, and who was heard of within a minute', async () => {
    const callId = await ended()
    const { callId: talking } = await openCall(tenants.session(), { ...ringing(), status: 'in_progress' })
    tenants.clock.advance(50)
    expect(await prewrite()).toBe(0)
    tenants.clock.advance(11)
    expect(await prewrite()).toBe(1)
    expect(await written(callId)).not.toBeNull()
    expect(await written(talking)).toBeNull()
  })

  test('leaves one that was just heard of alone beside one that was not', async () => {
    const old = await ended()
    tenants.clock.advance(50)
    const fresh = await ended()
    tenants.clock.advance(11)
    expect(await prewrite()).toBe(1)
    expect(await written(old)).not.toBeNull()
    expect(await written(fresh)).toBeNull()
  })

  test('leaves an organisation that is no more alone', async () => {
    await ended()
    tenants.clock.advance(61)
    await tenants.query("UPDATE tenancy.organizations SET status = 'deleted'")
    try {
      expect(await prewrite()).toBe(0)
    } finally {
      await tenants.query("UPDATE tenancy.organizations SET status = 'active'")
    }
  })

  test('does so much in a run, of one organisation and of all, and no change for nothing', async () => {
    for (const organizationId of [here, elsewhere])
      await tenants.query(insertMany, [organizationId, tenants.clock.now(), 850], organizationId)
    tenants.clock.advance(61)
    let changes = 0
    const openSession: typeof tenants.sessionOf = (principal) => {
      const session = tenants.sessionOf(principal)
      const write: typeof session.write = (work) => {
        changes++
        return session.write(work)
      }
      return { ...session, write }
    }
    const run = (ofOne: number, ofAll: number) => prewriteCalls(tenants.session(), { openSession }, { ofOne, ofAll })
    expect([await run(400, 600), changes]).toEqual([600, 3])
    expect([await run(10_000, 50_000), changes]).toEqual([1100, 3 + 3 + 4])
    expect([await run(10_000, 50_000), changes]).toEqual([0, 10])
  })

  test("writes every organisation's calls, each in a session of its own", async () => {
    const [ours, theirs] = [await ended(here), await ended(elsewhere)]
    tenants.clock.advance(61)
    const opened: string[] = []
    const openSession: typeof tenants.sessionOf = (principal) => {
      opened.push(`${principal.organizationId} ${principal.subject}`)
      return tenants.sessionOf(principal)
    }
    expect(await prewriteCalls(tenants.session(), { openSession })).toBe(2)
    expect(opened).toEqual([`${here} job:calls.prewrite`, `${elsewhere} job:calls.prewrite`])
    expect(await written(ours, here)).toContain(ours)
    expect(await written(theirs, elsewhere)).toContain(theirs)
    expect(await list(elsewhere)).not.toContain(ours)
  })

  const insertMany = `
    INSERT INTO calls.calls (organization_id, id, direction, from_number, to_number, status, provider, started_at, ended_at, duration_s, updated_at)
    SELECT $1, gen_random_uuid(), 'inbound', '+44770090' || n, '+15005550006', 'completed', 'twilio', $2, $2, n, $2
      FROM generate_series(1, $3::int) AS n`

  test('writes each once when two do it at once, in as many changes as it takes', async () => {
    await tenants.query(insertMany, [here, tenants.clock.now(), 1050])
    tenants.clock.advance(61)
    const done = await Promise.all([prewrite(), prewrite(), prewrite()])
    const rest = await prewrite()
    expect(done.reduce((sum, count) => sum + count, rest)).toBe(1050)
  })

  test('waits for nobody who is at a call, and writes that one the next time', async () => {
    const [busy, free] = [await ended(), await ended()]
    tenants.clock.advance(61)
    await tenants.session().write(async (tx) => {
      await setOutcome(tx, busy, 'booked')
      await loadCall(tx, busy) // whatever waited to be sent has been sent
      expect(await prewrite()).toBe(1)
      expect(await written(free)).not.toBeNull()
    })
    tenants.clock.advance(61)
    expect(await prewrite()).toBe(1)
    expect(await written(busy)).toContain('"outcome":"booked"')
  })
})
