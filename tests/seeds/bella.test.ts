// The appointment book as its document shows it: its own requests, on the day the document was written.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { movableClock } from '../../src/platform/time/index.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { asker, lacking, second, type Wire } from './asking.ts'

const clock = movableClock('2025-09-30T14:30:00.250Z')
let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse({ clock })
})
afterAll(() => house?.close())

const ask = asker(
  () => house,
  () => ({ key: house.org.apiKey }),
)
let people = 0
async function person(): Promise<number> {
  const mobile = `+4420794601${String(++people).padStart(2, '0')}`
  return (await ask('POST', '/users', { json: { full_name: 'John Smith', mobile } })).body.id
}
const book = async (starts_at: string, more: object = {}) =>
  ask('POST', '/appointments', { json: { user_id: await person(), starts_at, ...more } })

const appointment = {
  id: 123,
  user_id: 123,
  full_name: 'John Smith',
  mobile: '+1234567890',
  starts_at: '2025-09-30T15:00:00Z',
  ends_at: '2025-09-30T15:30:00Z',
  duration_min: 30,
  status: 'booked',
  notes: 'Follow-up appointment',
  service: null,
  resource_id: 1,
  timezone: 'Europe/London',
  call_id: null,
  created_at: '2025-09-30T14:30:00Z',
}

describe('the documented requests', () => {
  test('create, get, list and update answer as documented, with times as the documents write them', async () => {
    const json = { user_id: await person(), starts_at: '2025-10-01T15:00:00Z', duration_min: 30, notes: 'Follow-up appointment' }
    const created = await ask('POST', '/appointments', { json })
    expect(created.status).toBe(201)
    expect(created.body).toMatchObject({ ...json, status: 'booked', ends_at: '2025-10-01T15:30:00Z', call_id: null })
    expect(lacking(appointment, created.body)).toEqual([])
    for (const field of ['starts_at', 'ends_at', 'created_at']) expect(created.body[field]).toMatch(second)
    expect(Number.isInteger(created.body.id)).toBe(true)
    expect(created.headers.get('location')).toBe(`/appointments/${created.body.id}`)
    expect((await ask('GET', `/appointments/${created.body.id}`)).body).toEqual(created.body)

    const list = await ask('GET', '/appointments?limit=10')
    expect(list.body).toMatchObject({ total: 1, limit: 10, offset: 0 })
    expect(list.body.appointments).toEqual([created.body])

    const moved = await ask('PUT', `/appointments/${created.body.id}`, { json: { starts_at: '2025-10-01T16:00:00Z', status: 'confirmed' } })
    expect(moved.status).toBe(200)
    expect(moved.body).toEqual({ ...created.body, starts_at: '2025-10-01T16:00:00Z', ends_at: '2025-10-01T16:30:00Z', status: 'confirmed' })

    expect((await ask('DELETE', `/appointments/${created.body.id}`)).status).toBe(204)
    expect((await ask('GET', `/appointments/${created.body.id}`)).body.status).toBe('cancelled')
  })

  test('the invalid appointment is the documented 422, in the full shape', async () => {
    const { status, body, headers } = await ask('POST', '/appointments', { json: { invalid: 'data' } })
    expect(status).toBe(422)
    expect(body.detail).toEqual([{ loc: ['body', 'starts_at'], msg: 'field required', type: 'value_error.missing' }])
    expect(body).toMatchObject({ error_code: expect.stringMatching(/^[A-Z_]+$/), timestamp: expect.stringMatching(second) })
    expect(body.correlation_id).toBe(headers.get('x-request-id'))
  })

  test.for([{}, { key: '' }, { key: 'your-api-key' }])('without a good key (%j) it is the documented 401', async (credential) => {
    const { status, body, headers } = await asker(() => house)('GET', '/appointments', credential)
    expect([status, body.detail]).toEqual([401, 'Invalid or missing API key'])
    expect(lacking({ detail: '', error_code: '', timestamp: '', correlation_id: '' }, body)).toEqual([])
    expect(body.timestamp).toMatch(second)
    expect(body.correlation_id).toBe(headers.get('x-request-id'))
  })

  test('health, readiness and metrics ask for no key', async () => {
    const open = asker(() => house)
    expect((await open('GET', '/healthz')).body).toEqual({ ok: true })
    expect((await open('GET', '/readyz')).body).toEqual({ db: 'ok' })
    const metrics = await open('GET', '/metrics')
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain/)
    for (const asked of [open('GET', '/metrics?format=json'), open('GET', '/metrics', { headers: { accept: 'application/json' } })])
      expect((await asked).body).toMatchObject({ performance: expect.any(Object), errors: expect.any(Object) })
  })

  test('a key with a few scopes may do just that: 403 for the rest', async () => {
    const { key } = await house.house.apiKeys.create(house.session(), { name: 'Reader', scopes: ['appointments:read'], expiresAt: null })
    expect((await ask('GET', '/appointments', { key })).status).toBe(200)
    const refused = await ask('POST', '/appointments', { key, json: { user_id: 1, starts_at: '2025-10-01T15:00:00Z' } })
    expect([refused.status, refused.body.error_code]).toEqual([403, 'PERMISSION_DENIED'])
  })

  test('a key past its expiry is the 401 of a key that nobody has', async () => {
    const expiresAt = new Date('2025-09-30T14:31:00Z')
    const { key } = await house.house.apiKeys.create(house.session(), { name: 'Short', scopes: ['*'], expiresAt })
    expect((await ask('GET', '/users', { key })).status).toBe(200)
    clock.advance(61)
    expect((await ask('GET', '/users', { key })).status).toBe(401)
  })
})

describe('users', () => {
  test('are made and listed under their name, with paging', async () => {
    const json = { full_name: 'Grace Hopper', mobile: '+442079460999' }
    const made = await ask('POST', '/users', { json })
    expect([made.status, made.body.full_name, made.body.mobile]).toEqual([201, json.full_name, json.mobile])
    expect(made.headers.get('location')).toBe(`/users/${made.body.id}`)
    expect((await ask('GET', `/users/${made.body.id}`)).body).toEqual(made.body)
    const { body } = await ask('GET', '/users?limit=1&offset=1')
    expect(lacking({ users: [{ id: 1, full_name: '', mobile: '' }], total: 1, limit: 1, offset: 1 }, body)).toEqual([])
    expect(body.users).toHaveLength(1)
    expect((await ask('POST', '/users', { json })).status).toBe(409)
    expect((await ask('POST', '/users', { json: { full_name: 'Nobody', mobile: '12' } })).status).toBe(422)
  })
})

describe('the list', () => {
  test('is narrowed by person, status and time, the time with any offset', async () => {
    const { body: one } = await book('2025-10-06T09:00:00+01:00')
    expect(one.starts_at).toBe('2025-10-06T08:00:00Z')
    const ids = async (query: string) => (await ask('GET', `/appointments?${query}`)).body.appointments.map(({ id }: Wire) => id)
    const plus = encodeURIComponent('+01:00')
    expect(await ids(`user_id=${one.user_id}`)).toEqual([one.id])
    expect(await ids(`user_id=${one.user_id}&status=confirmed`)).toEqual([])
    expect(await ids(`from=2025-10-06T08:00:00Z&to=2025-10-06T08:00:01Z`)).toEqual([one.id])
    expect(await ids(`from=2025-10-06T09:00:00${plus}&to=2025-10-06T09:00:01${plus}`)).toEqual([one.id])
    expect(await ids('from=2025-10-06&to=2025-10-06')).toEqual([one.id])
    expect(await ids('from=2025-10-06T08:00:01Z&to=2025-10-07')).toEqual([])
    await ask('DELETE', `/appointments/${one.id}`)
    expect(await ids(`user_id=${one.user_id}&status=cancelled`)).toEqual([one.id])
  })

  test.for([
    'limit=0',
    'limit=-1',
    'limit=ten',
    'offset=-1',
    'user_id=x',
    'status=gone',
    'from=yesterday',
    'to=2025-02-30',
    'from=2025-10-01T10:00:00',
  ])('refuses %s by name, as 422', async (query) => {
    const { status, body } = await ask('GET', `/appointments?${query}`)
    expect([status, body.detail[0].loc]).toEqual([422, ['query', query.split('=')[0]]])
    expect(lacking([{ loc: [''], msg: '', type: '' }], body.detail)).toEqual([])
  })

  test.for([
    '/appointments/abc',
    '/appointments/0',
    '/appointments/-1',
    '/appointments/1.5',
    `/appointments/${'9'.repeat(30)}`,
    '/users/abc',
    '/users/1e1',
  ])('%s names nothing: 404', async (path) => {
    const { status, body } = await ask('GET', path)
    expect([status, typeof body.detail]).toEqual([404, 'string'])
  })
})

describe('a booking', () => {
  test('never takes a time twice: 409 with the five nearest free ones, and they are free', async () => {
    expect((await book('2025-10-08T10:00:00Z')).status).toBe(201)
    for (const start of ['2025-10-08T10:00:00Z', '2025-10-08T09:45:00Z', '2025-10-08T10:15:00Z']) {
      const { status, body } = await book(start)
      expect([status, body.error_code, body.alternatives.length]).toEqual([409, 'APPOINTMENT_CONFLICT', 5])
    }
    const { body } = await book('2025-10-08T10:00:00Z')
    for (const { starts_at, ends_at } of body.alternatives)
      expect([starts_at, ends_at]).toEqual([expect.stringMatching(second), expect.stringMatching(second)])
    expect((await book(body.alternatives[0].starts_at)).status).toBe(201)
    const back = await book('2025-10-08T11:00:00Z')
    expect(back.status).toBe(201)
    expect((await ask('PUT', `/appointments/${back.body.id}`, { json: { starts_at: '2025-10-08T10:00:00Z' } })).status).toBe(409)
    expect((await ask('GET', `/appointments/${back.body.id}`)).body.starts_at).toBe('2025-10-08T11:00:00Z')
  })

  test('of one slot by 200 at once is won by one', async () => {
    const user_id = await person()
    const starts_at = '2025-10-09T10:00:00Z'
    const all = await Promise.all(Array.from({ length: 200 }, () => ask('POST', '/appointments', { json: { user_id, starts_at } })))
    expect(all.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(all.filter(({ status }) => status === 409)).toHaveLength(199)
  }, 60_000)

  test.for([
    ['on a Saturday', '2025-10-04T10:00:00Z', 'OUTSIDE_OPENING_HOURS'],
    ['past closing', '2025-10-02T16:15:00Z', 'OUTSIDE_OPENING_HOURS'],
    ['before opening in the calendar’s zone', '2025-10-02T07:30:00Z', 'OUTSIDE_OPENING_HOURS'],
    ['within two hours', '2025-09-30T15:30:00Z', 'TOO_SHORT_NOTICE'],
    ['past 400 days', '2026-11-10T10:00:00Z', 'TOO_FAR_AHEAD'],
    ['in the past', '2025-09-29T10:00:00Z', 'TIME_IN_PAST'],
  ] as const)('%s breaks a rule: 422', async ([, starts_at, code]) => {
    const { status, body } = await book(starts_at)
    expect([status, body.error_code]).toEqual([422, code])
  })

  test('of somebody who does not exist is 404, of a length that is none 422', async () => {
    expect((await ask('POST', '/appointments', { json: { user_id: 999_999, starts_at: '2025-10-02T10:00:00Z' } })).status).toBe(404)
    for (const duration_min of [0, -30, 1.5, '30 minutes'])
      expect((await book('2025-10-02T10:00:00Z', { duration_min })).status, String(duration_min)).toBe(422)
  })
})

describe('what is free', () => {
  const free = async (query: string) => (await ask('GET', `/appointments/availability?${query}`)).body
  const starts = async (query: string) => (await free(query)).slots.map(({ local_start }: Wire) => local_start)

  test('is said in UTC and on the wall clock', async () => {
    const body = await free('from=2025-10-14&to=2025-10-14&duration_min=30')
    expect(body.timezone).toBe('Europe/London')
    expect(body.slots[0]).toEqual({
      starts_at: '2025-10-14T08:00:00Z',
      ends_at: '2025-10-14T08:30:00Z',
      local_start: '2025-10-14T09:00',
      resource_id: expect.any(Number),
    })
    expect(body.slots).toHaveLength(33)
    expect(body.slots.at(-1).local_start).toBe('2025-10-14T17:00')
  })

  test('keeps to the wall clock through the change to winter time, and to the length asked for', async () => {
    const { slots } = await free('from=2025-10-24&to=2025-10-27&duration_min=60')
    expect(slots[0]).toMatchObject({ starts_at: '2025-10-24T08:00:00Z', local_start: '2025-10-24T09:00' })
    expect(slots.find(({ local_start }: Wire) => local_start === '2025-10-27T09:00')).toMatchObject({ starts_at: '2025-10-27T09:00:00Z' })
    expect(slots).toHaveLength(2 * 31)
    expect(slots.every(({ starts_at, ends_at }: Wire) => Date.parse(ends_at) - Date.parse(starts_at) === 3_600_000)).toBe(true)
  })

  test('leaves out what is booked, and has it again when it is cancelled', async () => {
    const query = 'from=2025-10-15T09:00:00Z&to=2025-10-15T10:00:00Z'
    const before = await starts(query)
    const { body } = await book('2025-10-15T09:00:00Z')
    expect(await starts(query)).not.toContain('2025-10-15T10:00')
    await ask('DELETE', `/appointments/${body.id}`)
    expect(await starts(query)).toEqual(before)
  })

  test('can be booked, each of it, with daylight saving or without', async () => {
    const { slots } = await free('from=2026-03-30&to=2026-03-30')
    expect(slots[0]).toMatchObject({ local_start: '2026-03-30T09:00', starts_at: '2026-03-30T08:00:00Z' })
    expect((await book(slots[0].starts_at)).status).toBe(201)
  })
})

test('the calendar is read by key, and by an address that can be ended', async () => {
  const { body } = await book('2025-10-16T10:00:00Z')
  expect(body.status).toBe('booked')
  const byKey = await ask('GET', '/appointments.ics')
  expect(byKey.headers.get('content-type')).toMatch(/^text\/calendar/)
  expect(byKey.text).toMatch(/^BEGIN:VCALENDAR\r\n/)
  expect(byKey.text).toContain('DTSTART:20251016T100000Z')
  const feed = await ask('POST', '/appointments/feeds')
  expect(feed.status).toBe(201)
  const stranger = () => fetch(feed.body.url)
  expect(await (await stranger()).text()).toBe(byKey.text)
  expect((await ask('DELETE', feed.headers.get('location') ?? '')).status).toBe(204)
  expect((await stranger()).status).toBe(401)
  expect((await asker(() => house)('GET', '/appointments.ics')).status).toBe(401)
})
