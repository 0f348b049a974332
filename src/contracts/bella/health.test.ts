import pg from 'pg'
import { expect, test } from 'vitest'
import { openTestHouse } from '../../../tests/support/house.ts'

test('alive and ready without a credential and uncounted; alive but not ready while the database is away; ready again after', async () => {
  const house = await openTestHouse()
  const get = async (path: string) => {
    const response = await house.request('GET', path)
    return [response.status, await response.json(), response.headers.get('x-ratelimit-limit')]
  }
  const away = async (allowed: boolean): Promise<void> => {
    const url = new URL(house.databaseUrl)
    const name = url.pathname.slice(1)
    url.pathname = '/postgres'
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    await client.query(`ALTER DATABASE ${pg.escapeIdentifier(name)} ALLOW_CONNECTIONS ${allowed}`)
    if (!allowed) await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
    await client.end()
  }
  try {
    expect(await get('/readyz')).toEqual([200, { db: 'ok' }, null])
    await away(false)
    expect(await get('/readyz')).toEqual([503, { db: 'error' }, null])
    expect(await get('/healthz')).toEqual([200, { ok: true }, null])
    await away(true)
    await expect.poll(() => get('/readyz'), { timeout: 10_000 }).toEqual([200, { db: 'ok' }, null])
  } finally {
    await away(true)
    await house.close()
  }
})
