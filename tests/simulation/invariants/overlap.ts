import { type Invariant, rowsOf } from '../exam.ts'

export const overlap: Invariant = {
  promise: 'no two live appointments touch on a resource, their buffers included',
  every: 1,
  check: (exam) =>
    rowsOf(
      exam,
      `SELECT a.organization_id, a.resource_id, a.id, b.id AS other, a.busy, b.busy AS "otherBusy"
         FROM booking.appointments a
         JOIN booking.appointments b ON b.organization_id = a.organization_id AND b.resource_id = a.resource_id AND b.id <> a.id
          AND lower(b.busy) < upper(a.busy) AND upper(b.busy) > lower(a.busy)
        WHERE a.status <> 'cancelled' AND b.status <> 'cancelled' AND a.updated_at >= $1 AND b.starts_at BETWEEN a.starts_at - interval '2 days' AND a.starts_at + interval '2 days'`,
      [exam.since],
    ),
}
