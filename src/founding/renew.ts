// New credentials for the demo organisation whose file is gone. The old ones stay good: nobody knows who still uses them.
import { type PeopleServices, updateUser } from '../domain/people/index.ts'
import { systemPrincipal } from '../platform/auth/index.ts'
import { secret } from '../platform/ids/index.ts'
import type { KeysOf } from './credentials.ts'
import { selectAdmin, selectOwnNumbers } from './founding.sql.ts'
import type { FoundingServices } from './organization.ts'

/** @returns null when there is no such organisation, or its admin has left */
export async function renewCredentials(
  services: FoundingServices & PeopleServices,
  { organizationId, username }: { organizationId: number; username: string },
): Promise<KeysOf | null> {
  const session = services.openSession(systemPrincipal(organizationId, 'founding'))
  const admin = await session.read(selectAdmin, { username })
  if (!admin) return null
  const password = secret(12)
  await updateUser(session, services, admin.id, { password })
  const oauth = await services.oauthClients.create(session, { name: 'Client of a new credentials file', roles: ['admin'] })
  const { key } = await services.apiKeys.create(session, { name: 'Key of a new credentials file', scopes: ['*'], expiresAt: null })
  const [number] = await session.list(selectOwnNumbers, {})
  return {
    organizationId,
    admin: { username, email: admin.email, password },
    oauth: { client_id: oauth.id, client_secret: oauth.secret },
    apiKey: key,
    phoneNumber: number?.e164 ?? null,
  }
}
