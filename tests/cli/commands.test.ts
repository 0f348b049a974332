// The commands, as a newcomer runs them: ./patchbay against a Patchbay that runs on a data folder of its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Credentials } from '../../src/founding/credentials.ts'
import { type RunningPatchbay, runPatchbay, startPatchbay } from './patchbay.ts'

const json = async (response: Response): Promise<Record<string, unknown>> => {
  expect(response.status).toBe(200)
  return (await response.json()) as Record<string, unknown>
}
type Rows = Record<string, unknown>[]

/** A password that was made for somebody lets them in, and is not taken again for their own. */
async function isFirst(baseUrl: string, username: string, password: string): Promise<boolean> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username, password }) }
  const { access_token } = (await json(await fetch(`${baseUrl}/api/v1/auth/login`, post))) as { access_token: string }
  const authorization = `Bearer ${access_token}`
  const { sub } = (await json(await fetch(`${baseUrl}/userinfo`, { headers: { authorization } }))) as { sub: string }
  const kept = await fetch(`${baseUrl}/v1/users/${sub.split(':').at(-1)}`, {
    method: 'PUT',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ password, currentPassword: password }),
  })
  return (await kept.text()).includes('must not be the first one again')
}

describe('a Patchbay after its first start', () => {
  let patchbay: RunningPatchbay
  beforeAll(async () => {
    patchbay = await startPatchbay()
  }, 90_000)
  afterAll(() => patchbay.stop())

  test('has a history: calls of every outcome, recordings with words, voicemail, appointments ahead', async () => {
    const calls = (await json(await patchbay.get('/v1/calls?limit=100'))).calls as Rows
    expect(calls.length).toBeGreaterThanOrEqual(30)
    expect([...new Set(calls.map(({ status }) => status))].sort()).toEqual([
      'busy',
      'cancelled',
      'completed',
      'failed',
      'no_answer',
      'voicemail',
    ])
    const recordings = ((await json(await patchbay.get('/v1/recordings?limit=100'))).recordings as Rows).filter(
      ({ status }) => status === 'available',
    )
    expect(recordings.length).toBeGreaterThanOrEqual(3)
    for (const { callId, size } of recordings) {
      expect(size).toBeGreaterThan(1_000)
      expect(((await json(await patchbay.get(`/v1/calls/${callId}`))).transcript as Rows).length).toBeGreaterThan(0)
    }
    const voicemails = (await json(await patchbay.get('/v1/voicemail?status=all'))).voicemails as Rows
    expect(voicemails).toHaveLength(2)
    const now = new Date().toISOString()
    const appointments = (await json(await patchbay.get(`/appointments?limit=100`))).appointments as Rows
    expect(appointments.filter(({ starts_at, status }) => String(starts_at) > now && status === 'booked').length).toBeGreaterThanOrEqual(6)
  })

  test('doctor finds nothing wrong, and says so', async () => {
    const { code, out } = await patchbay.run('doctor')
    expect(out).toMatch(/Nothing is wrong\.\n$/)
    expect(out).toMatch(/PATCHBAY_DATA +\S+ +environment/)
    expect(out).toMatch(/ok +database +PostgreSQL \d+/)
    expect(code).toBe(0)
  })

  test('org create prints credentials that get in, with a number that can be rung; org suspend shuts them out, org resume lets them in', async () => {
    const { code, out } = await patchbay.run('org', 'create', '--name', 'Müller & Söhne', '--timezone', 'Europe/Berlin')
    expect(code).toBe(0)
    const made = JSON.parse(out) as Credentials
    expect(made).toMatchObject({
      baseUrl: patchbay.credentials.baseUrl,
      organizationId: 101,
      admin: { email: 'admin@muller-sohne.example' },
    })
    expect(Object.keys(made).sort()).toEqual(Object.keys(patchbay.credentials).sort())
    expect(await isFirst(made.baseUrl, made.admin.username, made.admin.password)).toBe(true)
    const { admin, baseUrl } = patchbay.credentials
    expect(await isFirst(baseUrl, admin.username, admin.password), 'the demo’s stays').toBe(false)
    const sandbox = made.sandbox?.baseUrl
    const rung = await fetch(`${sandbox}/sandbox/calls`, {
      method: 'POST',
      body: JSON.stringify({ to: made.twilio.phoneNumber, from: '+447700900777', script: [{ hangup: true }], speed: 'instant' }),
    })
    const { sid } = (await rung.json()) as { sid: string }
    await (await fetch(`${sandbox}/sandbox/calls/${sid}?wait=settled`)).json()
    expect((await json(await patchbay.get('/v1/calls', made))).calls).toMatchObject([{ from: '+447700900777', status: 'completed' }])
    expect((await patchbay.run('org', 'create', '--name', 'Müller & Söhne')).err).toContain('domain')

    const knock = async () => (await fetch(`${made.baseUrl}/appointments`, { headers: { 'x-api-key': made.apiKey } })).status
    expect(await knock()).toBe(200)
    expect(await patchbay.run('org', 'suspend', '101')).toMatchObject({ code: 0, out: expect.stringContaining('"suspended"') })
    await expect.poll(knock).toBe(401)
    expect((await patchbay.run('org', 'resume', '101')).code).toBe(0)
    await expect.poll(knock).toBe(200)
  })

  test('user creates, lists and deactivates people', async () => {
    const made = await patchbay.run('user', 'create', '--email', 'max@acme.example', '--first-name', 'Max', '--last-name', 'Planck')
    const { id, password } = JSON.parse(made.out) as { id: number; password: string }
    expect(password).toMatch(/^\S{16}$/)
    const again = await patchbay.run('user', 'create', '--email', 'max@acme.example', '--first-name', 'Max', '--last-name', 'Planck')
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('is already in use') })
    expect(JSON.parse((await patchbay.run('user', 'list', '--search', 'Planck')).out)).toMatchObject({
      users: [{ id, status: 'active' }],
      total: 1,
    })
    const renewed = JSON.parse((await patchbay.run('user', 'password', String(id))).out) as { id: number; password: string }
    expect(renewed.password).toMatch(/^\S{16}$/)
    expect(renewed.password).not.toBe(password)
    for (const own of [['--password', 'a-quiet-harbour-7'], []]) {
      const set = JSON.parse((await patchbay.run('user', 'password', String(id), ...own)).out) as { password?: string }
      const first = await isFirst(patchbay.credentials.baseUrl, 'max@acme.example', set.password ?? 'a-quiet-harbour-7')
      expect([first, set.password !== undefined]).toEqual(own.length > 0 ? [false, false] : [true, true])
    }
    expect((await patchbay.run('user', 'password', '999999')).code).toBe(1)
    expect((await patchbay.run('user', 'deactivate', String(id))).code).toBe(0)
    expect(JSON.parse((await patchbay.run('user', 'list', '--search', 'Planck')).out)).toMatchObject({ total: 0 })
    expect(await patchbay.run('user', 'list', '--org', '999')).toMatchObject({ code: 1, err: 'No such organization.\n' })
  })

  test('cache clear empties the memory of the server that runs', async () => {
    const size = async () =>
      ((await json(await patchbay.get('/admin/cache/stats'))).families as Record<string, { size: number }>).user?.size
    const users = (await json(await patchbay.get('/v1/users'))).users as Rows
    await json(await patchbay.get(`/v1/users/${users[0]?.id}`))
    expect(await size()).toBe(1)
    expect((await patchbay.run('cache', 'clear', '--type', 'user')).out).toContain('user')
    await expect.poll(size).toBe(0)
    expect((await patchbay.run('cache', 'clear', '--type', 'nonsense')).code).toBe(1)
  })

  test('export calls writes what the API exports', async () => {
    const exported = await patchbay.run('export', 'calls', '--format', 'csv', '--to', '2100-01-01')
    const answered = await patchbay.get('/v1/calls/export?format=csv')
    expect(exported.out).toBe(await answered.text())
    const parquet = await patchbay.run('export', 'calls', '--format', 'parquet')
    expect(parquet.bytes.subarray(0, 4).toString()).toBe('PAR1')
  })

  test('jobs shows what waits and runs what is asked for', async () => {
    expect((await patchbay.run('jobs')).out).toMatch(/^\d+ queued, \d+ running, 0 failed; [1-9]\d* workers? alive/)
    expect(JSON.parse((await patchbay.run('jobs', 'run', 'calls.reconcile')).out)).toMatchObject({ task: 'calls.reconcile' })
    await expect.poll(async () => (await patchbay.run('jobs', '--json')).out, { timeout: 10_000 }).not.toContain('"calls.reconcile"')
    expect((await patchbay.run('jobs', 'run', 'nonsense')).code).toBe(1)
    expect((await patchbay.run('jobs', 'retry', '999999')).code).toBe(1)
  })

  test('privacy shows a caller everything, then forgets them', async () => {
    const caller = ['--contact', '+447700900209']
    const held = JSON.parse((await patchbay.run('privacy', 'export', ...caller)).out) as {
      contact: object
      calls: { transcript: unknown[] }[]
    }
    expect(held.contact).toMatchObject({ fullName: 'Robert Boyle' })
    expect(held.calls.some(({ transcript }) => transcript.length > 3)).toBe(true)
    const erased = await patchbay.run('privacy', 'erase', ...caller)
    expect(JSON.parse(erased.out)).toMatchObject({ calls: held.calls.length, recordings: 1 })
    expect(await patchbay.run('privacy', 'export', ...caller)).toMatchObject({ code: 1, out: '' })
    const { calls } = await json(await patchbay.get('/v1/calls?limit=100'))
    expect(JSON.stringify(calls)).not.toContain('+447700900209')
    expect((await patchbay.run('audit', 'verify')).code).toBe(0)
  })
})

test('openapi prints a contract without anything running', async () => {
  const { code, out } = await runPatchbay({ DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' }, 'openapi', 'bella')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ openapi: '3.1.0', paths: { '/appointments': {} } })
})

test('doctor names everything that is wrong at once, and ends with 1', async () => {
  const settings = await runPatchbay({ PORT: 'abc', LIMIT_SEI: 'lots' }, 'doctor')
  expect(settings.code).toBe(1)
  expect(settings.out).toMatch(/WRONG +PORT +abc must be/)
  expect(settings.out).toMatch(/WRONG +LIMIT_SEI +lots must/)
  const nowhere = {
    DATABASE_URL: 'postgres://a:b@127.0.0.1:9/x',
    REDIS_URL: 'redis://127.0.0.1:9',
    SECRET_KEY: 'only-for-this-test-0123456789abcdef',
  }
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-doctor-'))
  const outside = await runPatchbay({ ...nowhere, PATCHBAY_DATA: folder }, 'doctor')
  rmSync(folder, { recursive: true, force: true })
  expect(outside.code).toBe(1)
  expect(outside.out).toMatch(/WRONG +database +nothing listens there/)
  expect(outside.out).toMatch(/WRONG +Redis/)
})
