// A new organisation with everything that it needs to take its first call: an admin, credentials of every kind, an
// assistant, a calendar and, where there is one to be had, a number.
import { seedBooking } from '../domain/booking/index.ts'
import { createUser, type PasswordKind } from '../domain/people/index.ts'
import { createOrganization, listOrganizationIds, type SettingsChange } from '../domain/tenancy/index.ts'
import { type ApiKeys, type OauthClients, type Passwords, systemPrincipal } from '../platform/auth/index.ts'
import type { Database } from '../platform/db/index.ts'
import { secret, uuidv7 } from '../platform/ids/index.ts'
import type { OpenSession, Session } from '../platform/session/index.ts'
import type { Clock } from '../platform/time/index.ts'
import { insertAgent, insertNumber, selectOwnNumbers } from './founding.sql.ts'

export interface FoundingServices {
  readonly database: Database
  readonly clock: Clock
  readonly apiKeys: ApiKeys
  readonly oauthClients: OauthClients
  readonly passwords: Passwords
  readonly openSession: OpenSession
}

export interface Wanted {
  readonly id?: number
  readonly name: string
  readonly domain: string
  readonly timezone: string
  readonly language: string
  readonly settings?: SettingsChange
  /** Whether the admin is to choose another password soon, as where nobody plays. */
  readonly password?: PasswordKind
  /** E.164 and the provider's name for it; null where the organisation gets its number later. */
  readonly number: { readonly e164: string; readonly sid: string | null } | null
}

/** What its people sign in with. Every secret is shown once: here. */
export interface Founded {
  readonly organizationId: number
  readonly admin: { readonly username: string; readonly email: string; readonly password: string }
  readonly oauth: { readonly client_id: string; readonly client_secret: string }
  readonly apiKey: string
  readonly phoneNumber: string | null
  readonly agentId: string
  readonly adminId: number
}

export async function foundOrganization(services: FoundingServices, wanted: Wanted): Promise<Founded> {
  const { database, clock, apiKeys, oauthClients, passwords } = services
  const { id, name, domain, settings, password = 'own' } = wanted
  const organizationId = await createOrganization(database, clock, {
    ...(id === undefined ? {} : { id }),
    name,
    domain,
    settings: { timezone: wanted.timezone, ...settings },
  })
  const session = services.openSession(systemPrincipal(organizationId, 'founding'))
  const admin = { username: `admin@${domain}`, email: `admin@${domain}`, password: secret(12) }
  const adminId = await createUser(session, { passwords }, { ...admin, firstName: 'Alex', lastName: 'Admin', roles: ['admin'] }, password)
  const oauth = await oauthClients.create(session, { name: 'First client', roles: ['admin'] })
  const { key } = await apiKeys.create(session, { name: 'First key', scopes: ['*'], expiresAt: null })
  const agentId = await equip(session, wanted)
  return {
    organizationId,
    admin,
    adminId,
    oauth: { client_id: oauth.id, client_secret: oauth.secret },
    apiKey: key,
    phoneNumber: wanted.number?.e164 ?? null,
    agentId,
  }
}

/** The assistant, the calendar and the number, in one change. */
function equip(session: Session, { timezone, language, number }: Wanted): Promise<string> {
  return session.write(async (tx) => {
    const agentId = uuidv7(tx.now())
    await tx.run(insertAgent, { id: agentId, name: 'Reception', language, at: tx.now() })
    tx.emit('agent.created', { agentId, name: 'Reception' }, { resource: `agent:${agentId}` })
    await seedBooking(tx, { timezone })
    if (number) await addNumber(tx, { ...number, label: 'Main line', route: { type: 'agent', id: agentId } })
    return agentId
  })
}

export interface OwnNumber {
  readonly e164: string
  readonly sid: string | null
  readonly label: string
  readonly route: object
}
export function addNumber(session: Session, { e164, sid, label, route }: OwnNumber): Promise<void> {
  return session.write(async (tx) => {
    const id = uuidv7(tx.now())
    await tx.run(insertNumber, { id, e164, label, provider: 'twilio', sid, route, at: tx.now() })
    tx.emit('number.added', { numberId: id, number: e164, label }, { resource: `number:${id}`, after: { e164, label, route } })
  })
}

/** Every organisation's numbers: what a carrier in a box must be told after each start. */
export async function allNumbers({ database, openSession }: Pick<FoundingServices, 'database' | 'openSession'>): Promise<string[]> {
  const numbers: string[] = []
  for (const id of await listOrganizationIds(database)) {
    const rows = await openSession(systemPrincipal(id, 'founding')).list(selectOwnNumbers, {})
    numbers.push(...rows.map(({ e164 }) => e164))
  }
  return numbers
}
