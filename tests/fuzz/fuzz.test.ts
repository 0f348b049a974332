// The generator and its judge: the same seed is the same run, every kind of request occurs, every class of fault that is
// planted is found; and two thousand requests to the real server are answered as documented.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openCarrier } from '../isolation/carrier.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { testing } from '../support/settings.ts'
import { wrongXml } from './checker.ts'
import type { World } from './credentials.ts'
import { diceOf } from './dice.ts'
import { readDocument } from './document.ts'
import { mutate, mutations } from './hostile.ts'
import { framings } from './hostile-wire.ts'
import { openMemory } from './memory.ts'
import { makeRequest } from './planner.ts'
import { type Fault, openPlanted, plantedDocument } from './planted.ts'
import { curlOf, growthOf, minimise, neverWell, readReplay, replayOf, tableOf } from './report.ts'
import { bytesOf, kinds, type Made } from './request.ts'
import { run } from './run.ts'
import { parse } from './wire.ts'

const token = 'eyJhIjoxfQ.eyJhIjoxfQ.c2ln'
const worldAt = (url: string): World => ({
  url,
  now: Date.UTC(2026, 2, 2),
  tokens: { admin: token },
  keys: { admin: 'pb_key' },
  carrierToken: 'secret',
  phoneNumbers: ['+15005550006'],
  known: [],
  seldom: [],
  openers: {},
  locking: [],
})

describe('the generator', () => {
  const plan = readDocument(plantedDocument)
  const made = (seed: number, count = 3000) => {
    const planning = { plan, world: worldAt('http://127.0.0.1:1'), memory: openMemory(plan.operations), seed }
    return Array.from({ length: count }, (_, number) => makeRequest(planning, number))
  }

  test('makes the same requests of the same seed, byte for byte, and others of another', () => {
    const bytes = (seed: number) => made(seed, 400).map((one) => bytesOf(one).toString('base64'))
    expect(bytes(7)).toEqual(bytes(7))
    expect(bytes(8)).not.toEqual(bytes(7))
  })

  test('makes the hundredth request without the ninety-nine before it', () => {
    const planning = { plan, world: worldAt('http://127.0.0.1:1'), memory: openMemory(plan.operations), seed: 7 }
    expect(makeRequest(planning, 100)).toEqual(made(7, 101)[100])
  })

  test('makes every kind of request, every break of the framing and every kind of mistake', () => {
    const all = made(7, 12_000)
    const operations = new Set(all.map(({ kind }) => kind))
    expect([...operations].sort()).toEqual(kinds.filter((kind) => kind !== 'stream').sort())
    const notes = new Set(all.map(({ note }) => note))
    expect(Object.keys(framings).filter((name) => !notes.has(name))).toEqual([])
    const mistakes = Array.from({ length: 2000 }, (_, number) => mutate({ name: 'abc', id: 7 }, diceOf(7, number)).note).join('\n')
    const told = { double: 'twice', prototype: 'prototype keys', respell: 'in escapes', number: 'is an odd number' } as Record<
      string,
      string
    >
    expect(Object.keys(mutations).filter((kind) => !mistakes.includes(told[kind] ?? kind))).toEqual([])
  })

  test('hits what an answer has taught: what was made is then read', () => {
    const memory = openMemory(plan.operations)
    const [, , create, get] = plan.operations
    if (!create || !get) throw new Error('the document has changed')
    memory.learn(create, { status: 201, location: '/v1/things/4711', json: { id: 4711, name: 'a' } })
    expect(memory.recall(get, 'id', diceOf(1))).toBe(4711)
  })
})

describe('the judge', () => {
  const faults: Fault[] = [
    'server fault',
    'undocumented',
    'off schema',
    'no request id',
    'leak',
    'open door',
    'broken xml',
    'wrong words',
    'no answer',
  ]

  test('has nothing to say of a server that keeps its document', async () => {
    const { tally } = await against('none')
    expect(tally.failures.map(({ complaints, made }) => [made.note, ...complaints])).toEqual([])
    expect(tally.passed).toBe(400)
  })

  test.each(faults)('finds a planted fault: %s', async (fault) => {
    const { tally } = await against(fault)
    expect(tally.failures.flatMap(({ complaints }) => complaints.map((one) => one.class))).toContain(fault)
    expect(tally.failed).toBeGreaterThan(0)
  })

  const against = async (fault: Fault) => {
    const planted = await openPlanted(fault, token)
    try {
      return await run({ world: worldAt(planted.url), seed: 3, requests: 400 })
    } finally {
      await planted.close()
    }
  }

  test.each([
    ['<?xml version="1.0"?><Response><Say voice="a">b &amp; c</Say><Hangup/></Response>', null],
    ['<a><b></a></b>', 'is not closed'],
    ['<a>\u0001</a>', 'does not have'],
    ['<a>1 < 2</a>', 'angle'],
    ['<a', 'angle'],
  ])('knows XML from what is none: %s', (text, wrong) => {
    if (wrong === null) expect(wrongXml(text)).toBeNull()
    else expect(wrongXml(text)).toContain(wrong)
  })

  test('calls growth what is more than a run of any length may hold', () => {
    expect(growthOf({ heapMiB: 50, rssMiB: 200 }, { heapMiB: 70, rssMiB: 300 })).toBeNull()
    expect(growthOf({ heapMiB: 50, rssMiB: 200 }, { heapMiB: 75, rssMiB: 200 })).toContain('heap by 25.0')
  })
})

describe('a finding', () => {
  const found: Made = {
    number: 1,
    kind: 'mutated',
    note: '',
    method: 'POST',
    target: '/v1/things?a=1&b=2',
    headers: [
      ['host', 'x'],
      ['x-odd', 'ü'],
      ['x-needed', '1'],
      ['content-length', '31'],
    ],
    body: Buffer.from('{"good":1,"bad":"\'","other":[]}'),
    breaksFraming: false,
    mustNotPass: false,
  }

  test('is made smaller while it still fails', async () => {
    const failing = async (made: Made) =>
      made.headers.some(([name]) => name === 'x-needed') && made.body?.includes('bad')
        ? [{ class: 'server fault', text: '500' } as const]
        : []
    const least = await minimise({ made: found, complaints: await failing(found), operation: 'x' }, failing)
    expect(least.headers.map(([name]) => name)).toEqual(['host', 'x-needed', 'content-length'])
    expect([least.target, least.body?.toString()]).toEqual(['/v1/things', '{"bad":"\'"}'])
  })

  test('is told as a command that a shell takes, and as a file that can be replayed', () => {
    expect(curlOf(found, 'http://h')).toContain(`-H $'x-odd: \\xfc' -H 'x-needed: 1'`)
    expect(curlOf(found, 'http://h')).toContain(`--data-binary $'{"good":1,"bad":"\\x27","other":[]}' 'http://h/v1/things?a=1&b=2'`)
    expect(bytesOf(readReplay(replayOf(found, 1)))).toEqual(bytesOf(found))
  })

  test('is read from the wire whole, in chunks, without a body, and after a 100', () => {
    const answer = (text: string, method = 'GET', ended = false) => parse(Buffer.from(text), method, ended)?.answer
    expect(answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab')?.body.toString()).toBe('ab')
    expect(answer('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab')).toBeUndefined()
    expect(answer('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n')?.body.toString()).toBe('abc')
    expect(answer('HTTP/1.1 204 No Content\r\n\r\n')?.status).toBe(204)
    expect(answer('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')?.status).toBe(200)
    expect(answer('HTTP/1.1 200 OK\r\n\r\nrest', 'GET', true)?.body.toString()).toBe('rest')
    expect(() => parse(Buffer.from('HELLO\r\n\r\n'), 'GET', false)).toThrow('not an HTTP answer')
  })
})

describe('the server', () => {
  let carrier: Awaited<ReturnType<typeof openCarrier>>
  let house: TestHouse
  beforeAll(async () => {
    carrier = await openCarrier()
    house = await openTestHouse({ env: { TWILIO_BASE_URL: carrier.url } })
  })
  afterAll(async () => {
    await house?.close()
    await carrier?.close()
  })

  test('answers two thousand requests as documented, and every one of its operations was asked', async () => {
    const { org, other } = house
    const world: World = {
      ...worldAt(house.url),
      now: house.house.clock.now().getTime(),
      tokens: {
        admin: await house.token({ subject: 'client:fuzz' }),
        foreign: await house.token({ subject: 'client:other', organizationId: 200 }),
      },
      keys: { admin: org.apiKey, foreign: other.apiKey },
      carrierToken: testing.TWILIO_AUTH_TOKEN,
      phoneNumbers: [org.phoneNumber ?? '', other.phoneNumber ?? ''],
      seldom: ['sei.auth.login', 'sapien.oauth.token', 'shared.openapi.get', 'shared.openapi.get_one'],
    }
    const uncaught: unknown[] = []
    const onUncaught = (reason: unknown) => void uncaught.push(reason)
    process.on('unhandledRejection', onUncaught)
    const ran = await run({ world, seed: 20_260_302, requests: 2000 })
    process.off('unhandledRejection', onUncaught)
    expect(ran.tally.failures.map((failure) => [...failure.complaints, curlOf(failure.made, house.url)])).toEqual([])
    expect(ran.tally.passed).toBe(2000)
    expect(uncaught).toEqual([])
    expect(ran.operations.filter((name) => !ran.tally.statuses.has(name))).toEqual([])
    expect(neverWell(ran).length).toBeLessThan(ran.operations.length / 2)
    expect(tableOf(ran).split('\n').length).toBeGreaterThan(ran.operations.length)
  }, 60_000)
})
