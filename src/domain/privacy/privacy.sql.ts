import { statement } from '../../platform/db/index.ts'
import { wireTime } from '../calls/index.ts'

/** Who is meant: a contact, or somebody who rang and left nothing but a number. */
export interface PersonParams {
  contactId: number | null
  mobile: string | null
}
const theirCalls = `(c.contact_id = :contactId::bigint OR c.from_number = :mobile::text OR c.to_number = :mobile::text)`

export const selectPersonCalls = statement<PersonParams, { id: string; live: boolean }>(
  'privacy_calls',
  `SELECT c.id, c.status IN ('queued', 'ringing', 'in_progress') AS live
     FROM calls.calls c
    WHERE c.organization_id = :organizationId AND ${theirCalls}
    ORDER BY c.started_at, c.id
      FOR UPDATE`,
)
/** Whether a number has left anything: a call, or a message that outlived its call. */
export const selectPersonKnown = statement<PersonParams, { known: boolean }>(
  'privacy_known',
  `SELECT EXISTS (SELECT FROM calls.calls c WHERE c.organization_id = :organizationId AND ${theirCalls})
       OR EXISTS (SELECT FROM voicemail.messages v WHERE v.organization_id = :organizationId AND v.from_number = :mobile::text) AS known`,
)
export const selectPersonRecordings = statement<{ callIds: readonly string[] }, { id: string }>(
  'privacy_recordings',
  `SELECT id FROM recordings.recordings
    WHERE organization_id = :organizationId AND call_id = ANY(:callIds::uuid[]) AND status <> 'deleted' ORDER BY id`,
)
/** Their messages, which then say no more whose they were. */
export const takePersonVoicemail = statement<{ callIds: readonly string[]; mobile: string | null }, { id: string }>(
  'privacy_voicemail',
  `UPDATE voicemail.messages SET from_number = 'anonymous', transcription = NULL
    WHERE organization_id = :organizationId AND (call_id = ANY(:callIds::uuid[]) OR from_number = :mobile::text) RETURNING id`,
)

const call = `json_build_object('id', c.id, 'direction', c.direction, 'from', c.from_number, 'to', c.to_number, 'status', c.status,
  'outcome', c.outcome, 'startTime', ${wireTime('c.started_at')}, 'answerTime', ${wireTime('c.answered_at')},
  'endTime', ${wireTime('c.ended_at')}, 'duration', c.duration_s,
  'events', (SELECT coalesce(json_agg(json_build_object('type', e.type, 'at', ${wireTime('e.at')}, 'data', e.data) ORDER BY e.position), '[]')
               FROM calls.events e WHERE e.organization_id = c.organization_id AND e.call_id = c.id),
  'transcript', (SELECT coalesce(json_agg(json_build_object('speaker', t.speaker, 'text', t.text, 'startMs', t.start_ms) ORDER BY t.position), '[]')
               FROM calls.turns t WHERE t.organization_id = c.organization_id AND t.call_id = c.id),
  'recordings', (SELECT coalesce(json_agg(json_build_object('id', r.id, 'status', r.status, 'duration', r.duration_s, 'size', r.size,
                                                            'startTime', ${wireTime('r.started_at')}, 'file', b.key) ORDER BY r.started_at), '[]')
               FROM recordings.recordings r LEFT JOIN blobs.blobs b ON b.organization_id = r.organization_id AND b.id = r.blob_id
              WHERE r.organization_id = c.organization_id AND r.call_id = c.id AND r.status <> 'deleted'))`

/** Everything that is held about a person, as one document. */
export const selectPersonJson = statement<PersonParams & { at: Date }, { json: string }>(
  'privacy_export',
  `SELECT json_build_object(
     'exportedAt', ${wireTime(':at::timestamptz')},
     'contact', (SELECT json_build_object('id', k.id, 'fullName', k.full_name, 'mobile', k.mobile, 'doNotCall', k.do_not_call,
                                          'createdAt', ${wireTime('k.created_at')}, 'updatedAt', ${wireTime('k.updated_at')})
                   FROM contacts.contacts k WHERE k.organization_id = :organizationId AND k.id = :contactId::bigint),
     'number', :mobile::text,
     'calls', (SELECT coalesce(json_agg(${call} ORDER BY c.started_at, c.id), '[]')
                 FROM calls.calls c WHERE c.organization_id = :organizationId AND ${theirCalls}),
     'appointments', (SELECT coalesce(json_agg(json_build_object('id', a.id, 'startsAt', ${wireTime('a.starts_at')}, 'endsAt', ${wireTime('a.ends_at')},
                               'status', a.status, 'service', a.service, 'forName', a.for_name, 'notes', a.notes, 'source', a.source,
                               'callId', a.call_id, 'createdAt', ${wireTime('a.created_at')},
                               'messages', (SELECT coalesce(json_agg(json_build_object('kind', m.kind, 'sentAt', ${wireTime('m.sent_at')}) ORDER BY m.sent_at), '[]')
                                              FROM booking.messages m WHERE m.organization_id = a.organization_id AND m.appointment_id = a.id))
                             ORDER BY a.starts_at, a.id), '[]')
                 FROM booking.appointments a WHERE a.organization_id = :organizationId AND a.contact_id = :contactId::bigint),
     'voicemails', (SELECT coalesce(json_agg(json_build_object('id', v.id, 'callId', v.call_id, 'from', v.from_number, 'duration', v.duration_s,
                               'transcription', v.transcription, 'createdAt', ${wireTime('v.created_at')}, 'file', b.key) ORDER BY v.created_at, v.id), '[]')
                 FROM voicemail.messages v LEFT JOIN blobs.blobs b ON b.organization_id = v.organization_id AND b.id = v.blob_id
                WHERE v.organization_id = :organizationId
                  AND (v.from_number = :mobile::text OR v.call_id IN (SELECT c.id FROM calls.calls c WHERE c.organization_id = :organizationId AND ${theirCalls})))
   )::text AS json`,
)

interface Calls {
  callIds: readonly string[]
}
const inTheirCalls = 'organization_id = :organizationId AND call_id = ANY(:callIds::uuid[])'

export const eraseTurns = statement<Calls, never>('privacy_erase_turns', `UPDATE calls.turns SET text = '[erased]' WHERE ${inTheirCalls}`)
/** The far side of each call: who rang us, or whom we rang. */
export const eraseLegs = statement<Calls & { mobile: string | null }, never>(
  'privacy_erase_legs',
  `UPDATE calls.legs l SET number = NULL
     FROM calls.calls c
    WHERE l.organization_id = :organizationId AND l.call_id = ANY(:callIds::uuid[])
      AND c.organization_id = l.organization_id AND c.id = l.call_id
      AND (l.number = :mobile::text OR l.kind = 'caller' OR (l.kind = 'number' AND c.direction = 'outbound'))`,
)
export const eraseNumbers = statement<Calls & { mobile: string | null; at: Date }, never>(
  'privacy_erase_numbers',
  `UPDATE calls.calls
      SET from_number = CASE WHEN direction = 'inbound' OR from_number = :mobile::text THEN 'anonymous' ELSE from_number END,
          to_number = CASE WHEN direction = 'outbound' OR to_number = :mobile::text THEN 'anonymous' ELSE to_number END,
          updated_at = :at
    WHERE organization_id = :organizationId AND id = ANY(:callIds::uuid[])`,
)
export const eraseCallEvents = statement<Calls & { mobile: string }, never>(
  'privacy_erase_call_events',
  `UPDATE calls.events SET data = replace(data::text, to_jsonb(:mobile::text)::text, '"anonymous"')::jsonb
    WHERE ${inTheirCalls} AND strpos(data::text, to_jsonb(:mobile::text)::text) > 0`,
)
export const eraseDialogues = statement<Calls, never>(
  'privacy_erase_dialogues',
  `UPDATE conversation.dialogues SET state = '{}' WHERE ${inTheirCalls}`,
)
export const eraseAnswers = statement<Calls, never>(
  'privacy_erase_answers',
  `UPDATE conversation.answers SET instructions = '[]' WHERE ${inTheirCalls}`,
)
export const eraseAppointments = statement<{ contactId: number; at: Date }, { id: number }>(
  'privacy_erase_appointments',
  `UPDATE booking.appointments SET for_name = NULL, notes = NULL, updated_at = :at
    WHERE organization_id = :organizationId AND contact_id = :contactId RETURNING id`,
)
export const eraseContact = statement<{ contactId: number; at: Date }, never>(
  'privacy_erase_contact',
  `UPDATE contacts.contacts SET full_name = NULL, mobile = NULL, updated_at = :at WHERE organization_id = :organizationId AND id = :contactId`,
)
/** Answers kept for repeats may show the person: who repeats a request about them asks anew. */
export const eraseStoredAnswers = statement<{ words: readonly string[] }, never>(
  'privacy_erase_stored_answers',
  `DELETE FROM platform.idempotent_answers i
    WHERE i.organization_id = :organizationId
      AND EXISTS (SELECT FROM unnest(:words::text[]) AS word WHERE strpos(i.body, word) > 0)`,
)
export const eraseFeed = statement<{ words: readonly string[] }, { changed: number }>(
  'privacy_erase_feed',
  `SELECT platform.redact_events(:organizationId, :words::text[]) AS changed`,
)
