// The same Express over Prisma, as its documentation has tenants: an interactive transaction that sets the tenant first.
import { PrismaPg } from '@prisma/adapter-pg'
import { inputOf } from '../../children.ts'
import { serveWithExpress } from '../../contenders/door.ts'
import { PrismaClient } from './node_modules/bench-client/client.js'

const input = inputOf()
const adapter = new PrismaPg({ connectionString: input.databaseUrl, options: '-c role=patchbay_app', max: 16 })
const prisma = new PrismaClient({ adapter })

const inTransaction = (organizationId, work) =>
  prisma.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT set_config('app.organization_id', ${String(organizationId)}, true)`
    return work(tx)
  })

const number = (value) => (value === null ? null : Number(value))

const reads = {
  async organization(id) {
    const row = await inTransaction(id, (tx) => tx.organization.findUnique({ where: { id } }))
    return row ? { ...row, id: number(row.id) } : undefined
  },
  async appointment(organizationId, id) {
    const where = { organizationId_id: { organizationId, id } }
    const include = { contact: { select: { fullName: true, mobile: true } }, calendar: { select: { timezone: true } } }
    const row = await inTransaction(organizationId, (tx) => tx.appointment.findUnique({ where, include }))
    if (row === null) return undefined
    return {
      id: number(row.id),
      user_id: number(row.contactId),
      full_name: row.contact.fullName,
      mobile: row.contact.mobile,
      starts_at: row.startsAt,
      ends_at: row.endsAt,
      status: row.status,
      notes: row.notes,
      service: row.service,
      resource_id: number(row.resourceId),
      timezone: row.calendar.timezone,
      call_id: row.callId,
      created_at: row.createdAt,
    }
  },
  calls: (organizationId, limit) =>
    inTransaction(organizationId, async (tx) => {
      const where = { organizationId }
      const recordings = {
        where: { status: { not: 'deleted' } },
        orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
        take: 1,
        select: { id: true, duration: true, size: true, format: true, status: true },
      }
      const rows = await tx.call.findMany({
        where,
        orderBy: [{ startTime: 'desc' }, { id: 'desc' }],
        take: limit,
        include: { recordings },
      })
      return { calls: rows.map(callOf), total: await tx.call.count({ where }) }
    }),
}

function callOf({ organizationId: _, recordings: [recording], ...row }) {
  return {
    ...row,
    userId: number(row.userId),
    contactId: number(row.contactId),
    costMicros: number(row.costMicros),
    recording: recording ? { ...recording, size: number(recording.size) } : null,
  }
}

serveWithExpress(input, reads, () => prisma.$disconnect())
