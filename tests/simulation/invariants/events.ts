import { type Exam, type Invariant, rowsOf } from '../exam.ts'

interface FeedRow {
  organization_id: number
  seq: number
  head: number
}

/** From where we have read to where the feed says it stands: each number once, none left out. */
async function holes(exam: Exam, organizationId: number): Promise<unknown[]> {
  const from = exam.read.get(organizationId) ?? 0
  const [feed] = await rowsOf<FeedRow>(
    exam,
    `SELECT f.seq::int AS head, (SELECT count(*)::int FROM platform.events e WHERE e.organization_id = $1 AND e.seq > $2) AS seq
       FROM platform.feeds f WHERE f.organization_id = $1`,
    [organizationId, from],
  )
  const beyond = await rowsOf(exam, `SELECT seq FROM platform.events WHERE organization_id = $1 AND seq > $2`, [
    organizationId,
    feed?.head ?? 0,
  ])
  if (!feed || feed.seq !== feed.head - from || beyond.length > 0) return [{ organizationId, from, feed, beyond }]
  exam.read.set(organizationId, feed.head)
  return []
}

/** What there is, and the event that must have said so: as many of the one as of the other. */
const said: readonly { readonly rows: string; readonly type: string; readonly resource: string; readonly audited: boolean }[] = [
  {
    rows: `SELECT organization_id, id::text AS id FROM booking.appointments`,
    type: 'appointment.created',
    resource: 'appointmentId',
    audited: true,
  },
  {
    rows: `SELECT organization_id, id::text AS id FROM booking.appointments WHERE status = 'cancelled'`,
    type: 'appointment.cancelled',
    resource: 'appointmentId',
    audited: true,
  },
  { rows: `SELECT organization_id, id::text AS id FROM contacts.contacts`, type: 'contact.created', resource: 'contactId', audited: true },
  { rows: `SELECT organization_id, id::text AS id FROM calls.calls`, type: 'call.started', resource: 'callId', audited: false },
]

async function unsaid(exam: Exam): Promise<unknown[]> {
  const wrong: unknown[] = []
  for (const { rows, type, resource, audited } of said) {
    wrong.push(
      ...(await rowsOf(
        exam,
        `WITH things AS (${rows}), told AS (SELECT organization_id, data->>'${resource}' AS id, count(*)::int AS times
                                              FROM platform.events WHERE type = '${type}' GROUP BY 1, 2)
         SELECT '${type}' AS type, organization_id, id, coalesce(t.times, 0) AS times FROM things FULL JOIN told t USING (organization_id, id)
          WHERE t.times IS DISTINCT FROM 1 OR things.id IS NULL LIMIT 5`,
      )),
    )
    if (!audited) continue
    wrong.push(
      ...(await rowsOf(
        exam,
        `SELECT e.organization_id, '${type}' AS "notAudited", count(*)::int AS told, (SELECT count(*)::int FROM platform.audit_log a
            WHERE a.organization_id = e.organization_id AND a.action = '${type}') AS audited
           FROM platform.events e WHERE e.type = '${type}' GROUP BY 1
         HAVING count(*) <> (SELECT count(*) FROM platform.audit_log a WHERE a.organization_id = e.organization_id AND a.action = '${type}')`,
      )),
    )
  }
  return wrong
}

export const events: Invariant = {
  promise: 'an organisation’s events are numbered without a hole and without a double, and every change has its own',
  every: 1,
  async check(exam, { last }) {
    const found: unknown[] = []
    for (const { founded } of exam.scene.organizations) found.push(...(await holes(exam, founded.organizationId)))
    return last ? [...found, ...(await unsaid(exam))] : found
  },
}

export const audit: Invariant = {
  promise: 'the audit chain is whole',
  every: 50,
  check: async ({ scene }) => (await scene.world.house().audit.verify()).findings,
}
