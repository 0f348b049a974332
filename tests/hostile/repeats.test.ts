// P7 over HTTP: a repeated request is answered with the first one's answer, once, to the same caller, at the same place.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rotateSigningKeys } from '../../src/platform/auth/index.ts'
import { upload } from '../isolation/asking.ts'
import type { RequestOptions } from '../support/house.ts'
import { type Arena, openArena } from './arena.ts'
import { openWire } from './wire.ts'

let arena: Arena
beforeAll(async () => {
  arena = await openArena()
})
afterAll(() => arena?.close())

let keys = 0
const newKey = () => `key-${++keys}`
let people = 0
const person = () => {
  const username = `again-${++people}`
  return { username, email: `${username}@example.com`, firstName: 'A', lastName: 'Gain' }
}
async function ask(path: string, options: RequestOptions = {}, method = 'POST') {
  const response = await arena.house.request(method, path, { ...options, headers: { ...(await arena.credentials()), ...options.headers } })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, body: text ? JSON.parse(text) : null }
}
const count = async (table: string) => Number((await arena.db.query(`SELECT count(*) FROM ${table}`)).rows[0]?.count)
const replayed = (answer: { headers: Headers }) => answer.headers.get('idempotent-replayed')

/** Holds what creating a user has to wait for, until it is let go. */
async function holdUsers() {
  const client = new pg.Client({ connectionString: arena.house.databaseUrl })
  await client.connect()
  await client.query('BEGIN')
  await client.query('LOCK TABLE people.users IN EXCLUSIVE MODE')
  return {
    waiting: () =>
      expect
        .poll(async () => (await arena.db.query("SELECT FROM pg_locks WHERE NOT granted AND relation = 'people.users'::regclass")).rowCount)
        .toBe(1),
    async letGo() {
      await client.query('ROLLBACK')
      await client.end()
    },
  }
}

describe('a key', () => {
  test.each(['idempotency-key', 'x-idempotency-key'])(
    'in %s makes a repeat answer what the first was answered, byte for byte',
    async (header) => {
      const headers = { [header]: newKey() }
      const json = person()
      const first = await ask('/v1/users', { json, headers })
      const users = await count('people.users')
      const events = await count('platform.events')
      const again = await ask('/v1/users', { json, headers })
      expect(first.status).toBe(201)
      expect([replayed(first), replayed(again)]).toEqual([null, 'true'])
      expect([again.status, again.text]).toEqual([first.status, first.text])
      for (const name of ['location', 'content-type']) expect(again.headers.get(name)).toBe(first.headers.get(name))
      expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
      expect([await count('people.users'), await count('platform.events')]).toEqual([users, events])
    },
  )

  test('without a body replays an answer without one', async () => {
    const headers = { 'idempotency-key': newKey() }
    const voicemail = await arena.own.voicemail()
    const first = await ask(`/v1/voicemail/${voicemail}/read`, { headers }, 'PUT')
    const again = await ask(`/v1/voicemail/${voicemail}/read`, { headers }, 'PUT')
    expect([first.status, replayed(again), again.text]).toEqual([200, 'true', first.text])
  })

  test('with another body, or another address, is 422 in the contract’s words', async () => {
    const headers = { 'idempotency-key': newKey() }
    const json = person()
    await ask('/v1/users', { json, headers })
    const other = await ask('/v1/users', { json: { ...json, firstName: 'B' }, headers })
    expect([other.status, other.body]).toMatchObject([422, { error: { code: 'idempotency_key_reused' } }])
    const elsewhere = await ask('/v1/users?a=1', { json, headers })
    expect(elsewhere.status).toBe(422)
    const bella = { 'idempotency-key': newKey() }
    const contact = (name: string) => ({ json: { full_name: name, mobile: '+447700912345' }, headers: bella })
    expect((await ask('/users', contact('One'))).status).toBe(201)
    const again = await ask('/users', contact('Two'))
    expect([again.status, again.body]).toMatchObject([
      422,
      { error_code: 'IDEMPOTENCY_KEY_REUSED', correlation_id: again.headers.get('x-request-id') },
    ])
  })

  test('is one’s own: another caller’s is another key', async () => {
    const headers = { 'idempotency-key': newKey() }
    const token = await arena.house.token({ subject: 'client:somebody-else' })
    const mine = await ask('/v1/users', { json: person(), headers })
    const theirs = await arena.house.request('POST', '/v1/users', { token, json: person(), headers })
    expect([mine.status, theirs.status, replayed(theirs)]).toEqual([201, 201, null])
  })

  test('is the caller’s, whichever token they come with: a new signing key makes no new caller', async () => {
    const headers = { 'idempotency-key': newKey() }
    const json = person()
    const first = await ask('/v1/users', { json, headers })
    const { database, vault, clock, signingKeys } = arena.house.house
    await rotateSigningKeys(database, vault, clock)
    await signingKeys.refresh()
    const again = await ask('/v1/users', { json, headers })
    expect([first.status, again.status, replayed(again), again.text]).toEqual([201, 201, 'true', first.text])
  })

  test('is one operation’s: at another route it is another key', async () => {
    const headers = { 'idempotency-key': newKey() }
    const call = await arena.own.call()
    const hold = await ask(`/v1/calls/${call.id}/hold`, { json: { hold: true }, headers })
    const hangup = await ask(`/v1/calls/${call.id}/hangup`, { headers })
    expect([hold.status, hangup.status, replayed(hangup)]).toEqual([200, 200, null])
  })

  test.each(['', ' ', 'a b', 'a'.repeat(256), '\u00ff', '"'])('that is %j is refused, and nothing is done', async (key) => {
    const before = await arena.picture()
    const answer = await ask('/v1/users', { json: person(), headers: { 'idempotency-key': key } })
    // An unbalanced quote is printable: it is a key like any other.
    if (key === '"') return expect(answer.status).toBe(201)
    expect([answer.status, answer.body]).toMatchObject([400, { error: { code: 'idempotency_key_invalid' } }])
    expect(await arena.picture()).toEqual(before)
  })

  test('in both headers must be the same in both', async () => {
    const key = newKey()
    const json = person()
    const both = await ask('/v1/users', { json, headers: { 'idempotency-key': `"${key}"`, 'x-idempotency-key': key } })
    expect(both.status).toBe(201)
    expect(replayed(await ask('/v1/users', { json, headers: { 'x-idempotency-key': key } }))).toBe('true')
    const differ = await ask('/v1/users', { json, headers: { 'idempotency-key': key, 'x-idempotency-key': 'another' } })
    expect([differ.status, differ.body.error.message]).toMatchObject([400, expect.stringContaining('X-Idempotency-Key')])
  })

  test('that is refused names the header that it came in', async () => {
    const answer = await ask('/v1/users', { json: person(), headers: { 'x-idempotency-key': 'a b' } })
    expect([answer.status, answer.body.error.message]).toMatchObject([400, expect.stringContaining('X-Idempotency-Key')])
  })

  test.each([
    ['"a b"', '"a b"', true],
    ['"q\\"q"', 'q"q', true],
    ['"b\\\\b"', 'b\\b', true],
    ['"x";v=1', '"x"', false],
  ])('%s and %s are one key: %s (RFC 8941)', async (one, other, same) => {
    const json = person()
    const suffix = (key: string) => key.replace(/"?$/, (quote) => `${json.username}${quote}`)
    const given = [one, other].map(same ? suffix : (key) => key)
    const first = await ask('/v1/users', { json, headers: { 'idempotency-key': given[0] ?? '' } })
    const again = await ask('/v1/users', { json, headers: { 'idempotency-key': given[1] ?? '' } })
    expect([first.status, replayed(again)]).toEqual([201, same ? 'true' : null])
  })

  test('with the same bytes as another type of content is another request', async () => {
    const headers = { 'idempotency-key': newKey() }
    const body = JSON.stringify(person())
    const as = (type: string) => ask('/v1/users', { body, headers: { ...headers, 'content-type': type } })
    expect((await as('application/json')).status).toBe(201)
    expect(replayed(await as('Application/JSON; charset=utf-8'))).toBe('true')
    expect((await as('application/vnd.api+json')).status).toBe(422)
  })

  test('of 255 characters, or in the quotes of the draft, is taken', async () => {
    const key = newKey()
    const json = person()
    const bare = await ask('/v1/users', { json, headers: { 'idempotency-key': key } })
    const quoted = await ask('/v1/users', { json, headers: { 'idempotency-key': `"${key}"` } })
    expect([bare.status, replayed(quoted)]).toEqual([201, 'true'])
    expect((await ask('/v1/users', { json: person(), headers: { 'idempotency-key': 'k'.repeat(255) } })).status).toBe(201)
  })
})

describe('while the first is still running', () => {
  test('a second is told so at once, with when to come again, and the first goes on', async () => {
    const held = await holdUsers()
    const headers = { 'idempotency-key': newKey() }
    const json = person()
    const first = ask('/v1/users', { json, headers })
    await held.waiting()
    const second = await ask('/v1/users', { json, headers })
    expect([second.status, second.headers.get('retry-after'), second.body]).toMatchObject([
      409,
      '1',
      { error: { code: 'idempotency_key_in_use' } },
    ])
    await held.letGo()
    expect((await first).status).toBe(201)
    const third = await ask('/v1/users', { json, headers })
    expect([third.status, replayed(third)]).toEqual([201, 'true'])
  })

  test('twenty at once do it once: one does, the others wait for nothing', async () => {
    const headers = { 'idempotency-key': newKey() }
    const json = person()
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/v1/users', { json, headers })))
    expect(answers.filter((answer) => answer.status === 201 && replayed(answer) === null)).toHaveLength(1)
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true)
    expect((await arena.db.query('SELECT FROM people.users WHERE username = $1', [json.username])).rowCount).toBe(1)
  })

  test('a first that is killed leaves nothing: neither the work, nor an answer, nor the key in use', async () => {
    const held = await holdUsers()
    const headers = { 'idempotency-key': newKey() }
    const json = person()
    const first = ask('/v1/users', { json, headers })
    await held.waiting()
    await arena.db.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation = 'people.users'::regclass")
    expect((await first).status).toBe(503)
    await held.letGo()
    expect((await arena.db.query('SELECT FROM people.users WHERE username = $1', [json.username])).rowCount).toBe(0)
    const again = await ask('/v1/users', { json, headers })
    expect([again.status, replayed(again)]).toEqual([201, null])
  })
})

describe('what is remembered', () => {
  test('is what execution answered, refusals too', async () => {
    const json = person()
    await ask('/v1/users', { json })
    const headers = { 'idempotency-key': newKey() }
    const first = await ask('/v1/users', { json, headers })
    const again = await ask('/v1/users', { json, headers })
    expect([first.status, first.body]).toMatchObject([409, { error: { code: 'username_taken' } }])
    expect([again.status, again.text, replayed(again)]).toEqual([409, first.text, 'true'])
  })

  test('is not a request’s shape: the same key takes a corrected body', async () => {
    const headers = { 'idempotency-key': newKey() }
    expect((await ask('/v1/users', { json: { username: 1 }, headers })).status).toBe(400)
    expect((await ask('/v1/users', { json: person(), headers })).status).toBe(201)
    // Judged by the handler and not by the schema, it is a shape all the same.
    const call = { 'idempotency-key': newKey() }
    const { phoneNumber } = arena.own.founded
    expect((await ask('/v1/calls', { json: { from: phoneNumber, to: '+441632960222' }, headers: call })).status).toBe(400)
    expect(
      (await ask('/v1/calls', { json: { from: phoneNumber, to: '+441632960222', userId: arena.own.ownerId }, headers: call })).status,
    ).toBe(201)
  })

  test('is what failed on our side too: it was undone, and no repeat does it unasked', async () => {
    const headers = { 'idempotency-key': newKey() }
    const json = person()
    await arena.db.query("ALTER TABLE people.users ADD CONSTRAINT broken CHECK (username NOT LIKE 'again-%') NOT VALID")
    const first = await ask('/v1/users', { json, headers })
    await arena.db.query('ALTER TABLE people.users DROP CONSTRAINT broken')
    const again = await ask('/v1/users', { json, headers })
    expect([first.status, again.status, replayed(again)]).toEqual([500, 500, 'true'])
    expect((await ask('/v1/users', { json, headers: { 'idempotency-key': newKey() } })).status).toBe(201)
  })

  test('is nothing of 401, 403 and 404', async () => {
    const headers = { 'idempotency-key': newKey() }
    const before = await count('platform.idempotent_answers')
    expect((await arena.house.request('POST', '/v1/users', { json: person(), headers })).status).toBe(401)
    const user = await arena.house.token({ subject: `user:${arena.own.ownerId}`, roles: ['user'] })
    expect((await arena.house.request('POST', '/v1/users', { token: user, json: person(), headers })).status).toBe(403)
    expect((await ask('/v1/users/999999999', { json: { firstName: 'X' }, headers }, 'PUT')).status).toBe(404)
    expect(await count('platform.idempotent_answers')).toBe(before)
  })
})

describe('an upload under a key', () => {
  const send = (key: string, text: string) => ask('/v1/blobs', { body: upload(text), headers: { 'idempotency-key': key } })

  test('that is repeated is kept once, and answered as the first was', async () => {
    const key = newKey()
    const first = await send(key, 'the same')
    const blobs = await count('blobs.blobs')
    const again = await send(key, 'the same')
    expect([first.status, again.status, again.text, replayed(again)]).toEqual([201, 201, first.text, 'true'])
    expect(await count('blobs.blobs')).toBe(blobs)
  })

  test('with another file is 422, and the file is not kept', async () => {
    const key = newKey()
    expect((await send(key, 'one')).status).toBe(201)
    const blobs = await count('blobs.blobs')
    const other = await send(key, 'two')
    expect([other.status, other.body]).toMatchObject([422, { error: { code: 'idempotency_key_reused' } }])
    expect(await count('blobs.blobs')).toBe(blobs)
  })

  test('that dawdles keeps no transaction open', async () => {
    const jobs = async () =>
      (await arena.db.query("SELECT FROM graphile_worker.jobs WHERE task_identifier = 'blobs.collect'")).rowCount ?? 0
    const before = await jobs()
    const wire = await openWire(arena.house.url)
    const { authorization = '' } = await arena.credentials()
    wire.write(
      `POST /v1/blobs HTTP/1.1\r\nhost: a\r\nauthorization: ${authorization}\r\nidempotency-key: ${newKey()}\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 100000\r\n\r\n--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nhalf`,
    )
    // The file's job is queued before its bytes come: from then on the sender is waited for.
    await expect.poll(jobs).toBe(before + 1)
    const { rowCount } = await arena.db.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
    )
    wire.socket.destroy()
    expect(rowCount).toBe(0)
  })
})
