import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import type { Appointment } from '../../domain/booking/index.ts'
import { movableClock } from '../../platform/time/index.ts'
import { renderCalendar } from './calendar-feed.ts'

let house: TestHouse
let key: string

beforeAll(async () => {
  house = await openTestHouse({ clock: movableClock('2026-11-23T08:00:00Z') })
  key = house.org.apiKey
  const json = {
    full_name: 'John Smith',
    mobile: '+447700900123',
    starts_at: '2026-12-01T10:00:00Z',
    service: 'Check-up',
    notes: 'Ring the bell',
  }
  expect((await house.request('POST', '/appointments', { key, json })).status).toBe(201)
})
afterAll(() => house.close())

const subscribe = async (): Promise<{ id: string; url: string }> => {
  const response = await house.request('POST', '/appointments/feeds', { key })
  expect(response.status).toBe(201)
  return (await response.json()) as { id: string; url: string }
}
const lines = (text: string): string[] => text.replace(/\r\n[ \t]/g, '').split('\r\n')

describe('the calendar feed', () => {
  test('opens with the key, as text/calendar, with what was booked', async () => {
    const response = await house.request('GET', '/appointments.ics', { key })
    expect(response.headers.get('content-type')).toBe('text/calendar; charset=utf-8')
    const calendar = lines(await response.text())
    expect(calendar[0]).toBe('BEGIN:VCALENDAR')
    expect(calendar).toEqual(
      expect.arrayContaining([
        'DTSTART:20261201T100000Z',
        'DTEND:20261201T103000Z',
        'SUMMARY:Check-up: John Smith',
        'STATUS:CONFIRMED',
        'SEQUENCE:0',
      ]),
    )
  })

  test('opens by its address alone, until that is revoked', async () => {
    const { id, url } = await subscribe()
    expect(url.startsWith(`${house.url}/appointments.ics?token=`)).toBe(true)
    const open = await fetch(url)
    expect([open.status, await open.text()]).toEqual([200, expect.stringContaining('DTSTART:20261201T100000Z')])
    expect((await house.request('DELETE', `/appointments/feeds/${id}`, { key })).status).toBe(204)
    expect((await fetch(url)).status).toBe(401)
    expect((await house.request('DELETE', `/appointments/feeds/${id}`, { key })).status).toBe(404)
  })

  test('its token is good for nothing else', async () => {
    const { url } = await subscribe()
    const token = new URL(url).searchParams.get('token') ?? ''
    expect((await house.request('GET', `/appointments?token=${token}`)).status).toBe(401)
    expect((await house.request('GET', '/appointments', { key: token })).status).toBe(401)
  })

  test('without a credential, with a made-up one or with a key of another scope it stays shut', async () => {
    expect((await house.request('GET', '/appointments.ics')).status).toBe(401)
    expect((await house.request('GET', `/appointments.ics?token=cal_${'A'.repeat(32)}`)).status).toBe(401)
    expect((await house.request('GET', '/appointments.ics', { key: 'pb_of-nobody-at-all-0123456789' })).status).toBe(401)
    const other = await house.house.apiKeys.create(house.session(), { name: 'contacts', scopes: ['contacts:read'], expiresAt: null })
    expect((await house.request('GET', '/appointments.ics', { key: other.key })).status).toBe(403)
  })

  test('another organisation can neither read nor revoke it', async () => {
    const { id } = await subscribe()
    const theirs = { key: house.other.apiKey }
    expect(await (await house.request('GET', '/appointments.ics', theirs)).text()).not.toContain('BEGIN:VEVENT')
    expect((await house.request('DELETE', `/appointments/feeds/${id}`, theirs)).status).toBe(404)
    expect((await house.request('DELETE', '/appointments/feeds/seven', { key })).status).toBe(404)
  })

  test('what was cancelled is shown as cancelled, under the same name and with a higher sequence', async () => {
    const json = { full_name: 'John Smith', mobile: '+447700900123', starts_at: '2026-12-02T10:00:00Z' }
    const { id } = (await (await house.request('POST', '/appointments', { key, json })).json()) as { id: number }
    await house.request('DELETE', `/appointments/${id}`, { key })
    const calendar = lines(await (await house.request('GET', '/appointments.ics', { key })).text())
    const start = calendar.indexOf(`UID:appointment-100-${id}@patchbay`)
    const event = calendar.slice(start, calendar.indexOf('END:VEVENT', start))
    expect(event).toEqual(expect.arrayContaining(['STATUS:CANCELLED', 'SEQUENCE:1']))
  })
})

describe('the calendar as text (RFC 5545)', () => {
  const at = new Date('2026-12-01T10:00:00Z')
  const hostile: Appointment = {
    id: 1,
    contactId: 1,
    fullName: 'Ünïcödé, 日本語; "quoted"\\',
    mobile: null,
    startsAt: at,
    endsAt: new Date(at.getTime() + 1_800_000),
    status: 'booked',
    notes: `END:VEVENT\r\nBEGIN:VEVENT\nDTSTART:19700101T000000Z ${'é'.repeat(200)}`,
    service: null,
    resourceId: 1,
    timezone: 'Europe/London',
    callId: null,
    revision: 0,
    createdAt: at,
    updatedAt: at,
  }

  test('what callers say cannot add lines of its own', () => {
    const calendar = lines(renderCalendar([hostile], 100))
    expect(calendar.filter((line) => line === 'BEGIN:VEVENT')).toHaveLength(1)
    expect(calendar).not.toContain('DTSTART:19700101T000000Z')
    expect(calendar).toContain('SUMMARY:Ünïcödé\\, 日本語\\; "quoted"\\\\')
  })

  test('no line is longer than 75 octets, and every line ends with CRLF', () => {
    const text = renderCalendar([hostile], 100)
    for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  })
})
