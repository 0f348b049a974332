import { type Invariant, rowsOf } from '../exam.ts'

const wrong = `
  SELECT t.organization_id, t.calls, (SELECT count(*) FROM calls.calls c WHERE c.organization_id = t.organization_id AND c.id < t.before) AS found
    FROM calls.tallies t
   WHERE t.calls <> (SELECT count(*) FROM calls.calls c WHERE c.organization_id = t.organization_id AND c.id < t.before)`

export const tallies: Invariant = {
  promise: 'as many calls as were counted are there',
  every: 10,
  check: (exam) => rowsOf(exam, wrong),
}
