// One organisation with people in it, and makers of things that belong to it: every request of the matrix gets fresh
// ones, so that no answer depends on the request before. Everything belongs to one person, whom the supervisor watches.
import type pg from 'pg'
import { bookAppointment, createFeed } from '../../src/domain/booking/index.ts'
import { openCall } from '../../src/domain/calls/index.ts'
import { createContact } from '../../src/domain/contacts/index.ts'
import { registerFile, storeBytes } from '../../src/domain/files/index.ts'
import { createUser, type RoleName } from '../../src/domain/people/index.ts'
import type { Founded } from '../../src/founding/organization.ts'
import { uuidv7 } from '../../src/platform/ids/index.ts'
import type { TestHouse } from '../support/house.ts'

export interface Tenant {
  readonly organizationId: number
  readonly founded: Founded
  /** Whose things they are. */
  readonly ownerId: number
  readonly supervisorId: number
  /** A user who has nothing to do with the owner. */
  readonly bystanderId: number
  readonly scopedKey: string
  readonly integration: { readonly client_id: string; readonly client_secret: string }
  readonly resourceId: number
  user(): Promise<number>
  contact(): Promise<number>
  appointment(): Promise<number>
  feed(): Promise<{ id: string; token: string }>
  /** In progress, of the owner. */
  call(): Promise<{ id: string; sid: string }>
  recording(callId: string, status?: 'available' | 'in_progress' | 'paused'): Promise<string>
  voicemail(): Promise<string>
  blob(): Promise<string>
  refreshToken(): Promise<string>
  /** Of the admin. */
  signIn(): Promise<string>
  /** Of a file of this organisation. */
  link(): Promise<string>
  start(): string
}

let made = 0
const next = (): number => ++made
const hex = (length: number): string => next().toString(16).padStart(length, '0')

export async function openTenant(house: TestHouse, db: pg.Client, founded: Founded): Promise<Tenant> {
  const { organizationId } = founded
  const session = house.session(organizationId)
  const { caches: _caches, ...services } = house.house
  const person = (role: RoleName) => {
    const username = `${role}-${next()}`
    const email = `${username}@${organizationId}.example`
    return createUser(session, services, { username, email, firstName: 'Some', lastName: 'Body', mobile: '+15005550100', roles: [role] })
  }
  const [ownerId, supervisorId, bystanderId] = [await person('user'), await person('supervisor'), await person('user')]
  await db.query("INSERT INTO people.supervision VALUES ($1, $2, $3, 'test')", [organizationId, supervisorId, ownerId])
  const { rows } = await db.query('SELECT id::int FROM booking.resources WHERE organization_id = $1', [organizationId])
  const scoped = await house.house.apiKeys.create(session, { name: 'Reader', scopes: ['appointments:read'], expiresAt: null })
  const integration = await house.house.oauthClients.create(session, { name: 'Sync', roles: ['integration'] })
  const contact = async () =>
    (await createContact(session, { fullName: 'Carol Caller', mobile: `+4477009${String(next()).padStart(5, '0')}` })).id
  const login = async () =>
    (await (await house.request('POST', '/api/v1/auth/login', { json: founded.admin })).json()) as {
      access_token: string
      refresh_token: string
    }
  const file = async (type: 'recording' | 'voicemail' | 'asset', createdBy: string) => {
    const stored = await storeBytes(session, house.house, { body: Buffer.from(`of ${organizationId}`), contentType: 'text/plain' })
    const row = await session.write((tx) => registerFile(tx, stored, { filename: 'note.txt', type }, { quota: false }))
    await db.query('UPDATE blobs.blobs SET created_by = $1 WHERE organization_id = $2 AND id = $3', [createdBy, organizationId, row.id])
    return row
  }
  const call = async () => {
    const sid = `CA${hex(32)}`
    const { callId } = await openCall(session, {
      direction: 'inbound',
      from: '+441632960111',
      to: founded.phoneNumber ?? '',
      provider: 'twilio',
      sid,
      at: session.now(),
      status: 'in_progress',
      userId: ownerId,
      agentId: founded.agentId,
      legs: [{ kind: 'caller', number: '+441632960111' }],
    })
    return { id: callId, sid }
  }
  return {
    organizationId,
    founded,
    ownerId,
    supervisorId,
    bystanderId,
    scopedKey: scoped.key,
    integration: { client_id: integration.id, client_secret: integration.secret },
    resourceId: Number(rows[0]?.id),
    start: freeStart,
    user: () => person('user'),
    contact,
    appointment: async () => {
      const wanted = {
        durationMin: null,
        resourceId: null,
        service: null,
        notes: 'private',
        forName: null,
        source: 'api',
        callId: null,
      } as const
      return (await bookAppointment(session, { ...wanted, contactId: await contact(), startsAt: new Date(freeStart()) })).id
    },
    feed: () => createFeed(session),
    call,
    recording: async (callId, status = 'available') => {
      const id = uuidv7(session.now())
      const blob = status === 'available' ? await file('recording', 'provider:twilio') : null
      await db.query(
        `INSERT INTO recordings.recordings (organization_id, id, call_id, user_id, blob_id, provider, provider_sid, status, started_at, created_at)
         VALUES ($1, $2, $3, $4, $5, 'twilio', $6, $7, now(), now())`,
        [organizationId, id, callId, ownerId, blob?.id ?? null, `RE${hex(32)}`, status],
      )
      return id
    },
    voicemail: async () => {
      const id = uuidv7(session.now())
      const blob = await file('voicemail', 'provider:twilio')
      await db.query(
        `INSERT INTO voicemail.messages (organization_id, id, user_id, blob_id, provider_sid, from_number, duration_s, created_at)
         VALUES ($1, $2, $3, $4, $5, '+441632960111', 7, now())`,
        [organizationId, id, ownerId, blob.id, `RE${hex(32)}`],
      )
      return id
    },
    blob: async () => (await file('asset', `user:${ownerId}`)).id,
    refreshToken: async () => (await login()).refresh_token,
    signIn: async () =>
      (JSON.parse(Buffer.from((await login()).access_token.split('.')[1] ?? '', 'base64url').toString()) as { sid: string }).sid,
    link: async () => {
      const { key } = await file('asset', `user:${ownerId}`)
      return house.house.blobs.link(key, { expiresS: 60, filename: 'note.txt', contentType: 'text/plain', disposition: 'attachment' })
    },
  }
}

/** A time on a weekday that nobody has taken, half an hour after the one before. */
function freeStart(): string {
  const slot = next()
  const day = Temporal.Now.plainDateISO('UTC').add({ days: 7 })
  const monday = day.add({ days: (8 - day.dayOfWeek) % 7 })
  const weekday = Math.floor(slot / 12)
  const date = monday.add({ weeks: Math.floor(weekday / 5) % 50, days: weekday % 5 })
  const time = Temporal.PlainTime.from('10:00').add({ minutes: (slot % 12) * 30 })
  return `${date.toString()}T${time.toString({ smallestUnit: 'minute' })}:00Z`
}
