// Eight simultaneous requests a key, over two servers that are killed with -9 at any moment: each key's work is done once,
// and whoever asks is answered the same, byte for byte. A slow handler runs once, however many come meanwhile.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { effort } from '../support/effort.ts'
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { freePort } from '../support/peers.ts'
import { addressOf } from '../support/postgres.ts'
import { type Process, startProcess } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { type Asked, ask, hangUp, insist, type Request } from './repeats-client.ts'

const keys = effort({ full: 10_000, short: 1_500, taste: 100 })
const kills = effort({ full: 60, short: 8, taste: 1 })
const slowMs = effort({ full: 30_000, short: 5_000, taste: 1_500 })
const [requestsAKey, keysAtOnce] = [8, 6]

let house: TestHouse
let db: pg.Client
let ports: number[]
let servers: Process[]
let headers: Record<string, string>
/** Stands between the second server and PostgreSQL. */
let proxy: FaultProxy

beforeAll(async () => {
  house = await openTestHouse()
  db = new pg.Client({ connectionString: house.databaseUrl })
  await db.connect()
  headers = { authorization: `Bearer ${await house.token()}`, 'content-type': 'application/json' }
  ports = [await freePort(), await freePort()]
  proxy = await faultProxy(...addressOf(house.databaseUrl))
  servers = await Promise.all([startServer(0), startServer(1)])
})

afterAll(async () => {
  hangUp()
  await Promise.all((servers ?? []).map((server) => server.end('SIGKILL')))
  await proxy?.stop()
  await db?.end()
  await house?.close()
})

const startServer = (index: number): Promise<Process> => {
  const proxied = `postgres://${db.user}:${encodeURIComponent(String(db.password))}@127.0.0.1:${proxy.port}/${db.database}`
  const databaseUrl = index === 0 ? house.databaseUrl : proxied
  return startProcess('serve', { databaseUrl, port: ports[index] ?? 0, env: { PATCHBAY_DATA: house.house.settings.dataFolder } })
}

const nameOf = (index: number) => `again-${index}`
const creation = (index: number, firstName = 'A'): Request => ({
  method: 'POST',
  path: '/v1/users',
  headers: { ...headers, 'idempotency-key': `key-${index}` },
  body: JSON.stringify({ username: nameOf(index), email: `${nameOf(index)}@example.com`, firstName, lastName: 'Gain' }),
})

/** What of an answer must be the same every time. */
const shown = ({ status, body, headers: given }: Asked) =>
  JSON.stringify([status, body, given['content-type'], given.location, given['content-length']])

/** Counts answers, and says when there are so many; what is waited for when all is over never comes. */
function openTally() {
  let [count, wanted, reached] = [0, Number.POSITIVE_INFINITY, () => {}]
  return {
    note() {
      if (++count >= wanted) reached()
    },
    reach: (next: number) =>
      new Promise<void>((resolve) => {
        ;[wanted, reached] = [next, resolve]
        if (count >= next) resolve()
      }),
  }
}

/** Kills one of the two, then the other, each somewhere in its share of all the answers, and starts it again. */
async function killInTurn({ reach }: ReturnType<typeof openTally>): Promise<void> {
  const share = (keys * requestsAKey) / (kills + 1)
  for (let killed = 0; killed < kills; killed++) {
    await reach(share * (killed + 0.5 + Math.random()))
    await servers[killed % 2]?.end('SIGKILL')
    servers[killed % 2] = await startServer(killed % 2)
  }
}

/** Every key's eight answers. */
async function askAll(onAnswer: () => void, onRefused: (status: number) => void): Promise<Asked[][]> {
  const answers: Asked[][] = []
  let next = 0
  const worker = async () => {
    for (let index = next++; index < keys; index = next++) {
      const eight = Array.from({ length: requestsAKey }, async (_, at) => {
        const answer = await insist(ports, at, creation(index), { onRefused, betweenMs: 20 })
        onAnswer()
        return answer
      })
      answers[index] = await Promise.all(eight)
    }
  }
  await Promise.all(Array.from({ length: keysAtOnce }, worker))
  return answers
}

/** How many keys have anything but one row, one event and one audit entry. */
async function notOnce(): Promise<unknown[]> {
  const { rows } = await db.query(
    `WITH wanted AS (SELECT 'again-' || n AS name FROM generate_series(0, $1::int - 1) AS n),
          made AS (SELECT username AS name, count(*), min(id) AS id FROM people.users WHERE organization_id = 100 GROUP BY 1),
          told AS (SELECT data->>'username' AS name, count(*) FROM platform.events WHERE organization_id = 100 AND type = 'user.created' GROUP BY 1),
          noted AS (SELECT resource, count(*) FROM platform.audit_log WHERE organization_id = 100 AND action = 'user.created' GROUP BY 1)
     SELECT name, made.count AS rows, told.count AS events, noted.count AS entries
       FROM wanted LEFT JOIN made USING (name) LEFT JOIN told USING (name) LEFT JOIN noted ON noted.resource = 'user:' || made.id
      WHERE (made.count, told.count, noted.count) IS DISTINCT FROM (1, 1, 1)`,
    [keys],
  )
  return rows
}

describe('repeats over two servers', () => {
  test('that are killed at any moment: one effect a key, and every answer the same', async () => {
    const refused: Record<number, number> = {}
    const tally = openTally()
    const killing = killInTurn(tally)
    const answers = await askAll(tally.note, (status) => {
      refused[status] = (refused[status] ?? 0) + 1
    })
    await killing
    console.log(`${keys} keys x ${requestsAKey}, ${kills} kills; asked again after ${JSON.stringify(refused)} (0: the connection broke)`)
    expect(answers.flat().filter(({ status }) => status !== 201)).toEqual([])
    expect(answers.filter((eight) => new Set(eight.map(shown)).size !== 1)).toEqual([])
    // The first answer may have been lost with its server; two cannot both be the first.
    const firsts = answers.map((eight) => eight.filter((answer) => answer.headers['idempotent-replayed'] !== 'true').length)
    expect(firsts.filter((count) => count > 1)).toEqual([])
    expect(firsts.filter((count) => count === 1).length).toBeGreaterThan(keys * 0.8)
    expect(await notOnce()).toEqual([])
  }, 1_200_000)

  test('with another body are 422 at either, and change nothing', async () => {
    for (const port of ports) {
      const answer = await ask(port, creation(3, 'B'))
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([422, { error: { code: 'idempotency_key_reused' } }])
    }
    expect(await notOnce()).toEqual([])
  })

  test('while the first is slow are 409 at once, at either; it runs once, and is replayed from then on', async () => {
    const id = (await db.query<{ id: number }>('SELECT id FROM people.users WHERE username = $1', [nameOf(1)])).rows[0]?.id
    // A wait for somebody else's lock is given up sooner: this is work.
    await db.query(`CREATE FUNCTION public.dawdle() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN PERFORM pg_sleep(${slowMs / 1000}); RETURN new; END $$`)
    await db.query(`CREATE TRIGGER dawdle BEFORE UPDATE ON people.users FOR EACH ROW WHEN (new.first_name = 'Slow')
                      EXECUTE FUNCTION public.dawdle()`)
    const change: Request = {
      method: 'PUT',
      path: `/v1/users/${id}`,
      headers: { ...headers, 'idempotency-key': 'slow' },
      body: JSON.stringify({ firstName: 'Slow' }),
    }
    let settled = false
    const first = ask(ports[0] ?? 0, change).finally(() => {
      settled = true
    })
    await until(
      'the first to be at work',
      async () => (await db.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).rowCount,
    )
    const meanwhile: Asked[] = []
    while (!settled) {
      const answers = await Promise.all(ports.map((port) => ask(port, change)))
      if (!settled) meanwhile.push(...answers)
    }
    const turnedAway = meanwhile.filter(({ status, headers: given }) => status === 409 && given['retry-after'] === '1')
    expect(turnedAway.length).toBeGreaterThan(0)
    // What is done may be told to another before the first has heard of it.
    expect(meanwhile.filter((answer) => !turnedAway.includes(answer) && answer.headers['idempotent-replayed'] !== 'true')).toEqual([])
    expect((await first).status).toBe(200)
    const after = await Promise.all([...ports, ...ports].map((port) => ask(port, change)))
    expect(after.map(shown)).toEqual(after.map(() => shown(after[0] as Asked)))
    expect(after[0]?.body).toBe((await first).body)
    expect(after.map(({ headers: given }) => given['idempotent-replayed'])).toEqual(['true', 'true', 'true', 'true'])
    const events = await db.query("SELECT FROM platform.events WHERE type = 'user.updated' AND data->>'userId' = $1", [String(id)])
    expect(events.rowCount).toBe(1)
    console.log(`at work for ${slowMs} ms; ${turnedAway.length} repeats meanwhile were 409`)
  }, 120_000)

  test('whose answer to COMMIT was lost are told the truth: what was done, not whether it was heard of', async () => {
    let lost = 0
    proxy.lie = (answer) => {
      if (!answer.includes('COMMIT\0')) return answer
      lost++
      proxy.lie = null
      queueMicrotask(() => proxy.cut())
      return Buffer.alloc(0)
    }
    const unheard = await ask(ports[1] ?? 0, creation(keys))
    expect([lost, unheard.status]).toEqual([1, 503])
    const told = await insist(ports, 1, creation(keys), { onRefused: () => {}, betweenMs: 20 })
    expect([told.status, told.headers['idempotent-replayed']]).toEqual([201, 'true'])
    expect((await db.query('SELECT FROM people.users WHERE username = $1', [nameOf(keys)])).rowCount).toBe(1)
  })
})
