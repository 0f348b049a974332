// B5. What is free.
import { Type } from 'typebox'
import { listFreeSlots, longestRangeDays } from '../../domain/booking/index.ts'
import { type AnyEndpoint, endpoint } from '../../platform/http/index.ts'
import { wireTime } from '../../platform/time/index.ts'
import { DayOrTime, Duration, Id, readBound, Time } from './shapes.ts'

const Query = Type.Object({
  from: Type.Optional(DayOrTime),
  to: Type.Optional(DayOrTime),
  duration_min: Type.Optional(Duration),
  resource_id: Type.Optional(Id),
})
const Slot = Type.Object({
  starts_at: Time,
  ends_at: Time,
  local_start: Type.String({ description: 'The wall clock in the time zone, 2026-11-24T09:00' }),
  resource_id: Type.Integer(),
})
const weekMs = 7 * 24 * 3600 * 1000

export const availability = (): AnyEndpoint[] => [
  endpoint({
    operation: 'availability.list',
    method: 'GET',
    path: '/appointments/availability',
    tags: ['Appointments'],
    summary: 'Times that can be booked, soonest first',
    description: `The week from now where nothing is said; at most ${longestRangeDays} days at once.`,
    permission: 'appointments:read',
    query: Query,
    response: { 200: Type.Object({ timezone: Type.String(), slots: Type.Array(Slot) }) },
    handle: async ({ session, query }) => {
      const start = query.from === undefined ? session.now().getTime() : await readBound(session, 'from', query.from)
      const end = query.to === undefined ? start + weekMs : await readBound(session, 'to', query.to)
      const { duration_min: durationMin = null, resource_id: resourceId = null } = query
      const { timezone, slots } = await listFreeSlots(session, {
        between: { start, end },
        durationMin,
        resourceId,
        limit: Number.POSITIVE_INFINITY,
      })
      return { timezone, slots: slots.map(toSlot) }
    },
  }),
]

const toSlot = ({ start, end, localStart, resourceId }: { start: number; end: number; localStart: string; resourceId: number }) => ({
  starts_at: wireTime(new Date(start)),
  ends_at: wireTime(new Date(end)),
  local_start: localStart,
  resource_id: resourceId,
})
