// Attacks on bella's key, and every kind of credential at every door but its own.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Besieged, besiege, targetsOf } from './besieged.ts'
import { good } from './forge.ts'
import type { Carried } from './tokens.ts'

const targets = targetsOf('apiKey')
let field: Besieged
let spent: { readonly revoked: string; readonly expired: string; readonly suspended: string }
beforeAll(async () => {
  field = await besiege()
  spent = await spend()
})
afterAll(() => field?.close())

/** Keys that were good once. */
async function spend() {
  const { house, session } = field.house
  const make = (organizationId: number, expiresAt: Date | null) =>
    house.apiKeys.create(session(organizationId), { name: 'spent', scopes: ['*'], expiresAt })
  const revoked = await make(100, null)
  expect((await field.send(anywhere(), keyed(revoked.key))).status).not.toBe(401)
  await house.apiKeys.revoke(session(100), revoked.id)
  const expired = await make(100, new Date(house.clock.now().getTime() - 1))
  const suspended = await make(field.forge.organizations.suspended, null)
  return { revoked: revoked.key, expired: expired.key, suspended: suspended.key }
}

const anywhere = () => targets[0] ?? expect.unreachable()
const keyed = (key: string): Carried => ({ headers: ['x-api-key', key] })
const key = () => field.forge.others.apiKey

const attacks: Readonly<Record<string, () => Carried>> = {
  'no key': () => ({ headers: [] }),
  'an empty key': () => keyed(''),
  'a key that nobody has': () => keyed(`pb_${'A'.repeat(43)}`),
  'a key without its last letter': () => keyed(key().slice(0, -1)),
  'a key with a letter more': () => keyed(`${key()}A`),
  'a key without its prefix': () => keyed(key().slice(3)),
  'the prefix alone': () => keyed('pb_'),
  'a key in capitals': () => keyed(key().toUpperCase()),
  'a key in quotes': () => keyed(`"${key()}"`),
  'a key with a space inside': () => keyed(`${key().slice(0, 10)} ${key().slice(10)}`),
  'a key with its NUL percent-encoded': () => keyed(`${key()}%00`),
  'a pattern': () => keyed('pb_%'),
  SQL: () => keyed(`${key()}' OR '1'='1`),
  'the digest of a key': () => keyed(Buffer.from(key()).toString('hex')),
  'a key of 8 KB': () => keyed(key().padEnd(8000, 'A')),
  'two headers, both good': () => ({ headers: ['x-api-key', key(), 'X-API-Key', key()] }),
  'two headers, the good one first': () => ({ headers: ['x-api-key', key(), 'x-api-key', 'x'] }),
  'two keys in one header': () => keyed(`${key()}, ${key()}`),
  'behind Bearer': () => ({ headers: ['authorization', `Bearer ${key()}`] }),
  'as the user of Basic': () => ({ headers: ['authorization', `Basic ${Buffer.from(`${key()}:`).toString('base64')}`] }),
  'with a scheme': () => keyed(`Bearer ${key()}`),
  'in the address': () => ({ headers: [], query: `x-api-key=${key()}&api_key=${key()}&apikey=${key()}` }),
  'in a cookie': () => ({ headers: ['cookie', `x-api-key=${key()}`] }),
  'under another header’s name': () => ({ headers: ['api-key', key(), 'x-apikey', key(), 'x_api_key', key()] }),
  'a key that was revoked': () => keyed(spent.revoked),
  'a key that has run out': () => keyed(spent.expired),
  'a key of a suspended organisation': () => keyed(spent.suspended),
  'an access token': () => keyed(good(field.forge)),
  'an access token where tokens belong': () => ({ headers: ['authorization', `Bearer ${good(field.forge)}`] }),
  'a refresh token': () => keyed(field.forge.others.refreshToken),
  'a ticket': () => keyed(field.forge.others.ticket),
  'a calendar feed’s token': () => keyed(field.forge.others.feedToken),
  'a client’s secret': () => keyed(field.forge.others.clientSecret),
}

describe('a key', () => {
  test('that is good opens every door of bella, with spaces around it too', async () => {
    expect(targets.map(({ contract }) => contract.name)).toContain('bella')
    for (const target of targets) {
      expect([target, (await field.send(target, keyed(key()))).status]).not.toEqual([target, 401])
      expect([target, (await field.send(target, keyed(` ${key()} `))).status]).not.toEqual([target, 401])
    }
  })

  test.each(Object.entries(attacks))('opens no door: %s', async (_, make) => {
    for (const target of targets) {
      const { status, body } = await field.send(target, make())
      const word = (JSON.parse(body) as { error_code?: string }).error_code
      expect([target.path, status, word]).toEqual([target.path, 401, 'INVALID_API_KEY'])
    }
  })
})

describe('a credential at a door that is not its own', () => {
  const { refreshToken: _, ...rest } = { refreshToken: 0, apiKey: 0, feedToken: 0, ticket: 0, clientSecret: 0 }
  const kinds = () => ({ ...field.forge.others, accessToken: good(field.forge) })

  test('refreshes nothing', async () => {
    for (const kind of [...(Object.keys(rest) as (keyof typeof rest)[]), 'accessToken' as const]) {
      const refresh_token = kinds()[kind]
      const asked = await field.house.request('POST', '/oauth/token', { json: { grant_type: 'refresh_token', refresh_token } })
      expect([kind, asked.status]).toEqual([kind, 400])
      expect([kind, (await field.house.request('POST', '/api/v1/auth/refresh', { json: { refresh_token } })).status]).not.toEqual([
        kind,
        200,
      ])
    }
  })

  test('opens no stream of events as a ticket, and no calendar as a feed', async () => {
    const { ticket, feedToken, ...others } = kinds()
    for (const [kind, value] of Object.entries({ ...others, feedToken })) {
      expect([kind, (await field.house.request('GET', `/v1/events?ticket=${value}`)).status]).toEqual([kind, 401])
    }
    for (const [kind, value] of Object.entries({ ...others, ticket })) {
      expect([kind, (await field.house.request('GET', `/appointments.ics?token=${value}`)).status]).toEqual([
        kind,
        expect.toBeOneOf([401, 422]),
      ])
    }
  })

  test('a ticket that was changed in one letter, or cut, opens no stream', async () => {
    const { ticket } = kinds()
    const turned = (at: number) => ticket.slice(0, at) + (ticket[at] === 'A' ? 'B' : 'A') + ticket.slice(at + 1)
    for (const at of [0, 10, ticket.length >> 1, ticket.length - 4])
      expect((await field.house.request('GET', `/v1/events?ticket=${turned(at)}`)).status).toBe(401)
    expect((await field.house.request('GET', `/v1/events?ticket=${ticket.slice(0, -4)}`)).status).toBe(401)
    expect((await field.house.request('GET', '/v1/events?ticket=')).status).toBe(401)
  })
})
