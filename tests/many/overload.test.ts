// More comes than can be answered: who is turned away, with what words, and that it ends.
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bella } from '../../src/contracts/bella/contract.ts'
import { renderError as renderSapien } from '../../src/contracts/sapien/errors.ts'
import { headersByOrigin } from '../../src/platform/http/cors.ts'
import type { Contract } from '../../src/platform/http/index.ts'
import { goOn } from '../../src/platform/http/live.ts'
import { guardFromOverload } from '../../src/platform/http/overload.ts'
import { safeHeaders } from '../../src/platform/http/safe-headers.ts'
import type { Valve } from '../../src/platform/http/valve.ts'
import { movableClock, wireTime } from '../../src/platform/time/index.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'

let house: TestHouse
let server: Server
let url: string
const clock = movableClock('2026-11-22T12:00:00Z')
const page = 'https://app.example'
const few = 2
const crowd = 5
const backlogMs = 1_234
let share = 0
let providersToo = false
const measured: number[] = []
let measuredAt = Number.POSITIVE_INFINITY
/** Turned right by hand: the rule itself has tests of its own. */
const valve: Valve = {
  measure(waitMs) {
    measured.push(waitMs)
    measuredAt = performance.now()
  },
  admits: (precious) => precious && !providersToo,
  share: () => share,
}
const turnedAway: string[] = []
/** Each ends an answer that was kept open. */
const open: (() => void)[] = []

/** What stands behind the guard: answers, and keeps waiting or goes on where it is asked to. */
function respond(path: string, response: ServerResponse): void {
  if (path === '/held') open.push(() => response.end())
  else if (path === '/file') {
    const file = new PassThrough()
    response.flushHeaders()
    goOn(response)
    file.pipe(response)
    open.push(() => file.end())
  } else if (path === '/events') {
    response.flushHeaders()
    goOn(response)
    open.push(() => response.end())
  } else response.end(`served ${path}`)
}

beforeAll(async () => {
  house = await openTestHouse()
  const forBella = bella(house.house)
  const forSapien: Contract = { ...forBella, name: 'sapien', renderError: renderSapien, endpoints: [] }
  server = createServer((request, response) => respond(request.url ?? '', response))
  guardFromOverload(
    server,
    {
      clock,
      log: house.house.log,
      contracts: [forBella, forSapien],
      contractOf: (path) => (path.startsWith('/v1') ? forSapien : forBella),
      headersTo: headersByOrigin({ origins: [page], maxAgeS: 0 }, safeHeaders(false)),
      maxWaitMs: 25,
      aFew: few,
      aCrowd: crowd,
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

const ask = (path: string, method = 'GET', headers = {}) => fetch(`${url}${path}`, { method, headers })
const statusOf = async (path: string, method?: string) => (await ask(path, method)).status

/** One after the other: how many of twice a crowd are served. */
async function servedOfMany(path: string, method?: string): Promise<number> {
  const statuses: number[] = []
  while (statuses.length < 2 * crowd) statuses.push(await statusOf(path, method))
  return statuses.filter((status) => status === 200).length
}

/** So many who wait for an answer. @returns what answers them */
async function hold(count: number): Promise<() => Promise<void>> {
  share = 0
  const waiting = Array.from({ length: count }, () => ask('/held'))
  await expect.poll(() => open.length).toBe(count)
  share = 0.99
  return async () => {
    for (const end of open.splice(0)) end()
    await Promise.all(waiting)
  }
}

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

test('a few are no flood, nor is a crowd', async () => {
  share = 0.99
  expect(await servedOfMany('/users')).toBe(2 * crowd)
  const answer = await hold(few)
  expect(await servedOfMany('/users')).toBe(crowd)
  await answer()
  expect(await servedOfMany('/users')).toBe(2 * crowd)
})

test('ten seconds later a whole crowd is let in again, and of what providers say, which is counted for itself, after one', async () => {
  providersToo = true
  const answer = await hold(few)
  clock.advance(10)
  for (const usual of [crowd, crowd / 5, crowd / 5]) {
    expect(await servedOfMany('/users')).toBe(usual)
    expect(await servedOfMany('/twilio/voice', 'POST')).toBe(crowd)
    clock.advance(2)
  }
  await answer()
  providersToo = false
})

test('whoever is refused hears so in the contract’s words, before a credential is asked for; health and providers are let in', async () => {
  turnedAway.length = 0
  const answer = await hold(crowd) // so many wait that no crowd is let in any more
  clock.advance(1)
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
  const ofPage = await ask('/users', 'GET', { origin: page })
  expect([ofPage.status, ofPage.headers.get('access-control-allow-origin')]).toEqual([503, page]) // its browser lets it read that

  await answer()
  expect(await statusOf('/users')).toBe(200)
})

test('everybody who is refused has an id of their own and the time, and a long body is not waited for', async () => {
  const answer = await hold(crowd)
  const [first, second] = await Promise.all([ask('/users'), ask('/users')])
  for (const refused of [first, second]) {
    const text = await refused.text()
    expect(refused.headers.get('content-length')).toBe(String(Buffer.byteLength(text)))
    expect(refused.headers.get('x-content-type-options')).toBe('nosniff')
    expect(JSON.parse(text)).toMatchObject({ correlation_id: refused.headers.get('x-request-id'), timestamp: wireTime(clock.now()) })
  }
  expect(first.headers.get('x-request-id')).not.toBe(second.headers.get('x-request-id'))

  clock.advance(1)
  expect(await (await ask('/users')).json()).toMatchObject({ timestamp: wireTime(clock.now()) })
  const long = await fetch(`${url}/users`, { method: 'POST', body: 'x'.repeat(70_000) })
  expect([long.status, long.headers.get('connection')]).toEqual([503, 'close'])
  await answer()
})

test('a stream that has begun has its answer, however long it goes on', async () => {
  share = 0
  const streams = await Promise.all(Array.from({ length: crowd }, () => [ask('/events'), ask('/file')]).flat())
  share = 0.99
  expect(await statusOf('/users')).toBe(200)
  for (const end of open.splice(0)) end()
  for (const stream of streams) await stream.text()
})
