import { prewriting } from '../../../src/domain/calls/wire.sql.ts'
import { type Invariant, rowsOf } from '../exam.ts'

const stale = `
  SELECT c.id, c.prewritten, ${prewriting.text} AS now FROM calls.calls c
   WHERE c.prewritten_by = ${prewriting.writer} AND c.prewritten IS DISTINCT FROM ${prewriting.text}`

export const prewritten: Invariant = {
  promise: 'what is kept of a call as text is what the call is now',
  every: 10,
  check: (exam) => rowsOf(exam, stale),
}
