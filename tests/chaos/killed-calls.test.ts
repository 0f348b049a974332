// kill -9 in the middle of calls, at random moments: ten callers are on the line, each somewhere else in the
// conversation, whenever the server dies. No booking that a caller was told of is lost, none is doubled, every call ends
// in a true state, and the event feed has no hole.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { effort } from '../support/effort.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { freePort } from '../support/peers.ts'
import { type Process, startProcess } from '../support/processes.ts'
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts'
import { until } from '../support/until.ts'

const kills = effort({ full: 50, short: 6, taste: 1 })
const callersAtOnce = 10

let house: TestHouse
let sandbox: TestSandbox
let port: number
let server: Process

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
  await server.end('SIGKILL')
  await sandbox.stop()
  await house.close()
})

/** The API in a process of its own, over the test's database. */
const startServer = (): Promise<Process> =>
  startProcess('serve', {
    databaseUrl: house.databaseUrl,
    port,
    env: {
      PATCHBAY_DATA: house.house.settings.dataFolder,
      TWILIO_ACCOUNT_SID: sandbox.accountSid,
      TWILIO_AUTH_TOKEN: sandbox.authToken,
      TWILIO_BASE_URL: sandbox.baseUrl,
    },
  })

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

describe('the server is killed in the middle of calls', () => {
  test(
    'no booking is lost or doubled, every call ends truly, the feed has no hole',
    async () => {
      const sids: string[] = []
      for (let round = 0; round < kills; round++) {
        const batch = await Promise.all(Array.from({ length: callersAtOnce }, (_, index) => ring(round * callersAtOnce + index)))
        sids.push(...batch)
        // The moment of death: after a random number of answers have gone out to these callers.
        const answers = 5 + Math.floor(Math.random() * 30)
        await until(
          `${answers} answers in round ${round}`,
          async () => (await Promise.all(batch.map(seen))).reduce((sum, call) => sum + call.heard.length, 0) >= answers,
          20_000,
        )
        await server.end('SIGKILL')
        server = await startServer()
        await until(
          `round ${round} to end`,
          async () => (await Promise.all(batch.map(seen))).every(({ status }) => over.has(status)),
          40_000,
        )
      }
      await checkAll(await Promise.all(sids.map(seen)))
    },
    60_000 + kills * 40_000,
  )
})

const over = new Set(['completed', 'failed', 'busy', 'no-answer', 'canceled'])

async function checkAll(calls: Seen[]): Promise<void> {
  const database = new pg.Client({ connectionString: house.databaseUrl })
  await database.connect()
  try {
    await until('every call to have ended here too', async () => (await live(database)) === 0)
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
