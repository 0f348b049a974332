// What most would write: Express over a pool of pg, a transaction per request that sets the tenant, rows to JSON.
// It checks no credential, counts no limit and logs nothing, which is in its favour.
import type { AddressInfo } from 'node:net'
import express from 'express'
import pg from 'pg'
import { answerAsServer, inputOf } from '../children.ts'
import type { World } from '../world.ts'

const { databaseUrl, organizationId } = inputOf<World>()
const pool = new pg.Pool({ connectionString: databaseUrl, options: '-c role=patchbay_app', max: 16 })

async function rowsOf(sql: string, params: readonly unknown[]): Promise<object[]> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query(`SELECT set_config('app.organization_id', $1, true)`, [String(organizationId)])
    const { rows } = await client.query(sql, [organizationId, ...params])
    await client.query('COMMIT')
    return rows
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

const app = express()
app.get('/v1/organizations/:id', async (_request, response) => response.json((await rowsOf(organization, []))[0]))
app.get('/appointments/:id', async (request, response) => response.json((await rowsOf(appointment, [request.params.id]))[0]))
app.get('/v1/calls', async (request, response) => {
  const limit = Number(request.query.limit)
  const list = await rowsOf(calls, [limit])
  const [counted] = await rowsOf(count, [])
  response.json({ calls: list, ...counted, limit, offset: 0 })
})
const server = app.listen(0, '127.0.0.1', () => {
  answerAsServer((server.address() as AddressInfo).port, async () => {
    server.closeAllConnections()
    await pool.end()
  })
})
