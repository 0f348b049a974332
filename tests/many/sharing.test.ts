// Two `patchbay serve` and one `patchbay work` over one PostgreSQL, Redis and Memcached, as an operator runs them: what
// one does is the others'. And what remains of that when Redis and Memcached fail under them.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readEvents } from '../seeds/event-reader.ts'
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { memcachedInstalled, type Peer, redisInstalled, startMemcached, startRedis } from '../support/peers.ts'
import { type Process, startProcess } from '../support/processes.ts'
import { until } from '../support/until.ts'

const bucket = 20
const second = 1_000

interface Answered {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: whatever was answered is looked at by the test
  readonly body: any
}

let house: TestHouse
let redis: Peer
let memcached: Peer
let proxies: { redis: FaultProxy; memcached: FaultProxy }
let carrier: { url: string; asked: string[]; close(): Promise<void> }
let processes: Process[] = []
let a: string
let b: string

describe.skipIf(!redisInstalled || !memcachedInstalled)('many processes (needs redis-server and memcached)', () => {
  beforeAll(async () => {
    ;[house, redis, memcached, carrier] = await Promise.all([openTestHouse(), startRedis(), startMemcached(), openCarrier()])
    proxies = { redis: await faultProxy(redis.port), memcached: await faultProxy(memcached.port) }
    const env = {
      REDIS_URL: `redis://127.0.0.1:${proxies.redis.port}`,
      MEMCACHED_HOST: '127.0.0.1',
      MEMCACHED_PORT: String(proxies.memcached.port),
      LIMIT_BELLA: `${bucket}/h`,
      TWILIO_BASE_URL: carrier.url,
    }
    const options = { databaseUrl: house.databaseUrl, env }
    processes = await Promise.all([startProcess('serve', options), startProcess('serve', options), startProcess('work', options)])
    a = processes[0]?.url ?? ''
    b = processes[1]?.url ?? ''
  }, 60_000)
  afterAll(async () => {
    await Promise.all(processes.map((process) => process.end()))
    await Promise.all([proxies?.redis.stop(), proxies?.memcached.stop()])
    await Promise.all([redis?.stop(), memcached?.stop(), carrier?.close()])
    await house?.close()
  })

  describe('what one does is the others’', () => {
    test('a limit: what is used up here is used up there, and together they give no more than one bucket', async () => {
      await until('both count in Redis', async () => (await upIn(a)).redis && (await upIn(b)).redis)
      const use = async (): Promise<number> => {
        const { key } = await house.house.apiKeys.create(house.session(), { name: 'Shared', scopes: ['*'], expiresAt: null })
        const asked = Array.from({ length: bucket * 2 }, (_, index) => ask(index % 2 ? a : b, 'GET', '/users?limit=1', { key }))
        const allowed = (await Promise.all(asked)).filter(({ status }) => status === 200).length
        for (const url of [a, b]) expect((await ask(url, 'GET', '/users?limit=1', { key })).status).toBe(429)
        return allowed
      }
      // On a machine too busy for Redis to answer in time each process counts for itself: then it is tried again.
      const used = [await use()]
      while (used.at(-1) !== bucket && used.length < 5) used.push(await use())
      expect(used.at(-1)).toBe(bucket)
    })

    test('a changed user is read changed in the other by the very next request, thirty times over', async () => {
      const token = await house.token()
      const { id } = await newUser(a)
      const read = async (url: string) => (await ask(url, 'GET', `/v1/users/${id}`, { token })).body.firstName
      let stale = 0
      for (let round = 0; round < 30; round++) {
        const [writer, reader] = round % 2 ? [a, b] : [b, a]
        await read(reader)
        const changed = await ask(writer, 'PUT', `/v1/users/${id}`, { token, json: { firstName: `Name ${round}` } })
        expect(changed.status).toBe(200)
        for (const url of [reader, writer]) if ((await read(url)) !== `Name ${round}`) stale += 1
      }
      expect(stale).toBe(0)
    })

    test('an event: made here, heard there', async () => {
      const token = await house.token()
      const stream = await readEvents(`${b}/v1/events?types=user.*`, { authorization: `Bearer ${token}` })
      const made = await newUser(a)
      const began = performance.now()
      expect((await stream.next()).data).toMatchObject({ type: 'user.created', data: { userId: made.id } })
      expect(performance.now() - began).toBeLessThan(second)
      stream.close()
    })

    test('a deactivated user’s token is refused', async () => {
      const { id } = await newUser(a)
      const token = await house.token({ subject: `user:${id}`, roles: ['user'] })
      expect((await ask(b, 'GET', '/v1/users', { token })).status).toBe(200)
      await ask(a, 'DELETE', `/v1/users/${id}`, { token: await house.token() })
      await within(second, 'the token is refused there', async () => (await ask(b, 'GET', '/v1/users', { token })).status === 401)
    })

    test('a changed role: what was granted under the old one is over', async () => {
      const { id } = await newUser(a, { roles: ['supervisor'] })
      const token = await house.token({ subject: `user:${id}`, roles: ['supervisor'] })
      expect((await ask(b, 'GET', '/v1/users', { token })).status).toBe(200)
      await ask(a, 'PUT', `/v1/users/${id}`, { token: await house.token(), json: { roles: ['user'] } })
      await within(second, 'the token is refused there', async () => (await ask(b, 'GET', '/v1/users', { token })).status === 401)
    })

    test('a sign-in: ended here it is ended there, and its refresh token is good once among all', async () => {
      const { username } = await newUser(a)
      const login = await ask(a, 'POST', '/api/v1/auth/login', { json: { username, password: 'a-quiet-harbour-7' } })
      const { access_token: token, refresh_token } = login.body
      expect((await ask(b, 'GET', '/v1/users', { token })).status).toBe(200)
      const refreshed = await Promise.all([a, b, a, b].map((url) => ask(url, 'POST', '/api/v1/auth/refresh', { json: { refresh_token } })))
      expect(refreshed.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
      await ask(a, 'POST', '/api/v1/auth/logout', { token })
      await within(second, 'the token is refused there', async () => (await ask(b, 'GET', '/v1/users', { token })).status === 401)
    })

    test('a client and an API key: taken back, they open nothing anywhere', async () => {
      const session = house.session()
      const { id, key } = await house.house.apiKeys.create(session, { name: 'Short', scopes: ['*'], expiresAt: null })
      for (const url of [a, b]) expect((await ask(url, 'GET', '/users?limit=1', { key })).status).toBe(200)
      await house.house.apiKeys.revoke(session, id)
      const { oauth } = house.org
      const credentials = { ...oauth, grant_type: 'client_credentials' }
      const { access_token: token } = (await ask(a, 'POST', '/oauth/token', { json: credentials })).body
      expect((await ask(b, 'GET', '/v1/users', { token })).status).toBe(200)
      await house.house.oauthClients.revoke(session, oauth.client_id)
      for (const url of [a, b]) {
        await within(second, 'the key opens nothing', async () => (await ask(url, 'GET', '/users?limit=1', { key })).status === 401)
        await within(second, 'the client’s token opens nothing', async () => (await ask(url, 'GET', '/v1/users', { token })).status === 401)
      }
    })

    test('a job: asked for here, done by the worker', async () => {
      const json = { from: house.org.phoneNumber, to: '+441632960444', agentId: house.org.agentId }
      const { body } = await ask(a, 'POST', '/v1/calls', { token: await house.token(), json })
      await within(2 * second, 'the carrier is asked to ring', async () => carrier.asked.some((form) => form.includes(body.id)))
    })

    test('a breaker: opened here it is open there, and so is its being reset', async () => {
      const path = '/api/unified/circuit-breakers'
      const { apiKey: key } = house.org
      const there = async () => (await ask(b, 'GET', path, { key })).body.twilio_api.state
      for (const [verb, state] of [
        ['open', 'open'],
        ['reset', 'closed'],
      ]) {
        expect((await ask(a, 'POST', `${path}/twilio_api/${verb}`, { key })).body.state).toBe(state)
        await within(second, `it is ${state} there`, async () => (await there()) === state)
      }
    })
  })

  describe('Redis and Memcached may fail', () => {
    /** Every answer is right, whatever is wrong with them; as many as the slowest mode lets through in a moment. */
    async function answersRight(): Promise<number> {
      const token = await house.token()
      const { id } = await newUser(a)
      let slowestMs = 0
      const timed = async (url: string, method: string, path: string, json?: unknown) => {
        const began = performance.now()
        const answer = await ask(url, method, path, { token, ...(json === undefined ? {} : { json }) })
        slowestMs = Math.max(slowestMs, performance.now() - began)
        return answer
      }
      for (let round = 0; round < 4; round++) {
        const [writer, reader] = round % 2 ? [a, b] : [b, a]
        await timed(reader, 'GET', `/v1/users/${id}`)
        expect((await timed(writer, 'PUT', `/v1/users/${id}`, { firstName: `Name ${round}` })).status).toBe(200)
        for (const url of [reader, writer]) expect((await timed(url, 'GET', `/v1/users/${id}`)).body.firstName).toBe(`Name ${round}`)
      }
      return slowestMs
    }
    /** A limit is still a limit: at most a bucket for each process, whoever counts. */
    async function limited(): Promise<void> {
      const { key } = await house.house.apiKeys.create(house.session(), { name: 'Limited', scopes: ['*'], expiresAt: null })
      const answers = await Promise.all(
        Array.from({ length: bucket * 3 }, (_, index) => ask(index % 2 ? a : b, 'GET', '/users?limit=1', { key })),
      )
      const allowed = answers.filter(({ status }) => status === 200).length
      expect(answers.every(({ status }) => status === 200 || status === 429)).toBe(true)
      expect(allowed).toBeGreaterThanOrEqual(bucket)
      expect(allowed).toBeLessThanOrEqual(bucket * 2)
    }
    const nonsense = (answer: Buffer): Buffer => Buffer.alloc(answer.length, 0x2a)
    const heal = async () => {
      for (const proxy of [proxies.redis, proxies.memcached]) {
        Object.assign(proxy, { mode: 'pass', delayMs: 0, lie: null })
        proxy.cut()
      }
      await until('both are used again', async () => {
        for (const url of [a, b]) {
          await ask(url, 'GET', '/v1/users?limit=1', { token: await house.token() })
          await ask(url, 'GET', `/v1/users/${house.org.adminId}`, { token: await house.token() })
          const { redis, memcached } = await upIn(url)
          if (!redis || !memcached) return false
        }
        return true
      })
    }

    test.each<[string, (proxy: FaultProxy) => void]>([
      ['gone', (proxy) => Object.assign(proxy, { mode: 'refuse' }).cut()],
      ['silent', (proxy) => Object.assign(proxy, { mode: 'silent' })],
      ['slow', (proxy) => Object.assign(proxy, { delayMs: 200 })],
      ['answering nonsense', (proxy) => Object.assign(proxy, { lie: nonsense })],
    ])(
      '%s: every answer is right, none is slow, a limit is a limit, and they are used again afterwards',
      async (_, fail) => {
        for (const proxy of [proxies.redis, proxies.memcached]) fail(proxy)
        // 100 ms for a limit, twice 50 ms for a cache, 220 ms for whoever is not heard of; the rest is a busy machine's.
        expect(await answersRight()).toBeLessThan(2 * second)
        await limited()
        await heal()
        expect(await answersRight()).toBeLessThan(2 * second)
      },
      30_000,
    )
  })
})

const within = (ms: number, what: string, ask: () => Promise<boolean>) => until(what, ask, ms)

async function upIn(url: string): Promise<{ redis: boolean; memcached: boolean }> {
  const { body } = await ask(url, 'GET', '/admin/cache/stats', { token: await house.token() })
  return { redis: body.tiers.redis.up, memcached: body.tiers.memcached.up }
}

async function newUser(url: string, more: object = {}): Promise<{ id: number; username: string }> {
  const username = `user.${Math.round(performance.now() * 1000)}`
  const json = { username, email: `${username}@example.com`, firstName: 'Some', lastName: 'Body', password: 'a-quiet-harbour-7', ...more }
  return (await ask(url, 'POST', '/v1/users', { token: await house.token(), json })).body
}

interface Asked {
  readonly token?: string
  readonly key?: string
  readonly json?: unknown
}
async function ask(url: string, method: string, path: string, { token, key, json }: Asked = {}): Promise<Answered> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(key ? { 'x-api-key': key } : {}),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
}

/** A carrier that rings whomever it is asked to, and remembers the forms it was sent. */
async function openCarrier(): Promise<{ url: string; asked: string[]; close(): Promise<void> }> {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    let form = ''
    for await (const chunk of request) form += chunk
    asked.push(decodeURIComponent(form))
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ sid: 'CA00000000000000000000000000000000', status: 'queued' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
