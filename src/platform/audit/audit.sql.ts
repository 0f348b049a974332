import { statement } from '../db/index.ts'
import { entryColumns } from './entry.ts'

const whole = (value: number): number => {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no number of an entry or an organisation`)
  return value
}
// COPY takes no parameters; what is put in here are whole numbers.
/** `after` 0 asks for all, and for what has a number that no entry has. */
export const copyEntries = (organizationId: number, after: number): string =>
  `SELECT ${entryColumns} FROM platform.audit_log
    WHERE organization_id = ${whole(organizationId)}${after === 0 ? '' : ` AND seq > ${whole(after)}`} ORDER BY seq`
export const selectHead = (organizationId: number): string =>
  `SELECT audit_seq AS seq, audit_head AS hash FROM platform.feeds WHERE organization_id = ${whole(organizationId)}`

/** The last entry of those from the chain's beginning that are all older than `before`. */
export const selectLastBefore = (organizationId: number, before: Date): string =>
  `SELECT l.seq, l.hash FROM platform.audit_log l
    WHERE l.organization_id = ${whole(organizationId)} AND l.seq < coalesce(
          (SELECT min(n.seq) FROM platform.audit_log n WHERE n.organization_id = ${whole(organizationId)} AND n.at >= '${before.toISOString()}'),
          (SELECT f.audit_seq + 1 FROM platform.feeds f WHERE f.organization_id = ${whole(organizationId)}))
    ORDER BY l.seq DESC LIMIT 1`
/** For the owner alone: the run-time role may add entries and remove none. */
export const deleteEntries = `DELETE FROM platform.audit_log WHERE organization_id = $1 AND seq <= $2 AND seq IN (
  SELECT seq FROM platform.audit_log WHERE organization_id = $1 AND seq <= $2 ORDER BY seq LIMIT 20000)`

export interface ChainRow {
  organizationId: number
  seq: number
  hash: Buffer
}
export const selectChains = statement<object, ChainRow>(
  'audit_chains',
  `SELECT organization_id AS "organizationId", seq, hash FROM platform.audit_chains()`,
)

export interface CheckpointRow {
  number: number
  at: Date
  body: string
  signature: string
}
export const selectCheckpoints = statement<{ after: number; limit: number }, CheckpointRow>(
  'audit_checkpoints_after',
  `SELECT number, at, body, signature FROM platform.audit_checkpoints WHERE number > :after::bigint ORDER BY number LIMIT :limit::int`,
)
export const selectNewestCheckpoint = statement<object, { number: number }>(
  'audit_checkpoint_newest',
  `SELECT coalesce(max(number), 0) AS number FROM platform.audit_checkpoints`,
)
/** One at a time, in every process: any constant does, as long as nobody else uses it. */
export const lockCheckpoints = statement<object, never>('audit_checkpoints_lock', `SELECT pg_advisory_xact_lock(7263403)`)
export const insertCheckpoint = statement<CheckpointRow, never>(
  'audit_checkpoint_insert',
  `INSERT INTO platform.audit_checkpoints (number, at, body, signature) VALUES (:number, :at, :body, :signature)`,
)
