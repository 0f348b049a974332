import { statement } from '../db/index.ts'

export const selectLock = statement<{ name: Buffer; at: Date }, { lockedUntil: Date }>(
  'login_failures_select_lock',
  `SELECT locked_until AS "lockedUntil" FROM platform.login_failures WHERE name = :name AND locked_until > :at`,
)

/** One statement, so that failures in different processes count together. A lock that is over begins a new count. */
export const countFailure = statement<{ name: Buffer; at: Date; windowStart: Date; lockUntil: Date; most: number }, { failures: number }>(
  'login_failures_count',
  `INSERT INTO platform.login_failures AS f (name, failures, since)
   VALUES (:name, 1, :at)
   ON CONFLICT (name) DO UPDATE
      SET failures = CASE WHEN f.since <= :windowStart OR f.locked_until <= :at THEN 1 ELSE f.failures + 1 END,
          since = CASE WHEN f.since <= :windowStart OR f.locked_until <= :at THEN excluded.since ELSE f.since END,
          locked_until = CASE
            WHEN f.locked_until > :at THEN f.locked_until
            WHEN f.since > :windowStart AND f.locked_until IS NULL AND f.failures + 1 >= :most THEN :lockUntil::timestamptz
          END
   RETURNING failures`,
)

export const forgetFailures = statement<{ name: Buffer }, never>(
  'login_failures_forget',
  `DELETE FROM platform.login_failures WHERE name = :name`,
)

export const sweepFailures = statement<{ before: Date }, never>(
  'login_failures_sweep',
  `DELETE FROM platform.login_failures WHERE since < :before AND (locked_until IS NULL OR locked_until < :before)`,
)

export const sweepCredentials = statement<{ tokensBefore: Date; revocationsBefore: Date }, never>(
  'credentials_sweep',
  `SELECT platform.sweep_credentials(:tokensBefore, :revocationsBefore)`,
)
