import { statement } from '../db/index.ts'

/** Every entry whose hash, place or predecessor is not what the chain says; the earliest first. */
export const findBreaks = statement<object, { seq: number; reason: string }>(
  'audit_breaks',
  `WITH chain AS (
     SELECT seq, hash, lag(seq) OVER w AS before_seq,
            platform.audit_digest(coalesce(lag(hash) OVER w, '\\x'), organization_id, seq, at, actor, actor_kind, address, request_id,
                                  action, resource, before, after) AS expected
       FROM platform.audit_log
      WHERE organization_id = :organizationId
     WINDOW w AS (ORDER BY seq)
   )
   SELECT seq, CASE WHEN seq <> coalesce(before_seq, 0) + 1 THEN 'entries before this one are missing'
                    ELSE 'this entry, or the one before it, is not what was written' END AS reason
     FROM chain
    WHERE hash <> expected OR seq <> coalesce(before_seq, 0) + 1
    ORDER BY seq
    LIMIT 10`,
)
export const selectChainEnd = statement<object, { count: number; lastSeq: number; auditSeq: number; headMatches: boolean }>(
  'audit_end',
  `SELECT count(l.seq)::int AS count, coalesce(max(l.seq), 0) AS "lastSeq", f.audit_seq AS "auditSeq",
          coalesce(f.audit_head = (SELECT hash FROM platform.audit_log WHERE organization_id = :organizationId ORDER BY seq DESC LIMIT 1),
                   f.audit_seq = 0) AS "headMatches"
     FROM platform.feeds f
     LEFT JOIN platform.audit_log l ON l.organization_id = f.organization_id
    WHERE f.organization_id = :organizationId
    GROUP BY f.organization_id, f.audit_seq, f.audit_head`,
)
