// Whatever is sent, the answer is one that the document has: its status, its media type, its schema; never a 500, and
// the request's id is in the header and in the error. Runs over every operation of the server, so a new one is covered.
// Ids and queries are tests/hostile/addresses's.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { type Document, type Documented, type Judge, judgeOf, type Schema } from './documented.ts'
import { placesOf } from './places.ts'
import { notBodies, sampleOf, type Wrong, wrongBodies } from './samples.ts'

let house: TestHouse
let judge: Judge
let document: Document
beforeAll(async () => {
  house = await openTestHouse()
  document = (await (await house.request('GET', '/openapi.json')).json()) as Document
  judge = judgeOf(document)
})
afterAll(() => house?.close())

interface Sent {
  readonly what: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer | string
}

interface Target {
  readonly path: string
  readonly method: string
  readonly operation: Documented
}

/** Streams end when the caller goes; they have tests of their own. */
const endless = (operation: Documented): boolean => 'text/event-stream' in (operation.responses[200]?.content ?? {})

const targets = (): Target[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => !endless(operation))
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )

const follow = (schema: Schema): Schema => {
  const { $ref } = schema
  return typeof $ref === 'string' ? (document.components.schemas[$ref.slice($ref.lastIndexOf('/') + 1)] ?? schema) : schema
}

async function send({ path, method }: Target, { what, url, headers, body }: Sent): Promise<string | null> {
  const answer = await fetch(house.url + url, {
    method,
    headers,
    redirect: 'manual',
    ...(body === undefined || method === 'GET' ? {} : { body }),
  })
  const text = await answer.text()
  const told = `${method} ${url.slice(0, 120)} with ${what}`
  const id = answer.headers.get('x-request-id')
  if (!id) return `${told}: no request id`
  if (answer.status === 500) return `${told}: 500 ${text.slice(0, 200)}`
  // A kept answer is the first one's, its request's id too.
  const kept = answer.headers.get('idempotent-replayed') === 'true'
  if (answer.status >= 400 && !kept && !text.includes(id)) return `${told}: the error does not name the request: ${text.slice(0, 200)}`
  const fault = judge({ path, method, status: answer.status, type: answer.headers.get('content-type'), body: text })
  return fault ? `${told}: ${fault}` : null
}

async function fill(path: string): Promise<string> {
  const places = await placesOf(house, path)
  return path.replace(/\{(\w+)\}/g, (_, name: string) => places[name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()] ?? '')
}

async function credentials(): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await house.token()}`, 'x-api-key': house.org.apiKey }
}

/** Sends one after the other, so that a fault can be read back to its request. */
async function faultsOf(
  make: (target: Target, headers: Record<string, string>) => Promise<Sent[]> | Sent[],
): Promise<{ sent: number; faults: string[] }> {
  const faults: string[] = []
  let sent = 0
  for (const target of targets()) {
    for (const one of await make(target, await credentials())) {
      sent++
      const fault = await send(target, one)
      if (fault) faults.push(fault)
    }
  }
  return { sent, faults }
}

const bodySchema = ({ requestBody }: Documented): Schema | null => requestBody?.content['application/json']?.schema ?? null

/** A body that should do, so that what is tried is reached. */
function fine(operation: Documented): { headers: Record<string, string>; body?: string } {
  const schema = bodySchema(operation)
  if (schema) return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(sampleOf(schema, follow)) }
  const form = operation.requestBody?.content['application/x-www-form-urlencoded']?.schema
  if (!form) return { headers: {} }
  const sample = sampleOf(form, follow) as Record<string, string>
  return { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(sample).toString() }
}

const patient = 120_000

describe('every operation answers as documented', () => {
  test('to callers of every kind', { timeout: patient }, async () => {
    const powerless = await house.token({ roles: [] })
    const foreign = await house.token({ organizationId: 200 })
    const { sent, faults } = await faultsOf(async ({ path, operation }, admin) => {
      const url = await fill(path)
      const { headers, body } = fine(operation)
      const callers: [string, Record<string, string>][] = [
        ['an admin', admin],
        ['nobody', {}],
        ['a broken token', { authorization: 'Bearer e30.e30.e30', 'x-api-key': 'pbk_wrong' }],
        ['no token at all in the header', { authorization: 'Bearer', 'x-api-key': '' }],
        ['another scheme', { authorization: 'Negotiate abc' }],
        ['somebody without a role', { authorization: `Bearer ${powerless}`, 'x-api-key': 'pbk_wrong' }],
        ['somebody of another organisation', { authorization: `Bearer ${foreign}`, 'x-api-key': house.other.apiKey }],
      ]
      return callers.map(([what, who]) => ({ what, url, headers: { ...headers, ...who }, ...(body === undefined ? {} : { body }) }))
    })
    expect(faults).toEqual([])
    expect(sent).toBeGreaterThan(200)
  })

  test('to bodies that nobody should send', { timeout: patient }, async () => {
    const { sent, faults } = await faultsOf(async ({ path, method, operation }, admin) => {
      if (method === 'GET') return []
      const url = await fill(path)
      const schema = bodySchema(operation)
      const bodies: Wrong[] = [...notBodies, ...(schema ? wrongBodies(schema, follow) : [])]
      return bodies.map(({ what, body, type }) => ({
        what,
        url,
        headers: { ...admin, 'content-type': type === 'latin1' ? 'application/json' : type },
        body: Buffer.from(body, type === 'latin1' ? 'latin1' : 'utf8'),
      }))
    })
    expect(faults).toEqual([])
    expect(sent).toBeGreaterThan(200)
  })

  test('to idempotency keys that are none', { timeout: patient }, async () => {
    const { sent, faults } = await faultsOf(async ({ path, method, operation }, admin) => {
      if (method === 'GET') return []
      const url = await fill(path)
      const { headers, body } = fine(operation)
      return ['', '""', 'a b', 'x'.repeat(300), '\u00e9', 'the-same', 'the-same'].map((key) => ({
        what: `the key ${key.slice(0, 20)}`,
        url,
        headers: { ...headers, ...admin, 'idempotency-key': key },
        ...(body === undefined ? {} : { body }),
      }))
    })
    expect(faults).toEqual([])
    expect(sent).toBeGreaterThan(50)
  })
})
