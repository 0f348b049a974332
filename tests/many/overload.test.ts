// More comes than can be answered: who is turned away, with what words, and that it ends.
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bella } from '../../src/contracts/bella/contract.ts'
import { renderError as renderSapien } from '../../src/contracts/sapien/errors.ts'
import type { Contract } from '../../src/platform/http/index.ts'
import { goOn } from '../../src/platform/http/live.ts'
import { guardFromOverload } from '../../src/platform/http/overload.ts'
import type { Valve } from '../../src/platform/http/valve.ts'
import { movableClock, wireTime } from '../../src/platform/time/index.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { workFor } from '../support/work.ts'

let house: TestHouse
let server: Server
let url: string
const clock = movableClock('2026-11-22T12:00:00Z')
const few = 2
const crowd = 5
const backlogMs = 1_234
let share = 0
let providersToo = false
const measured: number[] = []
let measuredAt = Number.POSITIVE_INFINITY
/** Turned right by hand: the rule itself has tests of its own. */
const valve: Valve = {
  measure({ usualMs }) {
    measured.push(usualMs)
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

type Sizes = Pick<Parameters<typeof guardFromOverload>[1], 'aFew' | 'aCrowd' | 'onTurnedAway'>

async function openGuarded(sizes: Sizes): Promise<{ server: Server; url: string }> {
  const forBella = bella(house.house)
  const forSapien: Contract = { ...forBella, name: 'sapien', renderError: renderSapien, endpoints: [] }
  const guarded = createServer((request, response) => respond(request.url ?? '', response))
  guardFromOverload(
    guarded,
    {
      ...sizes,
      clock,
      log: house.house.log,
      contracts: [forBella, forSapien],
      contractOf: (path) => (path.startsWith('/v1') ? forSapien : forBella),
      maxWaitMs: 25,
      backlogMs: () => backlogMs,
    },
    valve,
  )
  guarded.listen(0, '127.0.0.1')
  await once(guarded, 'listening')
  return { server: guarded, url: `http://127.0.0.1:${(guarded.address() as AddressInfo).port}` }
}

beforeAll(async () => {
  house = await openTestHouse()
  const onTurnedAway: Sizes['onTurnedAway'] = (contract, method) => turnedAway.push(`${contract} ${method}`)
  ;({ server, url } = await openGuarded({ aFew: few, aCrowd: crowd, onTurnedAway }))
})
afterAll(async () => {
  server.close()
  await house.close()
})

const ask = (path: string, method = 'GET') => fetch(`${url}${path}`, { method })
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

test('a second later as many are let in again, and what providers say has an allowance of its own', async () => {
  providersToo = true
  const answer = await hold(few)
  for (let second = 0; second < 3; second++) {
    clock.advance(1)
    expect(await servedOfMany('/users')).toBe(crowd)
    expect(await servedOfMany('/twilio/voice', 'POST')).toBe(crowd)
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

test('a flood that keeps the process busy has fewer than a few let in, until it is over', async () => {
  const [many, aFew] = [200, 100]
  const busy = await openGuarded({ aFew, aCrowd: aFew, onTurnedAway: () => workFor(60) })
  const status = async (path: string) => (await fetch(busy.url + path)).status
  share = 0
  const waiting = Array.from({ length: many }, () => status('/held'))
  await expect.poll(() => open.length).toBe(many)
  share = 0.99
  for (let n = 0; n < 3; n++) expect(await status('/users')).toBe(503)
  for (const end of open.splice(0, many - aFew / 2)) end()
  // Half as many wait as a few are, and still too many for such work: of a crowd no more are let in than its own part.
  const statuses: number[] = []
  while (statuses.length < aFew / 2 && !statuses.includes(503)) statuses.push(await status('/users'))
  expect(statuses).toContain(503)
  await expect.poll(() => status('/users'), { timeout: 10_000, interval: 1_000 }).toBe(200) // nobody was turned away for a second
  for (const end of open.splice(0)) end()
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([200]))
  busy.server.close()
})

test('whoever comes over few connections is let in, also when a flood is hardly over', async () => {
  const busy = await openGuarded({ aFew: 20, aCrowd: 20, onTurnedAway: () => workFor(60) })
  /** Over a connection of its own, which ends with the answer. */
  const status = async (path: string) => {
    const [response] = (await once(get(busy.url + path, { agent: false }), 'response')) as [IncomingMessage]
    await once(response.resume(), 'end')
    return response.statusCode
  }
  const connections = () => promisify(busy.server.getConnections.bind(busy.server))()
  share = 0
  const flood = Array.from({ length: 40 }, () => status('/held'))
  await expect.poll(() => open.length).toBe(40)
  share = 0.99
  for (let n = 0; n < 3; n++) expect(await status('/users')).toBe(503)
  for (const end of open.splice(0)) end()
  await Promise.all(flood)
  await expect.poll(connections).toBe(0)

  const waiting = Array.from({ length: 10 }, () => status('/held'))
  await expect.poll(() => open.length).toBe(10)
  const asked = Array.from({ length: 8 }, () => status('/users'))
  expect(new Set(await Promise.all(asked))).toEqual(new Set([200]))
  for (const end of open.splice(0)) end()
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([200]))
  busy.server.close()
})

test('a stream that has begun has its answer, however long it goes on', async () => {
  share = 0
  const streams = await Promise.all(Array.from({ length: crowd }, () => [ask('/events'), ask('/file')]).flat())
  share = 0.99
  expect(await statusOf('/users')).toBe(200)
  for (const end of open.splice(0)) end()
  for (const stream of streams) await stream.text()
})
