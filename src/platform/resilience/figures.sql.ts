import { statement } from '../db/index.ts'

export interface FiguresRow {
  name: string
  total: number
  succeeded: number
  failed: number
  opened: number
  streak: number
  /** Unix seconds with a fraction. */
  lastFailure: number | null
  lastSuccess: number | null
  state: 'closed' | 'half_open' | 'open'
  forced: boolean
  since: number
}

/** What one process has seen since it last said so, as a list of rows. In the order of the names, so that two never wait for each other. */
export const addFigures = statement<{ seen: string; at: Date }, never>(
  'breakers_add',
  `INSERT INTO platform.breakers (name, total, succeeded, failed, opened, streak, last_failure, last_success, state, forced, since)
   SELECT name, total, succeeded, failed, opened, streak, to_timestamp("lastFailure"), to_timestamp("lastSuccess"), 'closed', false, :at::timestamptz
     FROM jsonb_to_recordset(:seen::jsonb) AS seen (name text, total bigint, succeeded bigint, failed bigint, opened bigint, streak bigint,
                                                    "lastFailure" float8, "lastSuccess" float8)
    ORDER BY name
   ON CONFLICT (name) DO UPDATE
     SET total = breakers.total + excluded.total,
         succeeded = breakers.succeeded + excluded.succeeded,
         failed = breakers.failed + excluded.failed,
         opened = breakers.opened + excluded.opened,
         streak = CASE WHEN excluded.succeeded > 0 THEN excluded.streak ELSE breakers.streak + excluded.failed END,
         last_failure = greatest(breakers.last_failure, excluded.last_failure),
         last_success = greatest(breakers.last_success, excluded.last_success)`,
)

/** By the process that changed it; by the database's clock, for those of the processes may differ. */
export const setState = statement<{ name: string; state: string; forced: boolean }, never>(
  'breakers_state',
  `INSERT INTO platform.breakers (name, total, succeeded, failed, opened, streak, state, forced, since)
   VALUES (:name, 0, 0, 0, 0, 0, :state, :forced, clock_timestamp())
   ON CONFLICT (name) DO UPDATE
     SET state = excluded.state, forced = excluded.forced,
         since = CASE WHEN breakers.state = excluded.state THEN breakers.since ELSE excluded.since END,
         streak = CASE WHEN excluded.state = 'closed' THEN 0 ELSE breakers.streak END`,
)

/** One of all processes makes it half open; when it then says nothing for another rest, another one may. */
export const claimProbe = statement<{ name: string; restS: number }, { won: boolean; state: FiguresRow['state'] | null }>(
  'breakers_claim',
  `WITH claimed AS (
     INSERT INTO platform.breakers AS b (name, total, succeeded, failed, opened, streak, state, forced, since)
     VALUES (:name, 0, 0, 0, 0, 0, 'half_open', false, clock_timestamp())
     ON CONFLICT (name) DO UPDATE SET state = 'half_open', since = clock_timestamp()
      WHERE NOT b.forced AND (b.state = 'open' OR (b.state = 'half_open' AND b.since < clock_timestamp() - make_interval(secs => :restS::float8)))
     RETURNING name
   )
   SELECT EXISTS (SELECT FROM claimed) AS won, (SELECT state FROM platform.breakers WHERE name = :name) AS state`,
)

export const selectFigures = statement<object, FiguresRow>(
  'breakers_all',
  `SELECT name, total, succeeded, failed, opened, streak, state, forced, extract(epoch FROM last_failure)::float8 AS "lastFailure",
          extract(epoch FROM last_success)::float8 AS "lastSuccess", extract(epoch FROM since)::float8 AS since
     FROM platform.breakers ORDER BY name`,
)
