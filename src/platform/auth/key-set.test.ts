// A published key set as its issuer, its network and its attackers would have it.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { movableClock } from '../time/index.ts'
import { fetchKeySet, openKeySet } from './key-set.ts'
import { readKeySet } from './published-keys.ts'

const rsa = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength }).privateKey
const published = (key: KeyObject, kid: string, more: object = {}) => ({
  ...createPublicKey(key).export({ format: 'jwk' }),
  kid,
  alg: 'RS256',
  use: 'sig',
  ...more,
})
const [first, second] = [rsa(), rsa()]
const setOf = (...keys: object[]) => JSON.stringify({ keys })
const good = setOf(published(first, 'one'))

function bench(text: string) {
  const clock = movableClock('2026-11-24T09:00:00Z')
  const state = { loads: 0, load: async () => text }
  const keySet = openKeySet({
    load: () => {
      state.loads++
      return state.load()
    },
    clock,
    log: { warn: () => {} },
  })
  return { clock, state, keySet }
}
const away = async (): Promise<never> => {
  throw new Error('connect ECONNREFUSED')
}

describe('keys that are known', () => {
  test('go on for an hour in which their issuer cannot be reached, asked for at most once a cool-down', async () => {
    const { clock, state, keySet } = bench(good)
    expect(await keySet.find('one')).not.toBeNull()
    state.load = away
    for (let second = 0; second < 3600; second++) {
      clock.advance(1)
      expect([second, keySet.holds('one'), (await keySet.find('one')) !== null]).toEqual([second, true, true])
    }
    expect(state.loads).toBeGreaterThan(100)
    expect(state.loads).toBeLessThanOrEqual(1 + 3600 / 10)
    await keySet.find('unknown') // the last of those fetches has come to its end
    state.load = async () => setOf(published(first, 'one'), published(second, 'two'))
    clock.advance(10)
    expect(await keySet.find('two'), 'and it is heard again').not.toBeNull()
  })

  test('are not trusted for ever by nobody’s word: a day after the last time they were confirmed', async () => {
    const { clock, state, keySet } = bench(good)
    await keySet.find('one')
    state.load = away
    clock.advance(24 * 3600 - 1)
    expect(keySet.holds('one')).toBe(true)
    clock.advance(1)
    expect(keySet.holds('one')).toBe(false)
  })

  test('do not wait while the set is fetched, however slow that is', async () => {
    const { clock, state, keySet } = bench(good)
    await keySet.find('one')
    const slow = Promise.withResolvers<string>()
    state.load = () => slow.promise
    clock.advance(700)
    const unknown = keySet.find('two')
    expect(await keySet.find('one'), 'answered while the other still waits').not.toBeNull()
    expect(state.loads).toBe(2)
    slow.resolve(setOf(published(second, 'two')))
    expect(await unknown).not.toBeNull()
    expect(keySet.holds('one'), 'a key that its issuer took back').toBe(false)
  })

  test.each(Object.entries(poisons()))('outlast a set that is poisoned: %s', async (_, text) => {
    const { clock, state, keySet } = bench(good)
    await keySet.find('one')
    state.load = async () => text
    clock.advance(700)
    expect(await keySet.find('two')).toBeNull()
    expect(state.loads).toBe(2)
    expect(keySet.holds('one')).toBe(true)
    await expect(readKeySet(text)).rejects.toThrow()
  })

  test('rotate: the new beside the old, then the new alone', async () => {
    const { clock, state, keySet } = bench(good)
    await keySet.find('one')
    clock.advance(20)
    state.load = async () => setOf(published(second, 'two'), published(first, 'one'))
    expect(await keySet.find('two')).not.toBeNull()
    expect(keySet.holds('one')).toBe(true)
    state.load = async () => setOf(published(second, 'two'))
    clock.advance(601)
    keySet.holds('one')
    await expect.poll(() => keySet.holds('one')).toBe(false)
    expect(keySet.holds('two')).toBe(true)
  })
})

/** Texts of which nothing is usable. */
function poisons(): Record<string, string> {
  const key = published(rsa(), 'two')
  const { n, ...withoutModulus } = key as { n?: string }
  return {
    nothing: '',
    garbage: '\u0000\u0001',
    HTML: '<!doctype html><title>Sign in</title>',
    'a list': JSON.stringify([key]),
    'no keys': setOf(),
    'keys that are no list': JSON.stringify({ keys: { one: key } }),
    'keys that are text': JSON.stringify({ keys: ['one', null, 7] }),
    '10,000 keys': setOf(...Array.from({ length: 10_000 }, (_, index) => ({ ...key, kid: `k${index}` }))),
    'a private key': setOf({ ...rsaPrivate(), kid: 'two', alg: 'RS256', use: 'sig' }),
    'a secret': setOf({ kty: 'oct', k: 'c2VjcmV0', kid: 'two', alg: 'RS256', use: 'sig' }),
    'a secret dressed as RSA': setOf({ ...key, k: 'c2VjcmV0' }),
    'a curve': setOf({ ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }), kid: 'two', use: 'sig' }),
    'a key for encryption': setOf({ ...key, use: 'enc' }),
    'a key that may only encrypt': setOf({ ...key, key_ops: ['encrypt'] }),
    'a key for another algorithm': setOf({ ...key, alg: 'RS512' }),
    'a small key': setOf(published(rsa(1024), 'two')),
    'a huge key': setOf({ ...key, n: Buffer.alloc(4096, 0xff).toString('base64url') }),
    'an exponent of one': setOf({ ...key, e: 'AQ' }),
    'an exponent as large as the key': setOf({ ...key, e: n }),
    'no modulus': setOf(withoutModulus),
    'a modulus with zeros before it': setOf({
      ...key,
      n: Buffer.concat([Buffer.alloc(8), Buffer.from(n ?? '', 'base64url')]).toString('base64url'),
    }),
    'two keys of one name': setOf(key, published(rsa(), 'two')),
    'a name that is no text': setOf({ ...key, kid: 7 }),
    'no name': setOf({ ...key, kid: undefined }),
  }
}
const rsaPrivate = () => rsa().export({ format: 'jwk' })

describe('keys that are unknown', () => {
  test('cause one fetch a cool-down, however many ask and whoever waits', async () => {
    const { clock, state, keySet } = bench(good)
    const flood = (round: number) => Promise.all(Array.from({ length: 500 }, (_, index) => keySet.find(`unknown-${round}-${index}`)))
    for (let round = 0; round < 10; round++) {
      expect(new Set(await flood(round))).toEqual(new Set([null]))
      expect(state.loads).toBe(round + 1)
      clock.advance(5)
      await flood(round)
      expect(state.loads, 'in the cool-down').toBe(round + 1)
      clock.advance(5)
    }
  })

  test('cause no more of them while the set cannot be had', async () => {
    const { clock, state, keySet } = bench(good)
    state.load = away
    for (let second = 0; second < 60; second++) {
      expect(await keySet.find('one')).toBeNull()
      clock.advance(1)
    }
    expect(state.loads).toBe(6)
  })

  test('a clock that was set back does not stop the next look', async () => {
    const { clock, state, keySet } = bench(good)
    await keySet.find('unknown')
    clock.advance(-3600)
    await keySet.find('unknown')
    expect(state.loads).toBe(2)
  })
})

describe('the set as it comes over HTTP', () => {
  let asked: string[] = []
  let listener: RequestListener
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    listener(request, response)
  })
  let url: URL
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`)
  })
  afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  const fetched = (given: RequestListener) => {
    listener = given
    asked = []
    return fetchKeySet(url, AbortSignal.timeout(10_000))
  }

  test('is read when it is there', async () => {
    expect(await fetched((_request, response) => response.end(good))).toBe(good)
  })

  test.each([301, 302, 303, 307, 308])('is not looked for elsewhere: a %i is not followed', async (status) => {
    const elsewhere = new URL('/elsewhere', url).href
    await expect(fetched((_request, response) => response.writeHead(status, { location: elsewhere }).end())).rejects.toThrow()
    expect(asked).toEqual(['/.well-known/jwks.json'])
  })

  test.each([204, 206, 401, 404, 500, 503])('is nothing with status %i', async (status) => {
    await expect(fetched((_request, response) => response.writeHead(status).end(status === 204 ? undefined : good))).rejects.toThrow()
  })

  test('is given up when it is larger than any: ten megabytes are not read to their end', async () => {
    let sent = 0
    const pour: RequestListener = (_request, response) => {
      const more = () => {
        while (sent < 10 * 1024 * 1024 && !response.destroyed) {
          sent += 65_536
          if (!response.write(Buffer.alloc(65_536, ' '))) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    }
    await expect(fetched(pour)).rejects.toThrow(/larger/)
  })

  test('is given up when it does not end', async () => {
    listener = (_request, response) => void response.write('{"keys":[')
    await expect(fetchKeySet(url, AbortSignal.timeout(50))).rejects.toThrow()
  })

  test('is nothing when it is not UTF-8', async () => {
    await expect(fetched((_request, response) => response.end(Buffer.from([0x7b, 0xff, 0x7d])))).rejects.toThrow()
  })
})
