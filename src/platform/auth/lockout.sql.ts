import { statement } from '../db/index.ts'

export const selectLock = statement<{ name: Buffer; at: Date }, { lockedUntil: Date }>(
  'login_failures_select_lock',
  `SELECT locked_until AS "lockedUntil" FROM platform.login_failures WHERE name = :name AND locked_until > :at`,
)

/**
 * One statement, so that failures in different processes count together. While a lock holds nothing is counted; as it lasts
 * no shorter than failures count, a new count begins when it is over.
 */
export const countFailure = statement<{ name: Buffer; at: Date; windowStart: Date; lockUntil: Date; most: number }, { failures: number }>(
  'login_failures_count',
  `INSERT INTO platform.login_failures AS f (name, failures, since, recent)
   VALUES (:name, 1, :at, ARRAY[:at::timestamptz])
   ON CONFLICT (name) DO UPDATE
      SET (failures, since, recent, locked_until) = (
        SELECT cardinality(counted.times), excluded.since, counted.times,
               CASE WHEN f.locked_until > :at THEN f.locked_until
                    WHEN cardinality(counted.times) >= :most::int THEN :lockUntil::timestamptz END
          FROM (SELECT CASE WHEN f.locked_until > :at THEN f.recent
                            ELSE array_append(ARRAY(SELECT t FROM unnest(f.recent) AS t WHERE t > :windowStart), :at) END AS times) AS counted)
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
