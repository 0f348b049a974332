import { statement } from '../../platform/db/index.ts'

export const selectOrganizationsWithRetention = statement<object, { organizationId: number }>(
  'retention_organizations',
  `SELECT o AS "organizationId" FROM tenancy.organizations_with_retention() AS o`,
)
/** Of two runs in one organisation the second finds it taken, and does nothing. */
export const takeRetention = statement<object, { taken: boolean }>(
  'retention_take',
  `SELECT pg_try_advisory_xact_lock(hashtextextended('retention ' || :organizationId::bigint, 0)) AS taken`,
)

/** A legal hold goes before everything: it keeps a recording, its call and all that belongs to that. */
const held = (callId: string): string => `EXISTS (SELECT FROM recordings.recordings r
  WHERE r.organization_id = :organizationId AND r.call_id = ${callId} AND r.legal_hold)`
const over = `c.status NOT IN ('queued', 'ringing', 'in_progress') AND c.ended_at < :before`

interface Old {
  before: Date
  most: number
}
interface Calls {
  callIds: readonly string[]
}

// What is old is held by one statement, which waits for nobody, and removed by the next, which sees a legal hold that came before.

/** Along the index by time: what ended before began before. */
export const lockOldCalls = statement<Old, { id: string }>(
  'retention_calls_lock',
  `SELECT c.id FROM calls.calls c
    WHERE c.organization_id = :organizationId AND c.started_at < :before AND ${over} AND NOT ${held('c.id')}
    ORDER BY c.started_at, c.id LIMIT :most FOR UPDATE OF c SKIP LOCKED`,
)
/**
 * Those that have words left, however many have none: from one call's words to the next one's, along their key. A call's id begins
 * with the time at which it began.
 */
export const lockOldCallsWithWords = statement<Old, { id: string }>(
  'retention_words_lock',
  `WITH RECURSIVE spoken (call_id) AS (
     (SELECT t.call_id FROM calls.turns t
       WHERE t.organization_id = :organizationId AND t.call_id < platform.uuid_floor(:before) ORDER BY t.call_id LIMIT 1)
     UNION ALL
     SELECT (SELECT t.call_id FROM calls.turns t
              WHERE t.organization_id = :organizationId AND t.call_id > s.call_id AND t.call_id < platform.uuid_floor(:before)
              ORDER BY t.call_id LIMIT 1)
       FROM spoken s WHERE s.call_id IS NOT NULL
   )
   SELECT old.id FROM spoken s, LATERAL (
     SELECT c.id FROM calls.calls c
      WHERE c.organization_id = :organizationId AND c.id = s.call_id AND ${over} AND NOT ${held('c.id')}
        FOR UPDATE OF c SKIP LOCKED) old
    LIMIT :most`,
)
/** Of calls that are held by us: those that nobody holds by law. */
export const selectUnheld = statement<Calls, { id: string }>(
  'retention_calls_unheld',
  `SELECT c.id FROM calls.calls c WHERE c.organization_id = :organizationId AND c.id = ANY(:callIds::uuid[]) AND NOT ${held('c.id')}`,
)

const theirs = 'organization_id = :organizationId AND call_id = ANY(:callIds::uuid[])'
const removal = (what: string, from: string) => statement<Calls, never>(`retention_delete_${what}`, `DELETE FROM ${from} WHERE ${theirs}`)

export const deleteCalls = statement<Calls, never>(
  'retention_delete_calls',
  `DELETE FROM calls.calls WHERE organization_id = :organizationId AND id = ANY(:callIds::uuid[])`,
)
export const deleteTurns = removal('turns', 'calls.turns')
/** What was only ever part of a call. */
export const deleteParts = [
  removal('legs', 'calls.legs'),
  removal('events', 'calls.events'),
  removal('names', 'calls.provider_calls'),
  removal('dialogues', 'conversation.dialogues'),
  removal('answers', 'conversation.answers'),
] as const
export const deleteRecordings = statement<Calls, { id: string; blobId: string | null; there: boolean }>(
  'retention_delete_recordings',
  `DELETE FROM recordings.recordings WHERE ${theirs} RETURNING id, blob_id AS "blobId", status <> 'deleted' AS there`,
)
/** What outlives its call no longer names it. */
export const detachMessages = statement<Calls, never>(
  'retention_detach_messages',
  `UPDATE voicemail.messages SET call_id = NULL WHERE ${theirs}`,
)
export const detachAppointments = statement<Calls, never>(
  'retention_detach_appointments',
  `UPDATE booking.appointments SET call_id = NULL WHERE ${theirs}`,
)

/** What a dialogue noted of the caller, and what it answered: the figures stay, as where a person is erased. */
export const emptyDialogues = statement<Calls, never>(
  'retention_empty_dialogues',
  `UPDATE conversation.dialogues SET state = '{}' WHERE ${theirs}`,
)
export const emptyAnswers = statement<Calls, never>(
  'retention_empty_answers',
  `UPDATE conversation.answers SET instructions = '[]' WHERE ${theirs}`,
)

const oldMessages = (name: string, which: string) =>
  statement<Old, { id: string }>(
    name,
    `SELECT m.id FROM voicemail.messages m
      WHERE m.organization_id = :organizationId AND m.created_at < :before ${which} AND NOT ${held('m.call_id')}
      ORDER BY m.created_at, m.id LIMIT :most FOR UPDATE OF m SKIP LOCKED`,
  )
export const lockOldMessages = oldMessages('retention_messages_lock', '')
export const lockOldMessagesWithWords = oldMessages('retention_message_words_lock', 'AND m.transcription IS NOT NULL')

interface Messages {
  ids: readonly string[]
}
const these = `m.organization_id = :organizationId AND m.id = ANY(:ids::uuid[]) AND NOT ${held('m.call_id')}`
export const deleteMessages = statement<Messages, { blobId: string | null }>(
  'retention_delete_messages',
  `DELETE FROM voicemail.messages m WHERE ${these} RETURNING m.blob_id AS "blobId"`,
)
export const forgetMessageWords = statement<Messages, { id: string }>(
  'retention_forget_message_words',
  `UPDATE voicemail.messages m SET transcription = NULL WHERE ${these} RETURNING m.id`,
)

/** Where a family's events are empty up to; its row stays locked until the change is committed. */
export const holdEmptied = statement<{ family: string }, { seq: number }>(
  'retention_feed_hold',
  `INSERT INTO platform.emptied_events AS e (organization_id, family, seq) VALUES (:organizationId, :family, 0)
   ON CONFLICT (organization_id, family) DO UPDATE SET seq = e.seq RETURNING seq`,
)
export const emptyEvents = statement<
  { family: string; kept: readonly string[]; after: number; before: Date; most: number },
  { reached: number | null; passed: number; emptied: number }
>(
  'retention_feed_empty',
  `SELECT reached, passed, emptied FROM platform.empty_events(:organizationId, :family, :kept::text[], :after::bigint, :before, :most::int)`,
)
export const moveEmptied = statement<{ family: string; seq: number }, never>(
  'retention_feed_move',
  `UPDATE platform.emptied_events SET seq = :seq WHERE organization_id = :organizationId AND family = :family`,
)
