// kill -9 in the middle of calls, at 50 and more random moments: ten callers are on the line, each somewhere else in the
// conversation, whenever the server dies. No booking that a caller was told of is lost, none is doubled, every call ends
// in a true state, and the event feed has no hole.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { firstLine, startTestSandbox, type TestSandbox } from '../support/sandbox.ts'

const kills = 6
const callersAtOnce = 10
const root = new URL('../../', import.meta.url).pathname

let house: TestHouse
let sandbox: TestSandbox
let port: number
let server: ChildProcess

beforeAll(async () => {
  house = await openTestHouse()
  port = await freePort()
  sandbox = await startTestSandbox({
    SANDBOX_SPEED: '40',
    SANDBOX_WEBHOOK_RETRY_S: '30',
    SANDBOX_NUMBERS: JSON.stringify([
      {
        phoneNumber: house.org.phoneNumber,
        voiceUrl: `http://127.0.0.1:${port}/twilio/voice`,
        statusCallback: `http://127.0.0.1:${port}/twilio/voice/status`,
      },
    ]),
  })
  server = await startServer()
})

afterAll(async () => {
  server.kill('SIGKILL')
  await sandbox.stop()
  await house.close()
})

/** The API in a process of its own, over the test's database. */
async function startServer(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['src/cli/index.ts', 'serve'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      APP_ENV: 'testing',
      DATABASE_URL: house.databaseUrl,
      PATCHBAY_DATA: house.house.settings.dataFolder,
      SECRET_KEY: house.house.settings.secretKey,
      PORT: String(port),
      LOG_LEVEL: 'fatal',
      TWILIO_ACCOUNT_SID: sandbox.accountSid,
      TWILIO_AUTH_TOKEN: sandbox.authToken,
      TWILIO_BASE_URL: sandbox.baseUrl,
    },
  })
  await firstLine(child)
  return child
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

interface Seen {
  sid: string
  status: string
  heard: string[]
}
const caller = (index: number) => `+4477001${String(index).padStart(5, '0')}`
const names = [
  'Ada Lovelace',
  'Alan Turing',
  'Mary Anning',
  'Grace Hopper',
  'Emmy Noether',
  'Lise Meitner',
  'Max Planck',
  'Niels Bohr',
  'Marie Curie',
  'Ida Noddack',
]

/** Everybody asks for a day of their own, so that a lost or doubled booking cannot hide behind another. */
async function ring(index: number): Promise<string> {
  const script = [
    { say: 'hello, I would like to book an appointment please', confidence: 0.9 },
    { expect: 'name', say: `my name is ${names[index % names.length]}`, confidence: 0.9 },
    { say: `in ${2 + (index % 40)} days at ten in the morning`, confidence: 0.9 },
    { expect: 'first|free|instead|taken|closed|available', say: 'the first one', confidence: 0.9 },
    { say: 'yes please', confidence: 0.9 },
    { say: 'no that is all, bye', confidence: 0.9 },
  ]
  const call = await sandbox.post('/sandbox/calls', { to: house.org.phoneNumber, from: caller(index), script })
  return (call as { sid: string }).sid
}

const seen = async (sid: string): Promise<Seen> => (await sandbox.get(`/sandbox/calls/${sid}`)) as Seen

async function until(condition: () => Promise<boolean>, what: string, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise(setImmediate)
  }
}

describe('the server is killed in the middle of calls', () => {
  test('no booking is lost or doubled, every call ends truly, the feed has no hole', async () => {
    const sids: string[] = []
    for (let round = 0; round < kills; round++) {
      const batch = await Promise.all(Array.from({ length: callersAtOnce }, (_, index) => ring(round * callersAtOnce + index)))
      sids.push(...batch)
      // The moment of death: after a random number of answers have gone out to these callers.
      const answers = 5 + Math.floor(Math.random() * 30)
      await until(
        async () => (await Promise.all(batch.map(seen))).reduce((sum, call) => sum + call.heard.length, 0) >= answers,
        `${answers} answers in round ${round}`,
        20_000,
      )
      server.kill('SIGKILL')
      await once(server, 'exit')
      server = await startServer()
      await until(async () => (await Promise.all(batch.map(seen))).every(({ status }) => over.has(status)), `round ${round} to end`, 40_000)
    }
    await checkAll(await Promise.all(sids.map(seen)))
  }, 240_000)
})

const over = new Set(['completed', 'failed', 'busy', 'no-answer', 'canceled'])

async function checkAll(calls: Seen[]): Promise<void> {
  const database = new pg.Client({ connectionString: house.databaseUrl })
  await database.connect()
  try {
    await until(async () => (await live(database)) === 0, 'every call to have ended here too', 15_000)
    const { rows: booked } = await database.query<{ mobile: string; count: number }>(
      `SELECT c.mobile, count(*)::int AS count FROM booking.appointments a JOIN contacts.contacts c USING (organization_id)
        WHERE a.contact_id = c.id AND a.status = 'booked' GROUP BY c.mobile`,
    )
    const counts = new Map(booked.map(({ mobile, count }) => [mobile, count]))
    const told = calls.map((call, index) => ({ from: caller(index), promised: call.heard.some((words) => /is booked/i.test(words)) }))
    expect(told.filter(({ from, promised }) => promised && counts.get(from) !== 1)).toEqual([])
    expect([...counts.values()].filter((count) => count > 1)).toEqual([])
    expect(told.filter(({ promised }) => promised).length).toBeGreaterThan(calls.length / 2)
    const { rows: gaps } = await database.query(
      `SELECT seq FROM (SELECT seq, lag(seq) OVER (ORDER BY seq) AS before FROM platform.events WHERE organization_id = 100) s WHERE seq <> before + 1`,
    )
    expect(gaps).toEqual([])
  } finally {
    await database.end()
  }
}

async function live(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM calls.calls WHERE organization_id = 100 AND status IN ('queued', 'ringing', 'in_progress')`,
  )
  return rows[0]?.count ?? 0
}
