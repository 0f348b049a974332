// Who the presented token is for, in OpenID Connect's standard claims.
import { refuse } from '../../platform/errors/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { everyPermission } from './roles.ts'
import { selectUser } from './user.sql.ts'

export interface UserInfo {
  readonly sub: string
  readonly organization_id: number
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  readonly name?: string
  readonly given_name?: string
  readonly family_name?: string
  readonly preferred_username?: string
  readonly email?: string
}

/** A client has no name and no address: only who it is and what it may. @throws invalid_token for a user who is gone */
export async function getUserInfo(session: Session): Promise<UserInfo> {
  const { subject, organizationId, roles, permissions, userId } = session.principal
  const common = { sub: subject, organization_id: organizationId, roles, permissions: spelledOut(permissions) }
  if (userId === null) return common
  const user = await session.read(selectUser, { id: userId })
  if (user?.status !== 'active') return refuse('invalid_token')
  const { firstName, lastName, username, email } = user
  return {
    ...common,
    name: `${firstName} ${lastName}`,
    given_name: firstName,
    family_name: lastName,
    preferred_username: username,
    email,
  }
}

const spelledOut = (permissions: ReadonlySet<string>): string[] => [...(permissions.has('*') ? everyPermission : permissions)].sort()
