// P5 where no id is named: lists, searches, exports, calendars, event streams, signed links, stored answers, caches and
// refresh tokens. Two organisations hold the same things; whatever one reads holds nothing of the other.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createContact } from '../../src/domain/contacts/index.ts'
import { openTestHouse, type RequestOptions, type TestHouse } from '../support/house.ts'
import { ask, credentialsOf, upload } from './asking.ts'
import { operations } from './operations.ts'
import { openTenant, type Tenant } from './tenant.ts'

let house: TestHouse
let db: pg.Client
let own: Tenant
let other: Tenant
const things = new Map<Tenant, string[]>()
beforeAll(async () => {
  house = await openTestHouse()
  db = new pg.Client({ connectionString: house.databaseUrl })
  await db.connect()
  own = await openTenant(house, db, house.org)
  other = await openTenant(house, db, house.other)
  for (const at of [own, other]) things.set(at, await furnish(at))
})
afterAll(async () => {
  await db?.end()
  await house?.close()
})

/** One of everything. @returns the words by which it can be told that it is this organisation's */
async function furnish(at: Tenant): Promise<string[]> {
  const call = await at.call()
  const [recording, voicemail, blob] = [await at.recording(call.id), await at.voicemail(), await at.blob()]
  await at.appointment()
  await createContact(house.session(at.organizationId), {
    fullName: `Marked ${at.organizationId}`,
    mobile: `+4477008${String(at.organizationId).padStart(5, '0')}`,
  })
  const { rows } = await db.query('SELECT email FROM people.users WHERE organization_id = $1', [at.organizationId])
  return [call.id, recording, voicemail, blob, `Marked ${at.organizationId}`, at.founded.agentId, ...rows.map(({ email }) => String(email))]
}

const admin = (at: Tenant) => credentialsOf(house, 'foreign', at === own ? other : own, at)
const text = async (method: string, path: string, at: Tenant, options: RequestOptions = {}) => {
  const response = await house.request(method, path, { ...options, headers: { ...(await admin(at)), ...options.headers } })
  return { status: response.status, headers: response.headers, body: await response.text() }
}
const json = async (method: string, path: string, at: Tenant, options: RequestOptions = {}) => {
  const { status, headers, body } = await text(method, path, at, options)
  return { status, headers, body: JSON.parse(body) as Record<string, never> }
}

describe('whatever can be read without naming an id', () => {
  const readable = operations.filter(
    ({ endpoint }) =>
      endpoint.method === 'GET' &&
      !endpoint.path.includes(':') &&
      endpoint.permission !== 'public' &&
      endpoint.operation !== 'events.stream',
  )
  test.each(readable.map(({ endpoint }) => [endpoint.operation, endpoint] as const))(
    '%s holds nothing of another organisation',
    async (_, endpoint) => {
      for (const [mine, theirs] of [
        [own, other],
        [other, own],
      ] as const) {
        const { status, body } = await ask(house, endpoint, {}, await admin(mine))
        expect(status).toBe(200)
        for (const word of things.get(theirs) ?? []) expect(body).not.toContain(word)
      }
    },
  )

  test('and the lists do hold what is one’s own', async () => {
    const all = await Promise.all(
      ['/v1/calls', '/v1/recordings', '/v1/voicemail', '/v1/users', '/users', '/v1/calls/export?format=ndjson'].map((path) =>
        text('GET', path, own),
      ),
    )
    const bodies = all.map(({ body }) => body).join('\n')
    for (const word of things.get(own)?.filter((_, index) => index !== 3) ?? []) expect(bodies).toContain(word)
  })

  test('a search finds people of one’s own organisation alone, whatever the pattern', async () => {
    for (const search of [`@${other.organizationId}.example`, 'admin@other.example', '%', '_', "' OR 1=1 --"]) {
      const { status, body } = await text('GET', `/v1/users?status=all&search=${encodeURIComponent(search)}`, own)
      expect(status).toBe(200)
      for (const word of things.get(other) ?? []) expect(body).not.toContain(word)
    }
  })

  test('a cursor of another organisation’s list shows one’s own calls', async () => {
    for (let index = 0; index < 3; index++) await Promise.all([own.call(), other.call()])
    const { body } = await json('GET', '/v1/calls?limit=1', other)
    expect(body.nextCursor).toEqual(expect.any(String))
    const page = await json('GET', `/v1/calls?limit=100&cursor=${encodeURIComponent(String(body.nextCursor))}`, own)
    const { rows } = await db.query('SELECT id::text FROM calls.calls WHERE organization_id = $1', [other.organizationId])
    expect(page.status).toBe(200)
    for (const { id } of rows) expect(JSON.stringify(page.body)).not.toContain(id)
  })
})

describe('a credential that carries its organisation', () => {
  test('a signed link opens the file it was made for, and no edit of it opens another’s', async () => {
    const [mine, theirs] = [await own.link(), await other.link()]
    const [text, signature] = (mine.split('/').at(-1) ?? '').split('.')
    const [foreignText, foreignSignature] = (theirs.split('/').at(-1) ?? '').split('.')
    const claims = JSON.parse(Buffer.from(text ?? '', 'base64url').toString()) as { key: string }
    const foreign = JSON.parse(Buffer.from(foreignText ?? '', 'base64url').toString()) as { key: string }
    const edited = (change: object) => Buffer.from(JSON.stringify({ ...claims, ...change })).toString('base64url')
    const attempts = [
      `${edited({ key: foreign.key })}.${signature}`,
      `${foreignText}.${signature}`,
      `${text}.${foreignSignature}`,
      `${edited({ key: `${claims.key}/../../${foreign.key}` })}.${signature}`,
      `${text}.${signature}.${foreignText}`,
      `${text}.`,
      `.${signature}`,
      `${text}`,
    ]
    expect((await house.request('GET', `/blobs/${text}.${signature}`)).status).toBe(200)
    const answers = await Promise.all(attempts.map(async (token) => house.request('GET', `/blobs/${token}`)))
    expect(answers.map(({ status }) => status)).toEqual(attempts.map(() => 410))
    const bodies = await Promise.all(answers.map(async (answer) => (await answer.json()) as { error: { code: string } }))
    expect(bodies.map(({ error }) => error.code)).toEqual(attempts.map(() => 'link_expired'))
  })

  test('a calendar’s address shows its own organisation’s appointments, and ends with its feed', async () => {
    const feeds = await Promise.all([own.feed(), other.feed()])
    const read = async (token: string) => {
      const answer = await house.request('GET', `/appointments.ics?token=${token}`)
      return { status: answer.status, body: await answer.text() }
    }
    const [mine, theirs] = await Promise.all(feeds.map(({ token }) => read(token)))
    expect(mine?.body).toContain(`appointment-${own.organizationId}-`)
    expect(mine?.body).not.toContain(`appointment-${other.organizationId}-`)
    expect(theirs?.body).not.toContain(`appointment-${own.organizationId}-`)
    // Its holder revokes it; another organisation cannot.
    expect((await text('DELETE', `/appointments/feeds/${feeds[0]?.id}`, other)).status).toBe(404)
    expect((await read(feeds[0]?.token ?? '')).status).toBe(200)
    expect((await text('DELETE', `/appointments/feeds/${feeds[0]?.id}`, own)).status).toBe(204)
    expect((await read(feeds[0]?.token ?? '')).status).toBe(401)
  })

  test('a refresh token gives tokens of its own organisation, and another’s client cannot use it', async () => {
    const token = await own.refreshToken()
    const exchange = (client: Tenant['integration']) =>
      house.request('POST', '/oauth/token', { form: { grant_type: 'refresh_token', refresh_token: token, ...client } })
    expect((await exchange(other.integration)).status).toBe(400)
    const answer = await exchange(own.integration)
    expect(answer.status).toBe(200)
    const { access_token: access } = (await answer.json()) as { access_token: string }
    const info = (await (await house.request('GET', '/userinfo', { token: access })).json()) as { organization_id: number }
    expect(info.organization_id).toBe(own.organizationId)
  })

  test('signing out with another organisation’s refresh token is refused and ends nothing', async () => {
    const token = await other.refreshToken()
    expect((await text('POST', '/api/v1/auth/logout', own, { json: { refresh_token: token } })).status).toBe(401)
    expect((await house.request('POST', '/api/v1/auth/refresh', { json: { refresh_token: token } })).status).toBe(200)
  })

  test.each([
    ['without an organisation', 0],
    ['of an organisation that does not exist', 987_654],
  ])('a token %s opens nothing, although its signature is good', async (_, organizationId) => {
    const token = await house.token({ organizationId, subject: 'client:nobody', roles: ['admin'] })
    for (const path of ['/v1/users', '/v1/calls', '/v1/recordings', '/v1/voicemail', '/v1/events', '/userinfo']) {
      const answer = await house.request('GET', path, { token })
      expect([path, answer.status, await answer.json()]).toMatchObject([path, 401, { error: { code: 'invalid_token' } }])
    }
    expect((await house.request('POST', '/v1/blobs', { token, body: upload() })).status).toBe(401)
    const json = { username: 'nobody', email: 'nobody@example.com', firstName: 'No', lastName: 'Body' }
    expect((await house.request('POST', '/v1/users', { token, json })).status).toBe(401)
  })
})

describe('what is remembered', () => {
  test('the same idempotency key is another key in another organisation', async () => {
    const headers = { 'idempotency-key': 'the-same-key' }
    const person = (at: Tenant) => ({
      username: 'repeated',
      email: `repeated@${at.organizationId}.example`,
      firstName: 'Re',
      lastName: 'Peated',
    })
    const [mine, theirs] = [
      await json('POST', '/v1/users', own, { json: person(own), headers }),
      await json('POST', '/v1/users', other, { json: person(other), headers }),
    ]
    expect([mine.status, theirs.status]).toEqual([201, 201])
    expect(theirs.headers.get('idempotent-replayed')).toBeNull()
    expect(mine.body.id).not.toBe(theirs.body.id)
    const again = await json('POST', '/v1/users', own, { json: person(own), headers })
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.body).toEqual(mine.body)
  })

  test('a value that one organisation warmed is not read by another', async () => {
    const recording = await own.recording((await own.call()).id)
    const paths = [`/v1/users/${own.ownerId}`, `/v1/organizations/${own.organizationId}`, `/v1/recordings/${recording}`]
    for (const path of paths) {
      expect([path, (await text('GET', path, own)).status]).toEqual([path, 200])
      expect([path, (await text('GET', path, own)).status]).toEqual([path, 200])
      expect([path, (await text('GET', path, other)).status]).toEqual([path, 404])
      // Nor is the other's miss remembered for its owner.
      expect([path, (await text('GET', path, own)).status]).toEqual([path, 200])
    }
  })

  test('dropping another organisation’s value from a cache drops nothing of it', async () => {
    const path = `/v1/users/${other.ownerId}`
    await text('GET', path, other)
    const loads = async () =>
      ((await json('GET', '/admin/cache/stats', other)).body as unknown as { families: { user: { loads: number } } }).families.user.loads
    const before = await loads()
    expect((await text('POST', '/admin/cache/clear', own, { json: { type: 'user', id: other.ownerId } })).status).toBe(200)
    await text('GET', path, other)
    expect(await loads()).toBe(before)
  })
})

describe('the event stream', () => {
  test('brings one’s own events alone, live and when it resumes from the beginning', async () => {
    const resumed = await listen(own, { 'last-event-id': '0' })
    const live = await listen(own, {})
    await other.call()
    await json('POST', '/v1/users', other, { json: { username: 'loud', email: 'loud@200.example', firstName: 'Lou', lastName: 'D' } })
    const made = await json('POST', '/v1/users', own, {
      json: { username: 'quiet', email: 'quiet@100.example', firstName: 'Qui', lastName: 'Et' },
    })
    const seen = [await resumed.until(`"userId": ${made.body.id}`), await live.until(`"userId": ${made.body.id}`)]
    for (const stream of seen) {
      const organizations = [...stream.matchAll(/"organizationId":(\d+)/g)].map(([, id]) => Number(id))
      expect(organizations.length).toBeGreaterThan(0)
      expect(new Set(organizations)).toEqual(new Set([own.organizationId]))
      for (const word of things.get(other) ?? []) expect(stream).not.toContain(word)
    }
  })

  test('a ticket opens the stream of the organisation it was given in', async () => {
    const { body } = await json('POST', '/v1/events/ticket', other)
    const stream = await listen(null, {}, `?lastEventId=0&ticket=${body.ticket}`)
    const made = await json('POST', '/v1/users', other, {
      json: { username: 'later', email: 'later@200.example', firstName: 'La', lastName: 'Ter' },
    })
    const seen = await stream.until(`"userId": ${made.body.id}`)
    expect(seen).toContain(`"organizationId":${other.organizationId}`)
    expect(seen).not.toContain(`"organizationId":${own.organizationId}`)
  })

  async function listen(at: Tenant | null, headers: Record<string, string>, query = '') {
    const response = await house.request('GET', `/v1/events${query}`, { headers: { ...(at ? await admin(at) : {}), ...headers } })
    const reader = response.body?.getReader()
    if (response.status !== 200 || !reader) throw new Error(`the stream answered ${response.status}`)
    let text = ''
    return {
      async until(word: string): Promise<string> {
        while (!text.includes(word)) {
          const { value, done } = await reader.read()
          if (done) throw new Error(`the stream ended before ${word}: ${text}`)
          text += Buffer.from(value).toString('utf8')
        }
        await reader.cancel()
        return text
      },
    }
  }
})
