// PostgreSQL fails under the server in every way we know, while callers go on: they are answered cleanly, what they were
// told is true, jobs wait and run, events made meanwhile arrive, and five seconds after it is over all is well.
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { effort } from '../support/effort.ts'
import { until } from '../support/until.ts'
import { add, ask, type Callers, type Heard, nextMobile, startCallers } from './postgres-callers.ts'
import { jobName, type Office, openOffice, writers } from './postgres-office.ts'

/** Some outages take their time; within `npm test` only the quick ones happen. */
const atLength = effort({ full: true, short: true, taste: false })
const rounds = effort({ full: 10, short: 2, taste: 1 })
const wellWithinMs = 5_000
/** Longer than any bound of ours: waiting for a connection, for a lock, for a dead line to be noticed. */
const neverMs = 10_000

let office: Office
const unhandled: unknown[] = []
const said: string[] = []
const onUnhandled = (error: unknown) => void unhandled.push(error)
beforeAll(async () => {
  office = await openOffice()
  process.on('unhandledRejection', onUnhandled)
})
afterAll(async () => {
  process.off('unhandledRejection', onUnhandled)
  await office.close()
})
beforeEach(async () => {
  office.proxy.mode = 'pass'
  office.proxy.delayMs = 0
  await until('everything to work', async () => (await add(office, nextMobile())).status === 201)
  await until('the last outage to be over', async () => {
    hear()
    return said.filter(isBack).length === said.filter(isLost).length
  })
  said.length = 0
})
afterEach(() => expect(unhandled).toEqual([]))

const text = expect.any(String)
const refusals = (heard: readonly Heard[]) => heard.filter(({ status }) => status >= 400)

/** Every answer is a good one or a clean refusal, and nobody waited for ever. */
function expectClean(heard: readonly Heard[]): void {
  for (const { status, retryAfter, body, tookMs } of refusals(heard)) {
    expect([503, 409]).toContain(status) // 409: the first request with this key is still being cleared away
    expect(retryAfter).toMatch(/^[1-9]\d*$/)
    expect(body).toEqual({ detail: text, error_code: text, correlation_id: text, timestamp: text })
    expect(tookMs).toBeLessThan(neverMs)
  }
}

/** Callers go on for the whole of `outage`, which ends by saying when it was over. */
async function during(outage: (callers: Callers) => Promise<number>): Promise<Callers> {
  const callers = startCallers(office, 6)
  await until('callers to be at work', async () => callers.added.length >= 6)
  const overAt = await outage(callers)
  const before = callers.added.length
  await until('callers to get on', async () => callers.added.length >= before + 12, wellWithinMs + neverMs)
  await callers.finish()
  expectClean(callers.heard)
  const late = refusals(callers.heard).filter(({ startedAt }) => startedAt > overAt + wellWithinMs)
  expect(late).toEqual([])
  await expectKept(callers.added)
  return callers
}

/** Each number is there, once: as people, in the feed and in the audit log. */
async function expectKept(mobiles: readonly string[]): Promise<void> {
  const [found] = await office.query<{ people: number; rows: number }>(
    'SELECT count(DISTINCT mobile)::int AS people, count(*)::int AS rows FROM contacts.contacts WHERE mobile = ANY($1)',
    [mobiles],
  )
  expect(found).toEqual({ people: mobiles.length, rows: mobiles.length })
  const gaps = await office.query(
    'SELECT seq FROM (SELECT seq, lag(seq) OVER (ORDER BY seq) AS before FROM platform.events WHERE organization_id = 100) s WHERE seq <> before + 1',
  )
  expect(gaps).toEqual([])
}

const hear = (): string[] => {
  said.push(...office.said().map((line) => String(JSON.parse(line).msg)))
  return said
}
const isLost = (line: string) => line.startsWith('lost PostgreSQL')
const isBack = (line: string) => line === 'PostgreSQL is back'
/** An outage is one line, and one when it is over; what else is said of it is said now and then. */
const expectTold = (outages: number) =>
  until('it to be told that it is over', async () => {
    hear()
    const lost = said.filter(isLost).length
    expect(lost).toBeGreaterThan(0)
    expect(lost).toBeLessThanOrEqual(outages)
    expect(said.length).toBeLessThan(outages * 12)
    return said.filter(isBack).length === lost
  })
const now = () => performance.now()
const ready = async () => (await fetch(`${office.url}/readyz`)).status
const killOurs = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'test'`
const startOver = async (): Promise<number> => {
  await office.startPostgres()
  return now()
}

/** A stream of server-sent events that is held all along. */
async function listen() {
  const controller = new AbortController()
  const token = await office.house.tokens.issue({ subject: 'client:test', organizationId: 100, roles: ['admin'] }, 3600)
  const response = await fetch(`${office.url}/v1/events?types=office.*`, {
    headers: { authorization: `Bearer ${token}` },
    signal: controller.signal,
  })
  let text = ''
  const reading = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString()
  })().catch(() => {}) // we hung up
  return {
    numbers: (): number[] => [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? '').data.n as number),
    async close() {
      controller.abort()
      await reading
    },
  }
}
const note = (n: number) => office.session().write((tx) => tx.enqueue(jobName, { n }))

describe('PostgreSQL fails', () => {
  test('every connection is killed, again and again: what was answered is true, and it is told once each time', async () => {
    await during(async ({ added }) => {
      for (let round = 0; round < rounds; round++) {
        const before = added.length
        await office.query(killOurs)
        await until('callers to get on', async () => added.length > before + 2)
      }
      return now()
    })
    await expectTold(rounds)
  }, 60_000)

  test('it is stopped and started: jobs wait, events made meanwhile arrive, readiness tells', async () => {
    const stream = await listen()
    for (let n = 0; n < 20; n++) await note(n)
    await during(async ({ heard }) => {
      await office.stopPostgres()
      await until('callers to be refused', async () => heard.some(({ status }) => status === 503))
      expect(await ready()).toBe(503)
      return startOver()
    })
    await note(20)
    await until('every job to have run', async () => new Set(stream.numbers()).size === 21)
    expect(await ready()).toBe(200)
    await expectTold(1)
    await stream.close()
  }, 60_000)

  test.runIf(atLength)(
    'the answer to a COMMIT is lost: the repeat is answered with what was done, once',
    async () => {
      const mobile = nextMobile()
      office.proxy.lie = (answer) => {
        if (!answer.includes('COMMIT')) return answer
        office.proxy.mode = 'dead'
        return Buffer.alloc(0)
      }
      const lost = add(office, mobile)
      await until('the person to be there', async () => (await people(mobile)) === 1)
      office.proxy.lie = null
      office.proxy.mode = 'pass'
      expectClean([await lost])
      expect((await lost).status).toBe(503)
      const again = await add(office, mobile)
      expect(again).toMatchObject({ status: 201, replayed: true })
      expect(await people(mobile)).toBe(1)
    },
    30_000,
  )

  test.runIf(atLength)(
    'the line goes dead in the middle of everything: nobody hangs, and what was held open is cleared',
    async () => {
      for (let round = 0; round < rounds; round++) {
        await during(async ({ heard }) => {
          const before = heard.length
          office.proxy.mode = 'dead'
          await until('everybody to be refused', async () => refusals(heard.slice(before)).length >= 6, neverMs)
          expect(await ready()).toBe(503)
          office.proxy.mode = 'pass'
          return now()
        })
      }
    },
    300_000,
  )

  test.runIf(atLength)(
    'a dead line that was listening: events made meanwhile arrive',
    async () => {
      const stream = await listen()
      office.proxy.mode = 'dead'
      await office.query('SELECT graphile_worker.add_job($1, \'{"n":500,"organizationId":100}\'::json)', [jobName])
      await until('the server to have noticed', async () => hear().some(isLost))
      office.proxy.mode = 'pass'
      await until('the event to arrive', async () => stream.numbers().includes(500), wellWithinMs)
      await stream.close()
    },
    30_000,
  )

  test.runIf(atLength)(
    'it is 300 ms away: everything is slower, nothing fails',
    async () => {
      office.proxy.delayMs = 300
      const answers = await Promise.all([ask(office, 'GET', '/users?limit=1'), add(office, nextMobile()), add(office, nextMobile())])
      office.proxy.delayMs = 0
      expect(answers.map(({ status }) => status)).toEqual([200, 201, 201])
    },
    30_000,
  )
})

const people = async (mobile: string): Promise<number> =>
  (await office.query('SELECT FROM contacts.contacts WHERE mobile = $1', [mobile])).length

describe('somebody else stands in the way', () => {
  let other: pg.Client
  beforeEach(async () => {
    other = await office.client()
  })
  afterEach(() => other.end())

  test.runIf(atLength)(
    'a transaction left idle holds a lock: who needs it is refused, nobody else notices, more than can wait are turned away',
    async () => {
      await other.query('BEGIN; LOCK TABLE contacts.contacts IN EXCLUSIVE MODE') // may be read
      const blocked = Array.from({ length: writers * 3 }, () => add(office, nextMobile()))
      expect((await ask(office, 'GET', '/users?limit=1')).status).toBe(200)
      expect(await ready()).toBe(200)
      const answers = await Promise.all(blocked)
      expectClean(answers)
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503))
      const codes = new Set(answers.map(({ body }) => (body as { error_code: string }).error_code))
      expect([...codes].sort()).toEqual(['DATABASE_UNAVAILABLE', 'OVERLOADED']) // no lock, or no connection either
      await other.query('ROLLBACK')
      expect((await add(office, nextMobile())).status).toBe(201)
    },
    30_000,
  )

  test.runIf(atLength)(
    'somebody takes every connection that there is',
    async () => {
      const taken: pg.Client[] = []
      await during(async ({ heard }) => {
        const takeAll = async () => {
          for (let free = true; free; )
            free = await office.client().then(
              (client) => taken.push(client) > 0,
              () => false,
            )
        }
        await takeAll()
        await other.query(killOurs)
        await takeAll()
        await until('callers to be refused', async () => heard.some(({ status }) => status === 503))
        await Promise.all(taken.map((client) => client.end()))
        return now()
      })
    },
    60_000,
  )

  test.runIf(atLength)(
    'the server takes no changes any more, as a stand-by after a failover',
    async () => {
      await during(async ({ heard }) => {
        await other.query('ALTER SYSTEM SET default_transaction_read_only = on')
        await other.query('SELECT pg_reload_conf()')
        await until('changes to be refused', async () => heard.some(({ method, status }) => method === 'POST' && status === 503))
        expect((await ask(office, 'GET', '/users?limit=1')).status).toBe(200)
        await other.query('SET default_transaction_read_only = off')
        await other.query('ALTER SYSTEM RESET default_transaction_read_only')
        await other.query('SELECT pg_reload_conf()')
        return now()
      })
    },
    60_000,
  )

  test.runIf(atLength)('its disk is full', async () => {
    await other.query(`
      CREATE FUNCTION public.full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER full_disk BEFORE INSERT ON platform.events FOR EACH STATEMENT EXECUTE FUNCTION public.full_disk()`)
    const mobile = nextMobile()
    const refused = await add(office, mobile)
    expectClean([refused])
    expect(refused.status).toBe(503)
    expect(await people(mobile)).toBe(0)
    await other.query('DROP TRIGGER full_disk ON platform.events; DROP FUNCTION public.full_disk()')
    expect(await add(office, mobile)).toMatchObject({ status: 201, replayed: false })
  })
})
