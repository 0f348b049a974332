// More comes than can be answered: who is turned away, with what words, and that it ends.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bella } from '../../src/contracts/bella/contract.ts'
import { renderError as renderSapien } from '../../src/contracts/sapien/errors.ts'
import type { Contract } from '../../src/platform/http/index.ts'
import { guardFromOverload } from '../../src/platform/http/overload.ts'
import type { Valve } from '../../src/platform/http/valve.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'

let house: TestHouse
let server: Server
let url: string
const backlogMs = 1_234
let share = 0
const measured: number[] = []
let measuredAt = Number.POSITIVE_INFINITY
/** Turned right by hand: the rule itself has tests of its own. */
const valve: Valve = {
  measure(waitMs) {
    measured.push(waitMs)
    measuredAt = performance.now()
  },
  admits: (precious) => precious,
  share: () => share,
}
const turnedAway: string[] = []
const held: (() => void)[] = []

beforeAll(async () => {
  house = await openTestHouse()
  const forBella = bella(house.house)
  const forSapien: Contract = { ...forBella, name: 'sapien', renderError: renderSapien, endpoints: [] }
  server = createServer((request, response) => {
    if (request.url === '/held') held.push(() => response.end())
    else response.end(`served ${request.url}`)
  })
  guardFromOverload(
    server,
    {
      clock: house.house.clock,
      log: house.house.log,
      contracts: [forBella, forSapien],
      contractOf: (path) => (path.startsWith('/v1') ? forSapien : forBella),
      maxWaitMs: 25,
      neverFull: 2,
      backlogMs: () => backlogMs,
      onTurnedAway: (contract, method) => turnedAway.push(`${contract} ${method}`),
    },
    valve,
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.close()
  await house.close()
})

const ask = (path: string, method = 'GET') => fetch(`${url}${path}`, { method })
const statusOf = async (path: string, method?: string) => (await ask(path, method)).status

test('nobody is refused while nobody waits too long', async () => {
  share = 0
  expect(await statusOf('/users')).toBe(200)
  await expect.poll(() => measured).toContain(backlogMs) // what is waited for is told to the rule
})

test('while nobody asks, nothing is measured', async () => {
  share = 0
  expect(await statusOf('/users')).toBe(200)
  await expect.poll(() => performance.now() - measuredAt, { timeout: 5_000 }).toBeGreaterThan(100) // ten measurements' time
})

test('else a request is refused in its contract’s words, before a credential is asked for; health and providers are let in', async () => {
  share = 0.5
  expect(await statusOf('/users')).toBe(200) // a few are no flood
  const waiting = [ask('/held'), ask('/held')]
  await expect.poll(() => held.length).toBe(2)
  expect(await statusOf('/users')).toBe(503)
  for (const path of ['/healthz', '/readyz', '/readyz?deep=1']) expect(await statusOf(path)).toBe(200)
  expect(await statusOf('/twilio/voice', 'POST')).toBe(200)
  expect(await statusOf('/twilio/voice/collect?turn=2', 'POST')).toBe(200)

  const refused = await ask('/v1/users', 'POST')
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('1')
  const id = refused.headers.get('x-request-id')
  expect(await refused.json()).toMatchObject({ error: { code: 'overloaded', requestId: id } })
  expect(turnedAway).toEqual(['bella GET', 'sapien POST'])

  for (const answer of held) answer()
  await Promise.all(waiting)
  expect(await statusOf('/users')).toBe(200)
})
