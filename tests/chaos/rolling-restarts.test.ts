// Restarts that nobody notices: `patchbay serve --processes 2` replaces its processes one by one while 500 requests a
// second arrive over connections that are kept. None fails, and nothing that was answered is lost.
import { existsSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { effort } from '../support/effort.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { type Process, startProcess } from '../support/processes.ts'
import { type Load, startLoad } from './rolling-load.ts'

const processes = 2
const restarts = effort({ full: 100, short: 10, taste: 2 })
const perSecond = effort({ full: 500, short: 500, taste: 40 })
const atLength = effort({ full: true, short: true, taste: false })

let house: TestHouse
const crews: Process[] = []
beforeAll(async () => {
  house = await openTestHouse()
})
afterAll(async () => {
  for (const { child } of crews) child.kill('SIGKILL') // what a test that failed has left; its processes end with it
  await house.close()
})

async function start(drainS = 5): Promise<Process> {
  const env = { PATCHBAY_DATA: house.house.settings.dataFolder, PROCESSES: String(processes), DRAIN_S: String(drainS) }
  const crew = await startProcess('serve', { databaseUrl: house.databaseUrl, env })
  crews.push(crew)
  return crew
}

/** The processes of a crew, as Linux tells. */
const membersOf = ({ pid }: Process): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

async function count(sql: string): Promise<number> {
  const client = new pg.Client({ connectionString: house.databaseUrl })
  await client.connect()
  const { rows } = await client.query<{ count: number }>(sql)
  await client.end()
  return rows[0]?.count ?? 0
}

/** Asks now and then: whoever asks all the time takes the processor from those it waits for. */
const until = (is: () => boolean | Promise<boolean>, timeout = 60_000) => vi.waitUntil(is, { timeout, interval: 50 })

/** The machine that answers also starts the newcomers, and asks: what arrived meanwhile is made up for, if it can be. */
async function madeUpFor(load: Load): Promise<void> {
  const began = performance.now()
  await until(() => load.onTime() || performance.now() - began > 15_000)
}

/** Nothing failed, and all that was said to be done is there, once. */
async function expectWhole({ failures, done }: Load): Promise<void> {
  expect(failures).toEqual([])
  expect(await count('SELECT count(*)::int FROM contacts.contacts WHERE mobile ~ $$^[+]4477$$')).toBe(done.people)
  expect(await count('SELECT count(*)::int FROM calls.calls WHERE from_number ~ $$^[+]4478$$')).toBe(done.calls)
}

describe.runIf(existsSync('/proc/self/task'))('a crew of processes behind one port', () => {
  test(
    'is replaced one by one under load: no request fails, no effect is lost or doubled',
    async () => {
      const crew = await start()
      const load = startLoad({
        url: crew.url,
        apiKey: house.org.apiKey,
        phoneNumber: house.org.phoneNumber ?? '',
        authToken: house.house.settings.twilio.authToken ?? '',
        perSecond,
        connections: 32,
      })
      const seen = new Set(membersOf(crew))
      let ended: ReturnType<typeof crew.end> | undefined
      try {
        for (let restarted = 0; restarted < restarts; restarted += processes) {
          await until(() => load.answered() > (restarted + 1) * 20)
          await madeUpFor(load)
          const before = membersOf(crew)
          process.kill(crew.pid, 'SIGHUP')
          await until(() => {
            const now = membersOf(crew)
            for (const pid of now) seen.add(pid)
            return now.length === processes && !now.some((pid) => before.includes(pid))
          })
        }
      } finally {
        console.info(`${restarts} restarts under ${Math.round(load.perSecond())} requests a second, ${load.spared()} not asked`)
        await load.stop()
        ended = crew.end()
      }
      expect(seen.size).toBeGreaterThanOrEqual(processes + restarts)
      await expectWhole(load)
      expect(await ended).toBe(0)
      expect(crew.errors()).toBe('')
    },
    60_000 + restarts * 20_000,
  )

  test.runIf(atLength)(
    'a process that is killed is replaced; who was on the way to it is served by another',
    async () => {
      const crew = await start(0)
      const [first, ...others] = membersOf(crew)
      process.kill(first ?? 0, 'SIGSTOP') // it takes no more connections, and the leader does not know
      const healthy = () =>
        fetch(`${crew.url}/healthz`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(20_000) }).then(({ status }) => status)
      const asked = Array.from({ length: 20 }, healthy)
      await Promise.any(asked) // so they have been dealt
      process.kill(first ?? 0, 'SIGKILL')
      const answers = await Promise.all(asked)
      expect(answers).toEqual(answers.map(() => 200))
      await until(() => {
        const now = membersOf(crew)
        return now.length === processes && others.every((pid) => now.includes(pid)) && !now.includes(first ?? 0)
      })
      expect(await crew.end()).toBe(0)
      expect(membersStillThere(others)).toEqual([])
    },
    60_000,
  )

  test.runIf(atLength)(
    'a crew that keeps ending is given up, with 1',
    async () => {
      const crew = await start(0)
      let killed = 0
      while (crew.child.exitCode === null && killed < 20) {
        const [pid] = membersOf(crew)
        if (pid === undefined) break
        process.kill(pid, 'SIGKILL')
        killed += 1
        await until(() => crew.child.exitCode !== null || !membersOf(crew).includes(pid))
        await until(() => crew.child.exitCode !== null || membersOf(crew).length === processes)
      }
      expect(crew.child.exitCode).toBe(1)
    },
    120_000,
  )
})

const membersStillThere = (pids: readonly number[]): number[] => pids.filter((pid) => existsSync(`/proc/${pid}`))
