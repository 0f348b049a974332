import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { soon } from '../../../tests/support/soon.ts'
import { openHouse, type RunningHouse } from '../../main.ts'
import { createLogger } from '../../platform/telemetry/index.ts'

// Two processes' worth of house over one database: two are the normal case.
let one: TestHouse
let second: RunningHouse
let secondUrl: string
beforeAll(async () => {
  one = await openTestHouse()
  second = await openHouse({ settings: one.house.settings, databaseUrl: one.databaseUrl, log: createLogger({ level: 'error' }) })
  secondUrl = await second.listen()
})
afterAll(async () => {
  await second?.close()
  await one?.close()
})

const inSecond = (path: string, token: string) => fetch(`${secondUrl}${path}`, { headers: { authorization: `Bearer ${token}` } })
const newUser = async () => {
  const username = `user.${Math.round(performance.now() * 1000)}`
  const json = { username, email: `${username}@example.com`, firstName: 'Some', lastName: 'Body', password: 'a-quiet-harbour-7' }
  const response = await one.request('POST', '/v1/users', { token: await one.token(), json })
  return (await response.json()) as { id: number; username: string; firstName: string }
}

describe('two processes', () => {
  test('accept each other’s tokens', async () => {
    expect((await inSecond('/v1/users', await one.token())).status).toBe(200)
    const response = await fetch(`${secondUrl}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...one.org.oauth, grant_type: 'client_credentials' }),
    })
    const { access_token: token } = (await response.json()) as { access_token: string }
    expect((await one.request('GET', '/v1/users', { token })).status).toBe(200)
  })

  test('hear of a deactivation: what was remembered as good is refused in the other too', async () => {
    const person = await newUser()
    const token = await one.token({ subject: `user:${person.id}`, roles: ['user'] })
    expect((await inSecond('/v1/users', token)).status).toBe(200)
    await one.request('DELETE', `/v1/users/${person.id}`, { token: await one.token() })
    await soon(async () => expect((await inSecond('/v1/users', token)).status).toBe(401), 1_000)
  })

  test('forget a user that the other has changed, before the change is answered', async () => {
    const person = await newUser()
    const admin = await one.token()
    const seen = async () => ((await (await inSecond(`/v1/users/${person.id}`, admin)).json()) as { firstName: string }).firstName
    for (const firstName of ['Changed', 'Changed again']) {
      await seen()
      await one.request('PUT', `/v1/users/${person.id}`, { token: admin, json: { firstName } })
      expect(await seen()).toBe(firstName)
    }
  })

  test('count failures together: five here and five there lock the user in both', async () => {
    const { username } = await newUser()
    const attempt = async (url: string, password: string) =>
      (
        await fetch(`${url}/api/v1/auth/login`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ username, password }),
        })
      ).status
    for (let round = 0; round < 5; round++) {
      expect(await attempt(one.url, 'wrong-guess')).toBe(401)
      expect(await attempt(secondUrl, 'wrong-guess')).toBe(401)
    }
    expect([await attempt(one.url, 'a-quiet-harbour-7'), await attempt(secondUrl, 'a-quiet-harbour-7')]).toEqual([429, 429])
  })
})

describe('what a change leaves behind', () => {
  test('an event and an audit entry, without password, hash or address', async () => {
    const person = await newUser()
    await one.request('PUT', `/v1/users/${person.id}`, { token: await one.token(), json: { password: 'a-loud-harbour-88' } })
    const rows = await query('SELECT * FROM platform.audit_log WHERE resource = $1 ORDER BY seq', [`user:${person.id}`])
    expect(rows.map((row) => row.action)).toEqual(['user.created', 'user.updated'])
    expect(rows[0]).toMatchObject({ actor: 'client:test', actor_kind: 'client', address: '127.0.0.1' })
    const events = await query(`SELECT type, data FROM platform.events WHERE data->>'userId' = $1 ORDER BY seq`, [String(person.id)])
    expect(events.map((row) => row.type)).toEqual(['user.created', 'user.updated'])
    const text = JSON.stringify([rows, events])
    for (const secret of ['argon2', 'harbour', `${person.username}@example.com`]) expect(text).not.toContain(secret)
  })

  test('a deactivation plans the release of the name at the end of the retention period', async () => {
    const person = await newUser()
    await one.request('DELETE', `/v1/users/${person.id}`, { token: await one.token() })
    const [job] = await query(
      `SELECT run_at - now() > interval '89 days' AS late, task_identifier FROM graphile_worker.jobs WHERE key = $1`,
      [`users.release-name:100:${person.id}`],
    )
    expect(job).toEqual({ late: true, task_identifier: 'users.release-name' })
  })

  test('passwords are kept as argon2id, secrets as digests', async () => {
    const [user] = await query('SELECT password_hash FROM people.users WHERE id = $1', [one.org.adminId])
    expect(String(user?.password_hash)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    const [client] = await query('SELECT * FROM platform.oauth_clients WHERE id = $1', [one.org.oauth.client_id])
    expect(JSON.stringify(client)).not.toContain(one.org.oauth.client_secret)
  })
})

async function query(sql: string, values: unknown[]): Promise<Record<string, unknown>[]> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: one.databaseUrl })
  await client.connect()
  try {
    return (await client.query(sql, values)).rows
  } finally {
    await client.end()
  }
}
