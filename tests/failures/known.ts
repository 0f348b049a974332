// What the scenarios do not fail, and why; a statement that is neither reached nor named here fails the test.

/** Statements that no request, job or command of this process sends. */
export const elsewhere: Readonly<Record<string, string>> = {
  ...by('the caches of several processes agree by it: tests/chaos and src/platform/cache', [
    'cache_acks',
    'cache_peers_evict',
    'cache_peers_leave',
    'cache_raise_epoch',
  ]),
  ...by('what a worker does with its own queue: tests/chaos/killed-workers', [
    'jobs_enter_worker',
    'jobs_finish',
    'jobs_judge_workers',
    'jobs_leave_worker',
    'jobs_report_worker',
    'jobs_tick',
    'jobs_turn',
    'jobs_unknown_tasks',
  ]),
  ...by('a command that is run by hand says what went wrong and is run again', [
    'booking_holiday_insert',
    'booking_calendar_upsert',
    'booking_resource_insert',
    'doctor_role',
    'doctor_server',
    'doctor_unguarded',
    'first_screen_booking',
    'founding_admin',
    'founding_agent',
    'founding_number',
    'organizations_create',
    'founding_kept',
    'founding_own_numbers',
    'oauth_clients_revoke',
    'oauth_clients_update_secret',
    'organizations_ids',
    'organizations_update_status',
    'privacy_known',
    'recording_legal_hold',
    'signing_keys_insert',
    'signing_keys_lock',
    'signing_keys_reseal',
    'signing_keys_retire',
    'signing_keys_revoke',
  ]),
  ...by('read while a process starts, which does not start without', ['facts_settle', 'revocations_recent', 'signing_keys_select']),
  ...by('on a stream that is never over: tests/chaos/streams', ['events_between', 'events_bounds', 'tickets_use']),
  ...by('old things are deleted by it, and a run that fails at any of them is done by the next: src/domain/retention/together', [
    'blob_delete_many',
    'retention_calls_lock',
    'retention_calls_unheld',
    'retention_delete_answers',
    'retention_delete_calls',
    'retention_delete_dialogues',
    'retention_delete_events',
    'retention_delete_legs',
    'retention_delete_messages',
    'retention_delete_names',
    'retention_delete_recordings',
    'retention_delete_turns',
    'retention_detach_appointments',
    'retention_detach_messages',
    'retention_empty_answers',
    'retention_empty_dialogues',
    'retention_feed_empty',
    'retention_feed_hold',
    'retention_feed_move',
    'retention_forget_message_words',
    'retention_message_words_lock',
    'retention_messages_lock',
    'retention_take',
    'retention_words_lock',
  ]),
  ...by('what is only asked on a way that is tested beside its unit', [
    'call_provider_find',
    'call_silent',
    'call_silent_lock',
    'calls_prewrite',
    'calls_tally',
    'calls_tally_lock',
    'calls_unwritten_lock',
    'contact_name',
    'sight_supervised',
    'users_select_supervision',
    'voicemail_transcription',
  ]),
  ...by('a breaker that probes a service again: src/platform/resilience', ['breakers_claim']),
}

function by(reason: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, reason]))
}

/** Without these there is an answer all the same: what they would have told is found another way, or later. */
const tolerable: readonly RegExp[] = [
  /, (?:cache_\w+|breakers_\w+|patchbay_ping)$/,
  /^breakers\.(?:open|reset), bus_notify$/, // the others read the table of breakers as well
  /^the job calls\.place, call_provider_claim$/, // it rings already: the carrier's next word about it names the call
]
export const isTolerable = (scenario: string, statement: string): boolean =>
  tolerable.some((pattern) => pattern.test(`${scenario}, ${statement}`))
