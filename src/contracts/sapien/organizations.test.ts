import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { createOrganization, defaultSettings, listOrganizationIds, organizationSettings } from '../../domain/tenancy/index.ts'

let house: TestHouse
let admin: string
beforeAll(async () => {
  house = await openTestHouse()
  admin = await house.token()
})
afterAll(() => house?.close())

interface Shown {
  id: number
  settings: Record<string, unknown>
  organizations: Shown[]
  total: number
  error: { code: string; details: { field: string }[] }
}
async function ask(method: string, path: string, json?: unknown, token = admin) {
  const response = await house.request(method, path, { token, ...(json === undefined ? {} : { json }) })
  return { status: response.status, body: (await response.json()) as Shown }
}
const put = (json: unknown) => ask('PUT', '/v1/organizations/100/settings', json)

describe('organizations', () => {
  test('are listed: the caller’s own', async () => {
    const { status, body } = await ask('GET', '/v1/organizations')
    expect([status, body.total, body.organizations.length]).toEqual([200, 1, 1])
    expect(body.organizations[0]).toMatchObject({ id: 100, name: 'Acme Corporation', domain: 'acme.example', status: 'active' })
    expect((await ask('GET', '/v1/organizations?offset=1')).body).toMatchObject({ organizations: [], total: 1, offset: 1 })
  })

  test.for(['200', '999999', '0', 'abc', 'org-100', '-1', '1e2'])('are not there unless they are the caller’s: %s', async (id) => {
    for (const reply of [
      await ask('GET', `/v1/organizations/${id}`),
      await ask('PUT', `/v1/organizations/${id}/settings`, { recordingEnabled: false }),
    ]) {
      expect([reply.status, reply.body.error.code]).toEqual([404, 'organization_not_found'])
    }
  })

  test('are made with a domain of their own', async () => {
    const { database, clock } = house.house
    const id = await createOrganization(database, clock, { name: 'Third', domain: 'third.example', settings: { timezone: 'Asia/Tokyo' } })
    expect(id).toBeGreaterThan(100)
    expect(await listOrganizationIds(database)).toEqual(expect.arrayContaining([100, 200, id]))
    expect(await organizationSettings(house.session(id), house.house)).toEqual({ ...defaultSettings, timezone: 'Asia/Tokyo' })
    await expect(createOrganization(database, clock, { name: 'Fourth', domain: 'THIRD.example' })).rejects.toMatchObject({
      code: 'domain_taken',
    })
  })
})

describe('settings', () => {
  test('that an older version stored and this one does not know stay inside', async () => {
    const db = new pg.Client({ connectionString: house.databaseUrl })
    await db.connect()
    await db.query(`UPDATE tenancy.organizations SET settings = settings || '{"carrierPassword": "of old"}' WHERE organization_id = 200`)
    await db.end()
    const { status, body } = await ask('GET', '/v1/organizations/200', undefined, await house.token({ organizationId: 200 }))
    expect([status, Object.keys(body.settings).sort()]).toEqual([200, Object.keys(defaultSettings).sort()])
  })

  test('change as the documentation shows it, and what is left out stays', async () => {
    const before = (await ask('GET', '/v1/organizations/100')).body.settings
    const { status, body } = await put({ voicemailEnabled: true, recordingEnabled: true, maxRecordingDays: 90 })
    expect([status, body.settings]).toEqual([200, { ...before, voicemailEnabled: true, recordingEnabled: true, maxRecordingDays: 90 }])
    expect((await ask('GET', '/v1/organizations/100')).body.settings).toEqual(body.settings)
    expect((await organizationSettings(house.session(), house.house)).maxRecordingDays).toBe(90)
  })

  test('of retention change one by one', async () => {
    await put({ retention: { callDays: 30 } })
    const { body } = await put({ retention: { voicemailDays: 14 } })
    expect(body.settings.retention).toEqual({ callDays: 30, voicemailDays: 14, transcriptDays: null, usernameDays: 90 })
    expect((await put({ retention: { callDays: null } })).body.settings.retention).toMatchObject({ callDays: null, voicemailDays: 14 })
  })

  test('are written in their own spelling', async () => {
    const { body } = await put({ timezone: 'europe/berlin', defaultCountry: 'de' })
    expect(body.settings).toMatchObject({ timezone: 'Europe/Berlin', defaultCountry: 'DE' })
  })

  const wrong: [string, object][] = [
    ['timezone', { timezone: 'Mars/Olympus' }],
    ['timezone', { timezone: '+01:00' }],
    ['timezone', { timezone: '' }],
    ['defaultCountry', { defaultCountry: 'ZZ' }],
    ['defaultCountry', { defaultCountry: 'Germany' }],
    ['defaultLanguage', { defaultLanguage: '??' }],
    ['maxRecordingDays', { maxRecordingDays: 0 }],
    ['maxRecordingDays', { maxRecordingDays: 1.5 }],
    ['maxRecordingDays', { maxRecordingDays: '90' }],
    ['recordingEnabled', { recordingEnabled: 'yes' }],
    ['recordingEnabld', { recordingEnabld: true }],
    ['retention.forever', { retention: { forever: true } }],
  ]
  test.for(wrong)('refuse a wrong %s: %j', async ([field, json]) => {
    const before = (await ask('GET', '/v1/organizations/100')).body
    const { status, body } = await put(json)
    expect([status, body.error.details[0]?.field]).toEqual([400, field])
    expect((await ask('GET', '/v1/organizations/100')).body).toEqual(before)
  })

  test('of two changes at once both survive', async () => {
    await Promise.all([put({ recordingEnabled: false }), put({ voicemailEnabled: false }), put({ retention: { transcriptDays: 7 } })])
    expect((await ask('GET', '/v1/organizations/100')).body.settings).toMatchObject({
      recordingEnabled: false,
      voicemailEnabled: false,
      retention: { transcriptDays: 7 },
    })
  })

  test('read after any row of changes are what was written last, field by field', async () => {
    const change = fc.record(
      {
        recordingEnabled: fc.boolean(),
        maxRecordingDays: fc.option(fc.integer({ min: 1, max: 36_500 })),
        dataRegion: fc.constantFrom('eu', 'us-east-1'),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        let expected = (await ask('GET', '/v1/organizations/100')).body.settings
        for (const json of changes) {
          expected = { ...expected, ...json }
          expect((await put(json)).body.settings).toEqual(expected)
        }
        expect((await ask('GET', '/v1/organizations/100')).body.settings).toEqual(expected)
      }),
      { numRuns: 15 },
    )
  })
})
