// What most would write: Express over a pool of pg, a transaction per request that sets the tenant, rows to JSON.
import pg from 'pg'
import { inputOf } from '../children.ts'
import { type Reads, type ReferenceInput, serveWithExpress } from './door.ts'

const input = inputOf<ReferenceInput>()
const pool = new pg.Pool({ connectionString: input.databaseUrl, options: '-c role=patchbay_app', max: 16 })
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

async function inTransaction<T>(organizationId: number, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query(`SELECT set_config('app.organization_id', $1, true)`, [String(organizationId)])
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

const organization = `SELECT organization_id AS id, name, domain, status, settings, created_at AS "createdAt", updated_at AS "updatedAt"
  FROM tenancy.organizations WHERE organization_id = $1`
const appointment = `SELECT a.id, a.contact_id AS user_id, p.full_name, p.mobile, a.starts_at, a.ends_at, a.status, a.notes, a.service, a.resource_id,
       c.timezone, a.call_id, a.created_at
  FROM booking.appointments a
  JOIN contacts.contacts p ON p.organization_id = a.organization_id AND p.id = a.contact_id
  JOIN booking.calendars c ON c.organization_id = a.organization_id
 WHERE a.organization_id = $1 AND a.id = $2`
const calls = `SELECT c.id, c.direction, c.from_number AS "from", c.to_number AS "to", c.started_at AS "startTime", c.answered_at AS "answerTime",
       c.ended_at AS "endTime", c.duration_s AS duration, c.status, c.outcome, c.hangup_cause AS "hangupCause", c.on_hold AS "onHold",
       c.user_id AS "userId", c.agent_id AS "agentId", c.contact_id AS "contactId", c.campaign_id AS "campaignId",
       c.cost_micros AS "costMicros", c.currency, row_to_json(r) AS recording
  FROM calls.calls c
  LEFT JOIN LATERAL (SELECT r.id, r.duration_s AS duration, r.size, r.format, r.status FROM recordings.recordings r
                      WHERE r.organization_id = c.organization_id AND r.call_id = c.id AND r.status <> 'deleted'
                      ORDER BY r.started_at DESC, r.id DESC LIMIT 1) r ON true
 WHERE c.organization_id = $1 ORDER BY c.started_at DESC, c.id DESC LIMIT $2`
const count = `SELECT count(*)::int AS total FROM calls.calls c WHERE c.organization_id = $1`

const reads: Reads = {
  organization: (id) => inTransaction(id, async (client) => (await client.query(organization, [id])).rows[0]),
  appointment: (organizationId, id) =>
    inTransaction(organizationId, async (client) => (await client.query(appointment, [organizationId, id])).rows[0]),
  calls: (id, limit) =>
    inTransaction(id, async (client) => {
      const { rows } = await client.query(calls, [id, limit])
      return { calls: rows, total: (await client.query<{ total: number }>(count, [id])).rows[0]?.total ?? 0 }
    }),
}

serveWithExpress(input, reads, () => pool.end())
