// Two organisations in a real database of their own: what the tests of this domain's rules stand on.

import { type Principal, systemPrincipal } from '../../src/platform/auth/index.ts'
import { migrate, openDatabase } from '../../src/platform/db/index.ts'
import { type Log, openSession, type Session } from '../../src/platform/session/index.ts'
import { movableClock } from '../../src/platform/time/index.ts'
import { createDatabase, templateReady } from './postgres.ts'

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }
export const here = 100
export const elsewhere = 200

export async function openTenants(at = '2026-11-22T09:00:00Z') {
  const template = await templateReady(async (url) => void (await migrate({ url })))
  const created = await createDatabase(template)
  const database = openDatabase({ url: created.url, lanes: 2, writers: 24, onError: () => {} })
  const clock = movableClock(at)
  for (const id of [here, elsewhere]) {
    await database.pool.query('SELECT tenancy.create_organization($1, $2, $3, $4, $5)', [
      id,
      `Org ${id}`,
      `org-${id}.test`,
      {},
      clock.now(),
    ])
  }
  const sessionOf = (principal: Principal): Session =>
    openSession({ database, clock, log: quiet, principal, requestId: null, address: null, mask: (value) => value })
  const session = (organizationId = here): Session => sessionOf(systemPrincipal(organizationId, 'job:test'))
  const query = async <R>(sql: string, values: unknown[] = [], organizationId = here): Promise<R[]> => {
    const client = await database.pool.connect()
    try {
      await client.query('BEGIN')
      await client.query("SELECT set_config('app.organization_id', $1, true)", [String(organizationId)])
      const { rows } = await client.query(sql, values)
      await client.query('COMMIT')
      return rows as R[]
    } catch (error) {
      await client.query('ROLLBACK')
      throw error
    } finally {
      client.release()
    }
  }
  /** What autovacuum does with a table sooner or later. */
  const vacuum = async (table: string): Promise<void> => {
    const client = await database.pool.connect()
    try {
      await client.query('SET ROLE NONE')
      await client.query(`VACUUM ANALYZE ${table}`)
    } finally {
      await client.query('SET ROLE patchbay_app')
      client.release()
    }
  }
  const close = async () => {
    await database.close()
    await created.drop()
  }
  return { database, clock, log: quiet, session, sessionOf, query, vacuum, close }
}
export type Tenants = Awaited<ReturnType<typeof openTenants>>
