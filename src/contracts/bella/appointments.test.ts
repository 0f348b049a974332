import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { addResource } from '../../domain/booking/index.ts'
import { movableClock } from '../../platform/time/index.ts'

// A Monday morning in winter: London's wall clock is UTC.
const clock = movableClock('2026-11-23T08:00:00Z')
let house: TestHouse
let key: string
let user: number

interface Reply {
  status: number
  headers: Headers
  body: Record<string, never> & { [field: string]: unknown }
}

async function call(method: string, path: string, json?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await house.request(method, path, { key, headers, ...(json === undefined ? {} : { json }) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : null }
}

const book = (starts_at: string, more: object = {}) => call('POST', '/appointments', { user_id: user, starts_at, ...more })
const idOf = ({ body }: Reply): number => Number(body.id)

beforeAll(async () => {
  house = await openTestHouse({ clock })
  key = house.org.apiKey
  user = idOf(await call('POST', '/users', { full_name: 'John Smith', mobile: '+1234567890' }))
})
afterAll(() => house.close())

describe('booking by API', () => {
  test('a booking is answered with 201, its address and every documented field', async () => {
    const made = await book('2026-12-01T10:00:00Z', { duration_min: 30, notes: 'Follow-up appointment' })
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe(`/appointments/${made.body.id}`)
    expect(made.body).toEqual({
      id: expect.any(Number),
      user_id: user,
      full_name: 'John Smith',
      mobile: '+1234567890',
      starts_at: '2026-12-01T10:00:00Z',
      ends_at: '2026-12-01T10:30:00Z',
      duration_min: 30,
      status: 'booked',
      notes: 'Follow-up appointment',
      service: null,
      resource_id: expect.any(Number),
      timezone: 'Europe/London',
      call_id: null,
      created_at: '2026-11-23T08:00:00Z',
    })
    expect((await call('GET', `/appointments/${made.body.id}`)).body).toEqual(made.body)
    const { body } = await call('GET', '/appointments?from=2026-12-01&to=2026-12-01')
    expect(body).toEqual({ appointments: [made.body], total: 1, limit: 50, offset: 0 })
  })

  test('an offset is understood, and the length is half an hour unless said', async () => {
    const made = await book('2026-12-01T13:00:00+01:00')
    expect(made.body).toMatchObject({ starts_at: '2026-12-01T12:00:00Z', ends_at: '2026-12-01T12:30:00Z', duration_min: 30 })
  })

  test('somebody new may be named in place of an id, and is not kept when the booking fails', async () => {
    const made = await call('POST', '/appointments', {
      full_name: 'Grace Hopper',
      mobile: '020 7946 0018',
      starts_at: '2026-12-01T14:00:00Z',
    })
    expect(made.body).toMatchObject({ full_name: 'Grace Hopper', mobile: '+442079460018' })
    const failed = await call('POST', '/appointments', { full_name: 'Nobody', mobile: '020 7946 0019', starts_at: '2026-12-06T14:00:00Z' })
    expect(failed.status).toBe(422)
    expect(JSON.stringify((await call('GET', '/users')).body)).not.toContain('+442079460019')
  })

  test.each([
    ['on a Sunday', '2026-12-06T10:00:00Z', 'OUTSIDE_OPENING_HOURS'],
    ['before opening', '2026-12-01T08:45:00Z', 'OUTSIDE_OPENING_HOURS'],
    ['running past closing', '2026-12-01T17:15:00Z', 'OUTSIDE_OPENING_HOURS'],
    ['in the past', '2026-11-20T10:00:00Z', 'TIME_IN_PAST'],
    ['within two hours', '2026-11-23T09:45:00Z', 'TOO_SHORT_NOTICE'],
    ['more than 400 days ahead', '2028-01-04T10:00:00Z', 'TOO_FAR_AHEAD'],
  ])('a time %s is refused by name', async (_, startsAt, code) => {
    expect(await book(startsAt)).toMatchObject({ status: 422, body: { error_code: code, detail: expect.any(String) } })
  })

  test('a taken time is 409 with the five nearest free ones on both sides', async () => {
    await book('2026-12-02T11:00:00Z')
    const refused = await book('2026-12-02T11:00:00Z')
    expect(refused).toMatchObject({ status: 409, body: { error_code: 'APPOINTMENT_CONFLICT', correlation_id: expect.any(String) } })
    expect(refused.body.alternatives).toEqual([
      { starts_at: '2026-12-02T10:30:00Z', ends_at: '2026-12-02T11:00:00Z' },
      { starts_at: '2026-12-02T11:30:00Z', ends_at: '2026-12-02T12:00:00Z' },
      { starts_at: '2026-12-02T10:15:00Z', ends_at: '2026-12-02T10:45:00Z' },
      { starts_at: '2026-12-02T11:45:00Z', ends_at: '2026-12-02T12:15:00Z' },
      { starts_at: '2026-12-02T10:00:00Z', ends_at: '2026-12-02T10:30:00Z' },
    ])
  })

  test('of 200 bookings of one slot at once exactly one stands, and the rest are offered others', async () => {
    const replies = await Promise.all(Array.from({ length: 200 }, () => book('2026-12-03T10:00:00Z')))
    const of = (status: number) => replies.filter((reply) => reply.status === status)
    expect([of(201).length, of(409).length]).toEqual([1, 199])
    for (const { body } of of(409)) expect(body.alternatives).toHaveLength(5)
    const { body } = await call('GET', '/appointments?from=2026-12-03T10:00:00Z&to=2026-12-03T10:30:00Z')
    expect(body.total).toBe(1)
  })

  test('a key repeats the answer, not the booking', async () => {
    const headers = { 'idempotency-key': 'one-booking' }
    const json = { user_id: user, starts_at: '2026-12-04T10:00:00Z' }
    const first = await call('POST', '/appointments', json, headers)
    const again = await call('POST', '/appointments', json, headers)
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.body).toEqual(first.body)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
  })

  test('an unknown user is 404, an unknown resource 422', async () => {
    expect(await call('POST', '/appointments', { user_id: 999_999, starts_at: '2026-12-04T12:00:00Z' })).toMatchObject({
      status: 404,
      body: { error_code: 'CONTACT_NOT_FOUND' },
    })
    expect(await book('2026-12-04T12:00:00Z', { resource_id: 999_999 })).toMatchObject({
      status: 422,
      body: { error_code: 'RESOURCE_UNKNOWN' },
    })
  })
})

describe('changing and cancelling', () => {
  test('a move and a confirmation in one, and what is left out stays', async () => {
    const id = idOf(await book('2026-12-07T10:00:00Z', { notes: 'Bring the form' }))
    const moved = await call('PUT', `/appointments/${id}`, { starts_at: '2026-12-07T16:00:00Z', status: 'confirmed' })
    expect(moved).toMatchObject({
      status: 200,
      body: { starts_at: '2026-12-07T16:00:00Z', ends_at: '2026-12-07T16:30:00Z', status: 'confirmed', notes: 'Bring the form' },
    })
    expect((await book('2026-12-07T10:00:00Z')).status).toBe(201)
  })

  test('an appointment may be moved by less than its own length', async () => {
    const id = idOf(await book('2026-12-08T10:00:00Z'))
    expect((await call('PUT', `/appointments/${id}`, { starts_at: '2026-12-08T10:15:00Z' })).status).toBe(200)
    expect((await call('PUT', `/appointments/${id}`, { duration_min: 60 })).body).toMatchObject({ ends_at: '2026-12-08T11:15:00Z' })
  })

  test('a move to a taken time is 409, and nothing has changed', async () => {
    await book('2026-12-09T10:00:00Z')
    const id = idOf(await book('2026-12-09T11:00:00Z'))
    const refused = await call('PUT', `/appointments/${id}`, { starts_at: '2026-12-09T10:15:00Z', notes: 'never' })
    expect(refused).toMatchObject({ status: 409, body: { alternatives: expect.any(Array) } })
    expect((await call('GET', `/appointments/${id}`)).body).toMatchObject({ starts_at: '2026-12-09T11:00:00Z', notes: null })
  })

  test('a move is judged like a booking', async () => {
    const id = idOf(await book('2026-12-10T10:00:00Z'))
    expect(await call('PUT', `/appointments/${id}`, { starts_at: '2026-12-12T10:00:00Z' })).toMatchObject({
      status: 422,
      body: { error_code: 'OUTSIDE_OPENING_HOURS' },
    })
  })

  test('cancelling frees the time, and cancelling again changes nothing', async () => {
    const id = idOf(await book('2026-12-11T10:00:00Z'))
    expect((await call('DELETE', `/appointments/${id}`)).status).toBe(204)
    expect((await call('DELETE', `/appointments/${id}`)).status).toBe(204)
    expect((await call('GET', `/appointments/${id}`)).body).toMatchObject({ status: 'cancelled' })
    expect((await book('2026-12-11T10:00:00Z')).status).toBe(201)
    expect(await call('PUT', `/appointments/${id}`, { status: 'booked' })).toMatchObject({
      status: 422,
      body: { error_code: 'APPOINTMENT_CLOSED' },
    })
  })

  test('a status that cannot follow is refused', async () => {
    const id = idOf(await book('2026-12-11T12:00:00Z'))
    await call('PUT', `/appointments/${id}`, { status: 'confirmed' })
    expect(await call('PUT', `/appointments/${id}`, { status: 'booked' })).toMatchObject({
      status: 422,
      body: { error_code: 'STATUS_NOT_ALLOWED' },
    })
  })

  test('with a second resource the same time is bookable twice, on different resources', async () => {
    const first = await book('2026-12-14T10:00:00Z')
    const chair = await addResource(house.session(), 'Second chair')
    const second = await book('2026-12-14T10:00:00Z')
    expect(second).toMatchObject({ status: 201, body: { resource_id: chair } })
    expect(first.body.resource_id).not.toBe(chair)
    expect((await book('2026-12-14T10:00:00Z')).status).toBe(409)
  })
})

describe('values of the wrong shape', () => {
  test('the missing field is named in the list form', async () => {
    const { status, body } = await call('POST', '/appointments', { invalid: 'data' })
    expect(status).toBe(422)
    expect(body.detail).toEqual([{ loc: ['body', 'starts_at'], msg: 'field required', type: 'value_error.missing' }])
    const noUser = await call('POST', '/appointments', { starts_at: '2026-12-15T10:00:00Z' })
    expect(noUser.body.detail).toEqual([{ loc: ['body', 'user_id'], msg: 'field required', type: 'value_error.missing' }])
  })

  test('an id of the wrong shape is as unknown as one that nobody has', async () => {
    const unknown = await call('GET', '/appointments/999999999')
    for (const id of ['abc', '1.5', '-1', '0x10', '99999999999999999999']) {
      expect(await call('GET', `/appointments/${id}`)).toMatchObject({
        status: 404,
        body: { detail: unknown.body.detail, error_code: 'APPOINTMENT_NOT_FOUND' },
      })
    }
  })

  test.each([
    ['/appointments?limit=0', ['query', 'limit']],
    ['/appointments?limit=abc', ['query', 'limit']],
    ['/appointments?offset=-1', ['query', 'offset']],
    ['/appointments?status=gone', ['query', 'status']],
    ['/appointments?from=yesterday', ['query', 'from']],
    ['/appointments/availability?from=2026-02-30', ['query', 'from']],
    ['/appointments/availability?from=2026-12-01&to=2026-11-01', ['query', 'to']],
    ['/appointments/availability?from=2026-12-01&to=2027-12-01', ['query', 'to']],
    ['/appointments/availability?duration_min=0', ['query', 'duration_min']],
  ])('GET %s is 422 and names the value', async (path, loc) => {
    expect(await call('GET', path)).toMatchObject({ status: 422, body: { error_code: 'VALIDATION_ERROR', detail: [{ loc }] } })
  })

  test.each([
    [{ starts_at: 'tomorrow' }, 'starts_at'],
    [{ starts_at: '2026-12-15T10:00:00' }, 'starts_at'],
    [{ starts_at: '2026-12-15T10:00:30Z' }, 'starts_at'],
    [{ starts_at: 1_796_000_000 }, 'starts_at'],
    [{ duration_min: 0 }, 'duration_min'],
    [{ duration_min: '30' }, 'duration_min'],
    [{ notes: 'a\u0000b' }, 'notes'],
    [{ user_id: 'one' }, 'user_id'],
  ])('a body with %j is 422 and names the field', async (wrong, field) => {
    const { status, body } = await book('2026-12-15T10:00:00Z', wrong)
    expect(status).toBe(422)
    expect(body.detail).toMatchObject([{ loc: ['body', field] }])
  })

  test('a number that no appointment has is 404', async () => {
    for (const id of ['999999', '0', '-1', '99999999999999999999999']) {
      expect(await call('GET', `/appointments/${id}`)).toMatchObject({ status: 404, body: { error_code: 'APPOINTMENT_NOT_FOUND' } })
    }
  })
})

describe('who may', () => {
  test('without a key it is 401, with a key for reading alone a change is 403', async () => {
    const nobody = await house.request('GET', '/appointments')
    expect(nobody.status).toBe(401)
    expect(await nobody.json()).toMatchObject({ detail: 'Invalid or missing API key', error_code: 'INVALID_API_KEY' })
    const reader = await house.house.apiKeys.create(house.session(), { name: 'reader', scopes: ['appointments:read'], expiresAt: null })
    const options = { key: reader.key, json: { user_id: user, starts_at: '2026-12-16T10:00:00Z' } }
    expect((await house.request('POST', '/appointments', options)).status).toBe(403)
    expect((await house.request('GET', '/appointments', { key: reader.key })).status).toBe(200)
  })

  test('another organisation sees nothing of it', async () => {
    const id = idOf(await book('2026-12-16T12:00:00Z'))
    const theirs = { key: house.other.apiKey }
    expect((await house.request('GET', `/appointments/${id}`, theirs)).status).toBe(404)
    expect((await house.request('PUT', `/appointments/${id}`, { ...theirs, json: { notes: 'mine' } })).status).toBe(404)
    expect((await house.request('DELETE', `/appointments/${id}`, theirs)).status).toBe(404)
    expect(await (await house.request('GET', '/appointments', theirs)).json()).toMatchObject({ appointments: [], total: 0 })
    const stolen = { ...theirs, json: { user_id: user, starts_at: '2026-12-16T12:00:00Z' } }
    expect((await house.request('POST', '/appointments', stolen)).status).toBe(404)
  })
})

describe('availability', () => {
  test('a free day has a slot every quarter of an hour, with the wall clock beside it', async () => {
    const { body } = await call('GET', '/appointments/availability?from=2027-06-01&to=2027-06-01&duration_min=30')
    const slots = body.slots as unknown as { starts_at: string }[]
    expect(body.timezone).toBe('Europe/London')
    expect(slots).toHaveLength(33)
    expect(slots[0]).toEqual({
      starts_at: '2027-06-01T08:00:00Z',
      ends_at: '2027-06-01T08:30:00Z',
      local_start: '2027-06-01T09:00',
      resource_id: expect.any(Number),
    })
    expect(slots.at(-1)).toMatchObject({ local_start: '2027-06-01T17:00' })
  })

  test('every slot it names can be booked, and is then gone', async () => {
    const path = '/appointments/availability?from=2027-06-02&to=2027-06-02'
    const before = (await call('GET', path)).body.slots as unknown as { starts_at: string; resource_id: number }[]
    for (const slot of before.filter((_, index) => index % 2 === 0)) {
      for (const resource of ['first', 'second']) expect([resource, (await book(slot.starts_at)).status]).toEqual([resource, 201])
    }
    expect((await call('GET', path)).body.slots).toEqual([])
  })
})
