// Every attack on a bearer token against every contract that takes one, at every kind of door: none is let in, and each is
// answered in that contract's words (RFC 6750, 3).
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormatsModule from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, type Besieged, besiege, type Target, targetsOf } from './besieged.ts'
import { claiming, type Forge, good, headed, signed } from './forge.ts'
import { attacks, type Carried, carried } from './tokens.ts'

const targets = targetsOf('bearerAuth')
const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => void
const ajv = new Ajv2020({ strict: false })
addFormats(ajv)
const shapes = new Map(targets.map(({ contract }) => [contract.name, ajv.compile(contract.errorSchema)]))

let field: Besieged
let prepared: ReadonlyMap<string, Carried>
beforeAll(async () => {
  field = await besiege()
  prepared = new Map(attacks.map(([name, make]) => [name, carried(make(field.forge))]))
})
afterAll(() => field?.close())

/** What is wrong with a refusal; nothing, when it is one. */
function complaint({ contract }: Target, { status, headers, body }: Answer, { unread }: Carried): string | null {
  if (unread) return status === 431 ? null : `${status} instead of 431`
  if (status !== 401) return `${status} instead of 401: ${body.slice(0, 200)}`
  if (!/^Bearer realm="patchbay"/.test(String(headers['www-authenticate']))) return `challenged by ${headers['www-authenticate']}`
  if (!String(headers['content-type']).startsWith('application/json')) return `came as ${headers['content-type']}`
  return shapes.get(contract.name)?.(JSON.parse(body)) ? null : `off its contract's shape: ${body}`
}

const nameOf = ({ contract, kind, method, path }: Target): string => `${contract.name}, ${kind}: ${method} ${path}`

/** Rightly signed, and right: what strictness must not take away. */
const variations: Readonly<Record<string, (forge: Forge) => string | Carried>> = {
  'as it is issued': good,
  'the scheme in small letters': (forge) => ({ headers: ['authorization', `bearer ${good(forge)}`] }),
  'two spaces after the scheme': (forge) => ({ headers: ['authorization', `Bearer  ${good(forge)}`] }),
  'spaces before the scheme': (forge) => ({ headers: ['authorization', `   Bearer ${good(forge)}`] }),
  'at+jwt (RFC 9068)': (forge) => headed(forge, { typ: 'at+jwt' }),
  'application/at+jwt': (forge) => headed(forge, { typ: 'application/at+jwt' }),
  'no typ': (forge) => headed(forge, { typ: undefined }),
  'an audience among others': (forge) => claiming(forge, { aud: ['https://other.example', forge.audience] }),
  'an end with a fraction': (forge) => claiming(forge, { exp: forge.now + 600.5 }),
  'the organisation as text': (forge) => claiming(forge, { organization_id: '100' }),
  'the client id of RFC 9068': (forge) => claiming(forge, { client_id: 's6BhdRkqt3' }),
  'claims that nobody here knows': (forge) => claiming(forge, { 'https://example.com/claim': { a: [1, null] } }),
  'an address of keys, which nobody asks': (forge) => headed(forge, { jku: `${forge.trap}/keys`, x5u: `${forge.trap}/x5u` }),
  'by a partner’s key, without a kid': (forge) =>
    signed({ alg: 'RS256' }, { ...forge.claims, iss: forge.partner.issuer }, forge.partner.privateKey),
  'by a published key': ({ header, claims, publishing }) =>
    signed({ ...header, kid: publishing.kid }, { ...claims, iss: publishing.issuer, aud: publishing.audience }, publishing.privateKey),
}

describe('a good token', () => {
  test('there are contracts that take one, and doors of every kind', () => {
    expect([...new Set(targets.map(({ contract }) => contract.name))]).toEqual(expect.arrayContaining(['sapien', 'sei']))
    expect([...new Set(targets.map(({ kind }) => kind))]).toEqual(expect.arrayContaining(['GET', 'POST', 'stream', 'ticket']))
  })

  test.each(Object.entries(variations))('opens every door: %s', async (_, make) => {
    for (const target of targets) {
      const { status, body } = await field.send(target, carried(make(field.forge)))
      expect([nameOf(target), status, body]).not.toEqual([nameOf(target), 401, body])
      expect([nameOf(target), status < 500 && status !== 403]).toEqual([nameOf(target), true])
    }
  })
})

describe('an attack', () => {
  test('is known by at least sixty names, each of something else than the good token and than the others', () => {
    expect(attacks.length).toBeGreaterThanOrEqual(60)
    expect(new Set(attacks.map(([name]) => name)).size).toBe(attacks.length)
    const seen = new Map([[JSON.stringify(carried(good(field.forge))), 'the good token']])
    for (const [name, what] of prepared) {
      const bytes = JSON.stringify(what)
      expect([name, seen.get(bytes)]).toEqual([name, undefined])
      seen.set(bytes, name)
    }
  })

  test.each(attacks.map(([name]) => name))('opens no door: %s', async (name) => {
    const what = prepared.get(name) ?? expect.unreachable()
    const wrong = await Promise.all(
      targets.map(async (target) => {
        const found = complaint(target, await field.send(target, what), what)
        return found === null ? [] : [`${nameOf(target)}: ${found}`]
      }),
    )
    expect(wrong.flat()).toEqual([])
  })

  test('makes nobody ask the attacker’s server, and leaves the good token good', async () => {
    expect(field.asked()).toBe(0)
    for (const target of targets) expect((await field.send(target, carried(good(field.forge)))).status).not.toBe(401)
  })
})
