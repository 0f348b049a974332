// The sandbox's own API, and the sandbox as a process.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import { magicNumbers } from './callers/magic-numbers.ts'
import { readSettings } from './settings.ts'
import { type Reply, type Stage, stage } from './stage.ts'

const running: Stage[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.close()
})
async function on(reply: () => Reply, settings: Parameters<typeof stage>[1] = {}): Promise<Stage> {
  const one = await stage(reply, settings)
  running.push(one)
  return one
}
const asks =
  '<Response><Start><Recording/></Start><Gather input="speech dtmf" hints="noon" numDigits="1" action="/voice"><Say>Yes?</Say></Gather></Response>'

describe('the control API', () => {
  test('streams what happens on a call from its beginning to its end', async () => {
    const here = await on(() => asks)
    const { body } = await here.control('POST', '/sandbox/calls', { to: here.number, interactive: true })
    const stream = await fetch(`${here.baseUrl}/sandbox/calls/${body.sid}/events`)
    await here.control('POST', `/sandbox/calls/${body.sid}/say`, { text: 'Good morning' })
    await here.control('POST', `/sandbox/calls/${body.sid}/press`, { digits: '1' })
    await expect.poll(async () => (await here.control('GET', `/sandbox/calls/${body.sid}`)).body.heard.length).toBe(3)
    await here.control('POST', `/sandbox/calls/${body.sid}/hangup`)
    const events = (await stream.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    const wanted = [
      'status',
      'status',
      'recording',
      'heard',
      'listening',
      'said',
      'recording',
      'heard',
      'listening',
      'pressed',
      'recording',
      'heard',
      'listening',
    ]
    expect(events.map((event) => event.type)).toEqual([...wanted, 'status', 'recording', 'recording', 'recording', 'ended'])
    expect(events).toContainEqual({ type: 'listening', hints: 'noon' })
    expect(events).toContainEqual({ type: 'said', text: 'Good morning' })
    const again = await (await fetch(`${here.baseUrl}/sandbox/calls/${body.sid}/events`)).text()
    expect(again.trim().split('\n')).toHaveLength(events.length)
  })

  test('shows each exchange with the server: address, fields, answer and time', async () => {
    const here = await on(() => '<Response><Say>Hi.</Say></Response>')
    const call = await here.ring({ script: [] })
    expect(call.exchanges[0]).toMatchObject({
      url: `${here.app.url}/voice`,
      status: 200,
      attempts: 1,
      body: '<Response><Say>Hi.</Say></Response>',
    })
    expect(call.exchanges[0]?.ms).toBeGreaterThan(0)
  })

  test('moves the clock: a call that would last an hour is over when the hour is', async () => {
    const here = await on(() => '<Response><Pause length="3600"/></Response>', { speed: 1 })
    const { body } = await here.control('POST', '/sandbox/calls', { to: here.number, script: [] })
    await expect.poll(async () => (await here.control('GET', `/sandbox/calls/${body.sid}`)).body.status).toBe('in-progress')
    const before = Date.parse(String((await here.control('GET', '/sandbox/clock')).body.now))
    await here.control('POST', '/sandbox/clock', { advanceS: 3_600 })
    const call = await here.settled(body.sid)
    expect(call.events.find((event) => event.type === 'ended')?.duration).toBe(3600)
    expect(Date.parse(String((await here.control('GET', '/sandbox/clock')).body.now)) - before).toBeGreaterThanOrEqual(3_600_000)
  })

  test('at a hundred times the speed, ten seconds last a tenth of one', async () => {
    const here = await on(() => '<Response><Pause length="10"/></Response>', { speed: 100 })
    const startedMs = performance.now()
    const call = await here.ring({ script: [] })
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(99)
    expect(call.events.find((event) => event.type === 'ended')?.duration).toBeLessThan(15)
  })

  test('lists the magic numbers, each once and each in words', async () => {
    const here = await on(() => asks)
    const { numbers } = (await here.control('GET', '/sandbox/magic-numbers')).body as unknown as {
      numbers: { number: string; does: string }[]
    }
    expect(numbers).toEqual(magicNumbers.map(({ number, does }) => ({ number, does })))
    expect(new Set(numbers.map(({ number }) => number)).size).toBe(numbers.length)
    for (const { number } of numbers) expect(number).toMatch(/^\+150055501\d\d$|^\+150055502\d\d$/)
  })

  test('forgets everything but its first numbers when it is reset', async () => {
    const here = await on(() => '<Response/>')
    await here.ring({ script: [] })
    await here.control('POST', '/sandbox/numbers', { phoneNumber: '+15125550199', voiceUrl: `${here.app.url}/voice` })
    await here.control('POST', '/sandbox/reset')
    expect((await here.control('GET', '/sandbox/calls')).body.calls).toEqual([])
    expect((await here.control('GET', '/sandbox/numbers')).body.numbers).toMatchObject([{ phoneNumber: here.number }])
  })

  test.each([
    ['/sandbox/calls', { to: '+19995550000' }],
    ['/sandbox/calls', {}],
    ['/sandbox/calls', []],
    ['/sandbox/calls', { to: '+441615550100', script: [{ dance: true }] }],
    ['/sandbox/calls', { to: '+441615550100', speed: 0 }],
    ['/sandbox/clock', { set: 'yesterday' }],
    ['/sandbox/clock', { advanceS: -1 }],
    ['/sandbox/faults', { rest: 'fire' }],
    ['/sandbox/people', { number: '+15125550199', answering: 'maybe' }],
    ['/sandbox/numbers', { phoneNumber: '12' }],
  ])('%s refuses %j with a sentence', async (path, body) => {
    const here = await on(() => asks)
    const answer = await here.control('POST', path, body)
    expect(answer.status).toBe(400)
    expect(answer.body.error).toMatch(/\w+ \w+/)
  })

  test('a body over the limit is 413, and an unknown path 404', async () => {
    const here = await on(() => asks, { bodyLimitBytes: 1_000 })
    expect((await here.control('POST', '/sandbox/calls', { to: 'x'.repeat(2_000) })).status).toBe(413)
    expect((await here.control('GET', '/sandbox/nothing')).status).toBe(404)
  })

  test('two hundred calls at once all end as they should', async () => {
    const here = await on(() => '<Response><Gather input="speech" action="/voice"><Say>Go on.</Say></Gather></Response>')
    const calls = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        here.ring({ from: `+4477009${String(n).padStart(5, '0')}`, script: [{ say: `caller ${n}` }, { say: 'bye' }] }),
      ),
    )
    expect(calls.map((call) => call.said[0])).toEqual(Array.from({ length: 200 }, (_, n) => `caller ${n}`))
    expect(here.app.at('/status')).toHaveLength(200)
  })
})

describe('settings', () => {
  test.each([
    { SANDBOX_SPEED: 'fast' },
    { SANDBOX_PORT: 'x' },
    { SANDBOX_ACCOUNT_SID: 'AC1' },
    { SANDBOX_NUMBERS: '{}' },
    { SANDBOX_NUMBERS: '[{"phoneNumber":"1"}]' },
  ])('%j is refused by name', (env) => {
    expect(() => readSettings(env)).toThrow(Object.keys(env)[0])
  })

  test('everything has a usual value', () => {
    expect(readSettings({})).toMatchObject({ host: '127.0.0.1', port: 0, speed: 1, tied: false, numbers: [] })
  })
})

describe('the process', () => {
  test('says where it listens, serves, and ends with the one who started it', async () => {
    const child = spawn(process.execPath, [new URL('./main.ts', import.meta.url).pathname], {
      env: { SANDBOX_TIED: '1', SANDBOX_SPEED: 'instant' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    const { ready, baseUrl } = JSON.parse(line) as { ready: boolean; baseUrl: string }
    expect(ready).toBe(true)
    expect((await fetch(`${baseUrl}/sandbox/clock`)).status).toBe(200)
    child.stdin.end()
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})
