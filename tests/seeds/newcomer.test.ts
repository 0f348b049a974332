// What the contract says of a first start: the credentials file, the commands that make credentials, voicemail that was left.
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import { lacking, type Wire } from './asking.ts'
import { type Newcomer, openNewcomer } from './newcomer.ts'

let newcomer: Newcomer
let ask: Newcomer['ask']
beforeAll(async () => {
  newcomer = await openNewcomer()
  ask = newcomer.ask
}, 120_000)
afterAll(() => newcomer?.patchbay.stop())

const get = async (path: string): Promise<Wire> => (await ask('GET', path)).body
const run = (...args: string[]) => newcomer.patchbay.run(...args)

describe('credentials.json', () => {
  test('has what the contract lists, and is for its owner alone', async () => {
    const folder = newcomer.patchbay.folder
    const file = join(folder, 'credentials.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const documented = {
      baseUrl: '',
      organizationId: 100,
      admin: { username: '', email: '', password: '' },
      oauth: { client_id: '', client_secret: '', audience: '' },
      apiKey: '',
      twilio: { accountSid: '', authToken: '', phoneNumber: '' },
      sandbox: { baseUrl: '' },
    }
    expect(lacking(documented, JSON.parse(readFileSync(file, 'utf8')))).toEqual([])
  })

  test('signs its admin in', async () => {
    const { username, password } = newcomer.patchbay.credentials.admin
    const { status, body } = await ask('POST', '/api/v1/auth/login', { as: null, json: { username, password } })
    expect([status, body.token_type]).toEqual([200, 'bearer'])
    expect((await ask('GET', '/v1/users', { as: body.access_token })).status).toBe(200)
  })
})

const token = async (...args: string[]) => (await run('token', ...args)).out.trim()
const status = async (as: string, path = '/v1/users') => (await ask('GET', path, { as })).status

describe('patchbay token', () => {
  test('prints a token of any role, time and claim', async () => {
    expect(await status(await token())).toBe(200)
    expect(await status(await token('--roles', 'integration,user'))).toBe(200)
    expect(await status(await token('--roles', 'user'), '/admin/cache/stats')).toBe(403)
    const [, claims = ''] = (await token('--ttl', '5m')).split('.')
    const { exp, iat } = JSON.parse(Buffer.from(claims, 'base64url').toString())
    expect(exp - iat).toBe(300)
  })

  test('prints bad ones too, which let nobody in', async () => {
    const past = Math.floor(Date.now() / 1000) - 10
    for (const claims of [
      { exp: past },
      { iss: 'https://elsewhere.example/' },
      { aud: 'another' },
      { nbf: past + 3600 },
      { sub: null },
      { exp: past + 90_000 },
    ])
      expect([claims, await status(await token('--claims', JSON.stringify(claims)))]).toEqual([claims, 401])
  })

  test('goes on working when the keys are rotated, and is signed by the new one after', async () => {
    const kid = (of: string) => JSON.parse(Buffer.from(of.split('.')[0] ?? '', 'base64url').toString()).kid
    const before = await token()
    expect((await run('keys', 'rotate')).code).toBe(0)
    const after = await token()
    expect(kid(after)).not.toBe(kid(before))
    expect([await status(before), await status(after)]).toEqual([200, 200])
    const { keys } = (await ask('GET', '/.well-known/jwks.json', { as: null })).body
    expect(keys.map((key: Wire) => key.kid)).toEqual(expect.arrayContaining([kid(before), kid(after)]))
  })
})

test('patchbay apikey creates a key with scopes, once shown, and revokes it', async () => {
  const made = JSON.parse((await run('apikey', 'create', '--name', 'Desk', '--scopes', 'appointments:read', '--expires', '30d')).out)
  expect(lacking({ id: '', key: '' }, made)).toEqual([])
  const use = (path: string) => ask('GET', path, { as: null, headers: { 'x-api-key': made.key } })
  expect([(await use('/appointments')).status, (await use('/users')).status]).toEqual([200, 403])
  expect((await run('apikey', 'revoke', made.id)).code).toBe(0)
  await expect.poll(async () => (await use('/appointments')).status, { timeout: 1_000 }).toBe(401)
})

test('patchbay audit verify finds the chain whole', async () => {
  await ask('PUT', '/v1/organizations/100/settings', { json: { maxRecordingDays: 30 } })
  const { code, out } = await run('audit', 'verify')
  expect([code, out]).toEqual([0, expect.stringMatching(/\d/)])
})

test('a call that was booked is one call in both APIs, and the caller one person', async () => {
  const key = newcomer.patchbay.credentials.apiKey
  const { appointments } = (await ask('GET', '/appointments?limit=100', { as: null, headers: { 'x-api-key': key } })).body
  const booked = appointments.filter(({ call_id }: Wire) => call_id)
  expect(booked.length).toBeGreaterThan(0)
  for (const { call_id, mobile, user_id } of booked) {
    const call = await get(`/v1/calls/${call_id}`)
    expect([call.from, call.contactId]).toEqual([mobile, user_id])
  }
})

describe('/v1/voicemail', () => {
  test('is listed as documented, read and unread, downloaded and removed', async () => {
    const list = await get('/v1/voicemail')
    const documented = { id: 'vm-uuid-123', from: '+44123456789', duration: 45, status: 'new', createdAt: '2025-01-20T09:00:00Z' }
    expect(lacking({ voicemails: [documented], total: 2, limit: 20, offset: 0 }, list)).toEqual([])
    const [{ id }] = list.voicemails
    const words = await until('the message to be in words', async () => (await get(`/v1/voicemail/${id}`)).transcription as string | null)
    expect(words).toMatch(/\w+ \w+/)
    const count = async (status: string) => (await get(`/v1/voicemail?status=${status}`)).total
    const before = await count('new')
    const read = await ask('PUT', `/v1/voicemail/${id}/read`)
    expect([read.status, read.body.status]).toEqual([200, 'read'])
    expect([await count('new'), await count('read'), await count('all')]).toEqual([before - 1, 1, before])
    expect((await ask('PUT', `/v1/voicemail/${id}/unread`)).body.status).toBe('new')
    const redirect = await ask('GET', `/v1/voicemail/${id}/download`)
    expect(redirect.status).toBe(302)
    const audio = await fetch(redirect.headers.get('location') ?? '')
    expect(Buffer.from(await audio.arrayBuffer()).toString('latin1', 0, 4)).toBe('RIFF')
    for (const [method, path] of [
      ['GET', ''],
      ['PUT', '/read'],
      ['GET', '/download'],
      ['DELETE', ''],
    ] as const)
      expect((await ask(method, `/v1/voicemail/${id}${path}`, { as: newcomer.foreign })).status).toBe(404)
    expect((await ask('DELETE', `/v1/voicemail/${id}`)).status).toBe(204)
    expect((await ask('GET', `/v1/voicemail/${id}`)).status).toBe(404)
    expect(await count('all')).toBe(before - 1)
    for (const query of ['status=odd', 'userId=x', 'limit=1000']) expect((await ask('GET', `/v1/voicemail?${query}`)).status).toBe(400)
    expect((await get('/v1/voicemail?userId=999999')).voicemails).toEqual([])
  })
})

test('patchbay keys rotate --revoke ends every token of the keys before, and none of the new one', async () => {
  const before = await token()
  expect(await status(before)).toBe(200)
  expect((await run('keys', 'rotate', '--revoke')).code).toBe(0)
  await expect.poll(() => status(before)).toBe(401)
  expect(await status(await token())).toBe(200)
})
