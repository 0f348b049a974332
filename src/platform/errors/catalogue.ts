// Every refusal that Patchbay can answer: its code, its kind and the sentence a caller reads.
// The kind decides the HTTP status (platform/http/statuses.ts); a contract may say the code in its own dialect.

export type Kind =
  | 'invalid'
  | 'unauthenticated'
  | 'payment'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'not_acceptable'
  | 'conflict'
  | 'gone'
  | 'too_large'
  | 'unsupported_media'
  | 'range'
  | 'rule'
  | 'limited'
  | 'internal'
  | 'provider'
  | 'unavailable'
  | 'over_quota'

export interface Entry {
  readonly kind: Kind
  readonly sentence: string
}

const entries = {
  // The request itself
  invalid_request: { kind: 'invalid', sentence: 'The request is not valid.' },
  malformed_body: { kind: 'invalid', sentence: 'The body could not be read.' },
  body_too_large: { kind: 'too_large', sentence: 'The body is larger than this operation accepts.' },
  unsupported_media_type: { kind: 'unsupported_media', sentence: 'This media type is not accepted here.' },
  not_acceptable: { kind: 'not_acceptable', sentence: 'None of the formats asked for is available.' },
  route_not_found: { kind: 'not_found', sentence: 'There is nothing at this path.' },
  method_not_allowed: { kind: 'method_not_allowed', sentence: 'This path does not take that method.' },
  // Who is calling
  missing_token: { kind: 'unauthenticated', sentence: 'Authentication is required.' },
  invalid_token: { kind: 'unauthenticated', sentence: 'The token is not valid.' },
  token_expired: { kind: 'unauthenticated', sentence: 'The token has expired.' },
  invalid_api_key: { kind: 'unauthenticated', sentence: 'Invalid or missing API key' },
  invalid_signature: { kind: 'forbidden', sentence: 'The signature does not match the request.' },
  invalid_client: { kind: 'unauthenticated', sentence: 'The client is unknown or its secret is wrong.' },
  invalid_grant: { kind: 'invalid', sentence: 'The refresh token is unknown, used up, revoked or expired.' },
  unsupported_grant_type: { kind: 'invalid', sentence: 'This grant type is not supported here.' },
  invalid_credentials: { kind: 'unauthenticated', sentence: 'The user name or the password is wrong.' },
  permission_denied: { kind: 'forbidden', sentence: 'This needs a permission that the caller does not have.' },
  locked_out: { kind: 'limited', sentence: 'Too many failed attempts; try again in a minute.' },
  rate_limited: { kind: 'limited', sentence: 'Too many requests; try again later.' },
  // Event streams
  too_many_streams: { kind: 'limited', sentence: 'Too many event streams are open at once; close one, or try again later.' },
  events_gone: { kind: 'gone', sentence: 'The events behind that id are no longer kept; begin without Last-Event-ID.' },
  // Repeats
  idempotency_key_invalid: { kind: 'invalid', sentence: 'The idempotency key must be 1 to 255 printable characters.' },
  idempotency_key_reused: { kind: 'rule', sentence: 'This idempotency key was used with a different request.' },
  idempotency_key_in_use: { kind: 'conflict', sentence: 'A request with this idempotency key is still being worked on.' },
  // The machine room
  circuit_open: { kind: 'unavailable', sentence: 'A service that this needs is currently unavailable.' },
  database_unavailable: { kind: 'unavailable', sentence: 'The database cannot be reached; try again shortly.' },
  overloaded: { kind: 'unavailable', sentence: 'The server is at its limit; try again shortly.' },
  shutting_down: { kind: 'unavailable', sentence: 'The server is shutting down; try again shortly.' },
  storage_unavailable: { kind: 'unavailable', sentence: 'The store of files cannot be reached; try again shortly.' },
  scanner_unavailable: { kind: 'unavailable', sentence: 'The file cannot be searched for malware just now; try again shortly.' },
  provider_failed: { kind: 'provider', sentence: 'An outside service answered with an error.' },
  provider_timeout: { kind: 'unavailable', sentence: 'An outside service did not answer in time.' },
  internal: { kind: 'internal', sentence: 'Something went wrong on our side.' },
  secret_unreadable: { kind: 'internal', sentence: 'A stored secret cannot be opened with the configured keys.' },
  blob_key_invalid: { kind: 'invalid', sentence: 'This is not the name of a file here.' },
  breaker_watches: { kind: 'conflict', sentence: 'This breaker only watches; without what it watches nothing works here.' },
  // Things that are not there
  breaker_not_found: { kind: 'not_found', sentence: 'No such circuit breaker.' },
  organization_not_found: { kind: 'not_found', sentence: 'No such organization.' },
  sign_in_not_found: { kind: 'not_found', sentence: 'No such sign-in.' },
  user_not_found: { kind: 'not_found', sentence: 'No such user.' },
  call_not_found: { kind: 'not_found', sentence: 'No such call.' },
  recording_not_found: { kind: 'not_found', sentence: 'No such recording.' },
  voicemail_not_found: { kind: 'not_found', sentence: 'No such voicemail.' },
  blob_not_found: { kind: 'not_found', sentence: 'No such blob.' },
  appointment_not_found: { kind: 'not_found', sentence: 'No such appointment.' },
  contact_not_found: { kind: 'not_found', sentence: 'No such user.' },
  contact_on_call: { kind: 'conflict', sentence: 'This person is on a call just now; try again when it has ended.' },
  agent_not_found: { kind: 'not_found', sentence: 'No such agent.' },
  feed_not_found: { kind: 'not_found', sentence: 'No such feed.' },
  // People
  username_taken: { kind: 'conflict', sentence: 'This username is already in use.' },
  email_taken: { kind: 'conflict', sentence: 'This e-mail address is already in use.' },
  domain_taken: { kind: 'conflict', sentence: 'This domain already belongs to an organization.' },
  mobile_taken: { kind: 'conflict', sentence: 'This mobile number is already in use.' },
  weak_password: { kind: 'rule', sentence: 'The password needs at least 10 characters and must not be a common one.' },
  foreign_organization: { kind: 'not_found', sentence: 'No such organization.' },
  // Calls, recordings, files
  no_device: { kind: 'rule', sentence: 'This person has neither a device nor a mobile number to ring.' },
  call_not_live: { kind: 'rule', sentence: 'The call has already ended.' },
  unknown_number: { kind: 'rule', sentence: 'This number does not belong to the organization.' },
  recording_held: { kind: 'conflict', sentence: 'The recording is under legal hold.' },
  recording_not_ready: { kind: 'conflict', sentence: 'The recording is not complete yet.' },
  unknown_user: { kind: 'rule', sentence: 'There is no such active user.' },
  unknown_agent: { kind: 'rule', sentence: 'There is no such active agent.' },
  not_recording: { kind: 'rule', sentence: 'The call is not being recorded.' },
  format_unavailable: { kind: 'not_acceptable', sentence: 'This format is not available here.' },
  link_expired: { kind: 'gone', sentence: 'This link has expired.' },
  range_not_satisfiable: { kind: 'range', sentence: 'The range lies outside the file.' },
  blob_too_large: { kind: 'too_large', sentence: 'The file is larger than is accepted.' },
  malware_found: { kind: 'rule', sentence: 'The file holds malware and was not kept.' },
  blob_in_use: { kind: 'conflict', sentence: 'This file belongs to a recording or a voicemail; remove that.' },
  over_quota: { kind: 'over_quota', sentence: 'The storage quota is used up.' },
  upload_incomplete: { kind: 'invalid', sentence: 'The upload ended before it was complete.' },
  // Appointments
  appointment_conflict: { kind: 'conflict', sentence: 'This time is not free.' },
  outside_opening_hours: { kind: 'rule', sentence: 'This time is outside the opening hours.' },
  too_short_notice: { kind: 'rule', sentence: 'This time is too soon to be booked.' },
  too_far_ahead: { kind: 'rule', sentence: 'This time is too far ahead to be booked.' },
  time_in_past: { kind: 'rule', sentence: 'This time is in the past.' },
  resource_unknown: { kind: 'rule', sentence: 'There is no such resource.' },
  calendar_missing: { kind: 'rule', sentence: 'The organization has no calendar yet.' },
  status_not_allowed: { kind: 'rule', sentence: 'This status cannot follow the present one.' },
  appointment_closed: { kind: 'rule', sentence: 'This appointment can no longer be changed.' },
} as const satisfies Record<string, Entry>

export type Code = keyof typeof entries
export const catalogue: Readonly<Record<Code, Entry>> = entries
