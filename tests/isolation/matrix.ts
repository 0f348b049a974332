// Who may do what: every operation, every role, the status each is answered with. Things belong to one person (`owner`),
// whom the supervisor watches and the user has nothing to do with; what one may not see is 404. The foreign admin asks
// for this organisation's things with another organisation's credentials. A row a line: it is read as a table.
import type { Tenant } from './tenant.ts'

export const roles = ['anonymous', 'user', 'supervisor', 'admin', 'integration', 'scopedKey', 'adminKey', 'foreign', 'provider'] as const
export type Role = (typeof roles)[number]

export interface Sent {
  readonly params?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, string | number>>
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string>>
  readonly file?: boolean
}
export interface Row {
  readonly answers: Readonly<Record<Role, number>>
  readonly send: (at: Tenant) => Sent | Promise<Sent>
}

const nobody = {
  anonymous: 401,
  user: 401,
  supervisor: 401,
  admin: 401,
  integration: 401,
  scopedKey: 401,
  adminKey: 401,
  foreign: 401,
  provider: 401,
}
type Send = Row['send']
const nothing: Send = () => ({})

/** In the order user, supervisor, admin, integration, foreign: the roles of tokens. */
const bearer = (
  [user, supervisor, admin, integration, foreign]: readonly [number, number, number, number, number],
  send: Send = nothing,
): Row => ({
  answers: { ...nobody, user, supervisor, admin, integration, foreign },
  send,
})
/** In the order scoped, admin, foreign: the roles of keys. The scoped one may read appointments. */
const key = ([scopedKey, adminKey, foreign]: readonly [number, number, number], send: Send = nothing): Row => ({
  answers: { ...nobody, scopedKey, adminKey, foreign },
  send,
})
const everybody = (status: number, send: Send = nothing): Row => ({
  answers: Object.fromEntries(roles.map((role) => [role, status])) as Row['answers'],
  send,
})
/** Signed by the carrier; nothing else opens it, whoever asks. */
const signed = (status: number, send: Send): Row => ({
  answers: { ...(Object.fromEntries(roles.map((role) => [role, 403])) as Row['answers']), provider: status },
  send,
})

const id =
  (make: (at: Tenant) => Promise<string | number>, more: Omit<Sent, 'params'> = {}): Send =>
  async (at) => ({ params: { id: await make(at) }, ...more })
const live = async (at: Tenant) => (await at.call()).id
const recorded = async (at: Tenant) => at.recording(await live(at))
const recording = (status: 'in_progress' | 'paused') => async (at: Tenant) => {
  const call = await live(at)
  await at.recording(call, status)
  return call
}
const posted = async (at: Tenant) => ({
  CallSid: (await at.call()).sid,
  From: '+441632960111',
  To: at.founded.phoneNumber ?? '',
  CallStatus: 'in-progress',
})
const form: Send = async (at) => ({ form: await posted(at) })
const person = () => {
  const username = `new-${Math.floor(performance.now() * 1e6)}`
  return { username, email: `${username}@example.com`, firstName: 'Jane', lastName: 'Smith' }
}
const mobile = () => `+44770${String(Math.floor(performance.now() * 1e4) % 10_000_000).padStart(7, '0')}`

export const matrix: Readonly<Record<string, Row>> = {
  // sapien: who is calling
  // A header that is not HTTP Basic is no client's credential, whatever it opens elsewhere.
  'oauth.token': {
    answers: { ...everybody(200).answers, user: 401, supervisor: 401, admin: 401, integration: 401, foreign: 401 },
    send: ({ integration }) => ({ json: { ...integration, grant_type: 'client_credentials' } }),
  },
  'issuer.get-configuration': everybody(200),
  'issuer.list-keys': everybody(200),
  'userinfo.get': bearer([200, 200, 200, 200, 200]),
  // sapien: people and organisations
  'users.list': bearer([200, 200, 200, 200, 200]),
  'users.get': bearer(
    [404, 200, 200, 200, 404],
    id(async (at) => at.ownerId),
  ),
  'users.create': bearer([403, 403, 201, 403, 201], () => ({ json: person() })),
  'users.update': bearer(
    [403, 403, 200, 403, 404],
    id((at) => at.user(), { json: { firstName: 'Joan' } }),
  ),
  'users.remove': bearer(
    [403, 403, 204, 403, 404],
    id((at) => at.user()),
  ),
  'organizations.list': bearer([200, 200, 200, 200, 200]),
  'organizations.get': bearer(
    [200, 200, 200, 200, 404],
    id(async (at) => at.organizationId),
  ),
  'organizations.update-settings': bearer(
    [403, 403, 200, 403, 404],
    id(async (at) => at.organizationId, { json: { voicemailEnabled: true } }),
  ),
  // sapien: health and caches
  'hello.get': everybody(200),
  'hello.get-v1': everybody(200),
  'hello.check-all': everybody(200),
  'hello.check-database': everybody(200),
  'hello.check-memcache': everybody(200),
  'hello.check-redis': everybody(200),
  'hello.check-dgapi': everybody(200),
  'hello.check-coreapi': everybody(200),
  'hello.check-s3': everybody(200),
  'hello.check-sse': everybody(200),
  'cache.clear': bearer([403, 403, 200, 403, 200], (at) => ({ json: { type: 'user', id: at.ownerId } })),
  'cache.stats': bearer([403, 403, 200, 403, 200]),
  // sapien: calls, recordings, voicemail, files
  'calls.list': bearer([200, 200, 200, 200, 200]),
  'calls.get': bearer([404, 200, 200, 200, 404], id(live)),
  'calls.create': bearer([422, 201, 201, 201, 422], (at) => ({
    json: { from: at.founded.phoneNumber, to: '+441632960222', userId: at.ownerId },
  })),
  'calls.hangup': bearer([404, 200, 200, 200, 404], id(live)),
  'calls.transfer': bearer([404, 200, 200, 200, 404], id(live, { json: { to: '+441632960222' } })),
  'calls.hold': bearer([404, 200, 200, 200, 404], id(live, { json: { hold: true } })),
  'calls.export': bearer([403, 403, 200, 200, 200]),
  'recordings.list': bearer([200, 200, 200, 200, 200]),
  'recordings.get': bearer([404, 200, 200, 200, 404], id(recorded)),
  'recordings.download': bearer([404, 302, 302, 302, 404], id(recorded)),
  'recordings.delete': bearer([403, 403, 204, 403, 404], id(recorded)),
  'recordings.pause': bearer([403, 200, 200, 200, 404], id(recording('in_progress'))),
  'recordings.resume': bearer([403, 200, 200, 200, 404], id(recording('paused'))),
  'voicemail.list': bearer([200, 200, 200, 200, 200]),
  'voicemail.get': bearer(
    [404, 200, 200, 200, 404],
    id((at) => at.voicemail()),
  ),
  'voicemail.read': bearer(
    [404, 200, 200, 200, 404],
    id((at) => at.voicemail()),
  ),
  'voicemail.unread': bearer(
    [404, 200, 200, 200, 404],
    id((at) => at.voicemail()),
  ),
  'voicemail.download': bearer(
    [404, 302, 302, 302, 404],
    id((at) => at.voicemail()),
  ),
  'voicemail.delete': bearer(
    [404, 204, 204, 204, 404],
    id((at) => at.voicemail()),
  ),
  'blobs.create': bearer([201, 201, 201, 201, 201], () => ({ file: true })),
  // Assets are the whole organisation's to read, and their uploader's to remove.
  'blobs.get': bearer(
    [200, 200, 200, 200, 404],
    id((at) => at.blob()),
  ),
  'blobs.delete': bearer(
    [403, 403, 204, 204, 404],
    id((at) => at.blob()),
  ),
  'storage.get': bearer([200, 200, 200, 200, 200]),
  'blobs.linked': everybody(200, async (at) => ({ params: { token: (await at.link()).split('/').at(-1) ?? '' } })),
  'events.stream': bearer([200, 200, 200, 200, 200]),
  'events.ticket': bearer([201, 201, 201, 201, 201]),
  // sei: signing in
  'auth.login': everybody(200, ({ founded }) => ({ json: { username: founded.admin.username, password: founded.admin.password } })),
  'auth.refresh': everybody(200, async (at) => ({ json: { refresh_token: await at.refreshToken() } })),
  'auth.logout': bearer([204, 204, 204, 204, 204]),
  'auth.list-sessions': bearer([200, 200, 200, 200, 200]),
  'auth.end-session': bearer(
    [404, 404, 204, 404, 404],
    id((at) => at.signIn()),
  ),
  'auth.end-sessions': bearer([204, 204, 204, 204, 204], async (at) => {
    await at.signIn()
    return {}
  }),
  // bella: the carrier
  'voice.answer': signed(200, form),
  'voice.collect': signed(200, form),
  'voice.status': signed(204, form),
  'voice.recording': signed(204, async (at) => ({
    form: { ...(await posted(at)), RecordingSid: `RE${'0'.repeat(32)}`, RecordingStatus: 'in-progress' },
  })),
  'voice.voicemail': signed(200, form),
  'voice.dialled': signed(200, async (at) => ({ form: { ...(await posted(at)), DialCallStatus: 'completed' } })),
  'voice.placed': signed(200, async (at) => onCall(at, {})),
  'voice.transfer': signed(200, async (at) => onCall(at, { to: '+441632960222' })),
  'voice.hold': signed(200, async (at) => onCall(at, {})),
  // bella: appointments and the people who have them
  'appointments.list': key([200, 200, 200]),
  'appointments.create': key([403, 201, 404], async (at) => ({ json: { user_id: await at.contact(), starts_at: at.start() } })),
  'appointments.get': key(
    [200, 200, 404],
    id((at) => at.appointment()),
  ),
  'appointments.update': key(
    [403, 200, 404],
    id((at) => at.appointment(), { json: { notes: 'moved' } }),
  ),
  'appointments.cancel': key(
    [403, 204, 404],
    id((at) => at.appointment()),
  ),
  // bella: what all organisations share; the foreign admin's organisation does not run the installation
  'breakers.list': key([403, 200, 200]),
  'breakers.open': key([403, 200, 404], () => ({ params: { name: 'openai_api' } })),
  'breakers.reset': key([403, 200, 404], () => ({ params: { name: 'openai_api' } })),
  'availability.list': key([200, 200, 200]),
  'feed.show': key([200, 200, 200]),
  'feed.create': key([201, 201, 201]),
  'feed.revoke': key(
    [403, 204, 404],
    id(async (at) => (await at.feed()).id),
  ),
  'contacts.list': key([403, 200, 200]),
  'contacts.create': key([403, 201, 201], () => ({ json: { full_name: 'Jane Smith', mobile: mobile() } })),
  'contacts.get': key(
    [403, 200, 404],
    id((at) => at.contact()),
  ),
  'health.live': everybody(200),
  'health.ready': everybody(200),
  // what the contracts share
  'root.get': everybody(200),
  'health.get': everybody(200),
  'metrics.get': everybody(200),
  // Opened by the check of event streams alone, which signs it.
  'hello.stream': everybody(404, () => ({ query: { ping: '0:made-up', signature: 'none' } })),
  'openapi.get': everybody(200),
  'openapi.get_one': everybody(200, () => ({ params: { name: 'sapien' } })),
  'docs.get': everybody(200),
  'docs.get_redoc': everybody(200),
  'reference.get': everybody(200),
  'docs.get_asset': everybody(404, () => ({ params: { file: 'nothing.css' } })),
}

async function onCall(at: Tenant, more: Record<string, string>): Promise<Sent> {
  const call = await at.call()
  return { query: { call: call.id, ...more }, form: { CallSid: call.sid, From: '+441632960111', To: at.founded.phoneNumber ?? '' } }
}

/**
 * Ids that a query or a body may name: with another organisation's, the answer is that of an id nobody has. By operation
 * and field, how the request is made and what the id is one of.
 */
export interface Mention {
  readonly of: (at: Tenant) => Promise<string | number>
  readonly unknown: string | number
  readonly send: (id: string | number, own: Tenant) => Sent | Promise<Sent>
}
const uuid = '0195567e-2f80-7cc3-98e5-1f2a3b4c5d6e'
const number = 9_007_199_254_740_000
const query = (field: string, of: Mention['of'], unknown: string | number): Mention => ({
  of,
  unknown,
  send: (value) => ({ query: { [field]: value } }),
})
const owner = async (at: Tenant) => at.ownerId
const agent = async (at: Tenant) => at.founded.agentId
const booked = async (at: Tenant) => ({ id: await at.appointment() })

export const mentions: Readonly<Record<string, Mention>> = {
  'users.create organizationId': {
    of: async (at) => at.organizationId,
    unknown: number,
    send: (organizationId) => ({ json: { ...person(), organizationId } }),
  },
  'cache.clear id': { of: owner, unknown: number, send: (value) => ({ json: { type: 'user', id: value } }) },
  'calls.list userId': query('userId', owner, number),
  'calls.list agentId': query('agentId', agent, uuid),
  'calls.list campaignId': query('campaignId', agent, uuid),
  'calls.export userId': query('userId', owner, number),
  'calls.export agentId': query('agentId', agent, uuid),
  'calls.export campaignId': query('campaignId', agent, uuid),
  'calls.create userId': {
    of: owner,
    unknown: number,
    send: (userId, { founded }) => ({ json: { from: founded.phoneNumber, to: '+441632960222', userId } }),
  },
  'calls.create agentId': {
    of: agent,
    unknown: uuid,
    send: (agentId, { founded }) => ({ json: { from: founded.phoneNumber, to: '+441632960222', agentId } }),
  },
  'calls.transfer userId': {
    of: owner,
    unknown: number,
    send: async (userId, own) => ({ params: { id: await live(own) }, json: { userId } }),
  },
  'recordings.list userId': query('userId', owner, number),
  'recordings.list callId': query('callId', live, uuid),
  'voicemail.list userId': query('userId', owner, number),
  'appointments.list user_id': query('user_id', (at) => at.contact(), number),
  'appointments.create user_id': {
    of: (at) => at.contact(),
    unknown: number,
    send: (value, own) => ({ json: { user_id: value, starts_at: own.start() } }),
  },
  'appointments.create resource_id': {
    of: async (at) => at.resourceId,
    unknown: number,
    send: async (value, own) => ({ json: { user_id: await own.contact(), resource_id: value, starts_at: own.start() } }),
  },
  'appointments.update user_id': {
    of: (at) => at.contact(),
    unknown: number,
    send: async (value, own) => ({ params: await booked(own), json: { user_id: value } }),
  },
  'appointments.update resource_id': {
    of: async (at) => at.resourceId,
    unknown: number,
    send: async (value, own) => ({ params: await booked(own), json: { resource_id: value } }),
  },
  'availability.list resource_id': query('resource_id', async (at) => at.resourceId, number),
}
