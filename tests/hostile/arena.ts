// A house to be attacked: two organisations, an admin's credentials of every kind, and a picture of all rows, so that a
// refusal that wrote something is seen.
import pg from 'pg'
import twilio from 'twilio'
import { carrierToken, pathOf } from '../isolation/asking.ts'
import { openCarrier } from '../isolation/carrier.ts'
import { matrix, type Sent } from '../isolation/matrix.ts'
import type { Operation } from '../isolation/operations.ts'
import { listTenantTables, pictureOf } from '../isolation/tables.ts'
import { openTenant, type Tenant } from '../isolation/tenant.ts'
import { type HouseOptions, openTestHouse, type TestHouse } from '../support/house.ts'
import type { Answer } from './judge.ts'

export interface Arena {
  readonly house: TestHouse
  readonly db: pg.Client
  readonly own: Tenant
  readonly other: Tenant
  /** A token and a key of an admin, the same each time. */
  credentials(): Promise<Record<string, string>>
  /** Headers that open this operation for this path and form. */
  headersFor(operation: Operation, path: string, form?: Readonly<Record<string, string>>): Promise<Record<string, string>>
  /** A request that would be right. */
  right(operation: Operation): Promise<Sent>
  send(method: string, path: string, headers: Record<string, string>, body?: Buffer | string | FormData): Promise<Answer>
  picture(): Promise<Record<string, string>>
  close(): Promise<void>
}

export async function openArena(options: HouseOptions = {}): Promise<Arena> {
  const carrier = await openCarrier()
  const house = await openTestHouse({ ...options, env: { TWILIO_BASE_URL: carrier.url, ...options.env } })
  const db = new pg.Client({ connectionString: house.databaseUrl })
  await db.connect()
  const own = await openTenant(house, db, house.org)
  const other = await openTenant(house, db, house.other)
  const tables = await listTenantTables(db)
  const issued = async () => ({
    authorization: `Bearer ${await house.token({ subject: `user:${own.founded.adminId}` })}`,
    'x-api-key': own.founded.apiKey,
  })
  const kept = issued()
  const credentials = () => kept
  return {
    house,
    db,
    own,
    other,
    credentials,
    async headersFor({ endpoint }, path, form = {}) {
      if (endpoint.permission === 'public' && !endpoint.verify) return {}
      if (endpoint.permission === 'public')
        return {
          ...(await credentials()),
          'x-twilio-signature': twilio.getExpectedTwilioSignature(carrierToken, `${house.url}${path}`, { ...form }),
        }
      // What ends credentials must not end those that the next request comes with.
      return endpoint.operation.startsWith('auth.') ? issued() : credentials()
    },
    right: async ({ endpoint }) => (await matrix[endpoint.operation]?.send(own)) ?? {},
    async send(method, path, headers, body) {
      const response = await house.request(method, path, { headers, ...(body === undefined ? {} : { body }) })
      const endless = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
      if (endless) await response.body?.cancel()
      return { status: response.status, headers: Object.fromEntries(response.headers), body: endless ? '' : await response.text() }
    },
    picture: () => pictureOf(db, tables, null),
    async close() {
      await db.end()
      await house.close()
      await carrier.close()
    },
  }
}

export { pathOf }
