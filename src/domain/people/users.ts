// Who belongs to an organisation, and who sees and changes whom (S3, S4). Refuses names and addresses that are taken,
// weak passwords, roles that do not exist, and giving away more than one has. One's own password is changed by whoever
// knows the present one. Nobody is deleted: who leaves is deactivated.
import type { Lockout, Passwords, Revocations } from '../../platform/auth/index.ts'
import { may } from '../../platform/auth/index.ts'
import type { Caches } from '../../platform/cache/index.ts'
import { breaks } from '../../platform/db/index.ts'
import { type Code, refuse, refuseField } from '../../platform/errors/index.ts'
import { RawJson, type Session, type Tx } from '../../platform/session/index.ts'
import { organizationSettings, organizationWords } from '../tenancy/index.ts'
import { checkPassword } from './password-policy.ts'
import { isStale, proveOneself } from './proof.ts'
import { permissionsOf, type RoleName, roleGrants, sightOf } from './roles.ts'
import {
  insertUser,
  listUsersJson,
  lockUser,
  releaseName,
  selectSupervision,
  selectUser,
  selectUserJson,
  type UserRow,
  updateUserRow,
} from './user.sql.ts'
import { dropUser, userFamily, userKey } from './user-cache.ts'

export interface PeopleServices {
  readonly caches: Caches
  readonly passwords: Passwords
  readonly lockout: Lockout
  readonly revocations: Revocations
}

export interface UserQuery {
  readonly search?: string | undefined
  readonly status: 'active' | 'inactive' | 'all'
  readonly limit: number
  readonly offset: number
}

/** `{"users": […], "total", "limit", "offset"}`: those the principal may see, by name. */
export async function listUsers(session: Session, { search, status, limit, offset }: UserQuery): Promise<RawJson> {
  const words = search?.trim().replace(/\s+/g, ' ')
  const params = {
    ...sightOf(session.principal),
    pattern: words ? `%${words.replace(/[\\%_]/g, '\\$&')}%` : null,
    status: status === 'all' ? null : status,
    grants: roleGrants,
    limit,
    offset,
  }
  return (await session.json(listUsersJson, params)) ?? refuse('internal')
}

/** @throws user_not_found, for those the principal may not see too */
export async function getUser(session: Session, { caches }: { caches: Caches }, id: number): Promise<RawJson> {
  if (!(await maySee(session, id))) refuse('user_not_found')
  const text = await userFamily(caches).get(userKey(session, id), () => loadUser(session, id))
  return new RawJson(text)
}

/** As it is now, past the cache: for the answer to a change. @throws user_not_found */
export const showUser = async (session: Session, id: number): Promise<RawJson> => new RawJson(await loadUser(session, id))

const loadUser = async (session: Session, id: number): Promise<string> =>
  ((await session.json(selectUserJson, { id, grants: roleGrants })) ?? refuse('user_not_found')).text

async function maySee(session: Session, id: number): Promise<boolean> {
  const { all, viewer } = sightOf(session.principal)
  if (all || viewer === id) return true
  return (await session.read(selectSupervision, { viewer, id }))?.supervised ?? false
}

/** `first`: made here for somebody, who chooses their own soon. */
export type PasswordKind = 'own' | 'first'

export interface NewUser {
  readonly username: string
  readonly email: string
  readonly firstName: string
  readonly lastName: string
  readonly mobile?: string | null | undefined
  /** Without one nobody can sign in as this user. */
  readonly password?: string | undefined
  readonly roles?: readonly RoleName[] | undefined
  readonly organizationId?: number | undefined
}

/** @throws organization_not_found, permission_denied, username_taken, email_taken, weak_password, invalid_request @returns the id */
export async function createUser(
  session: Session,
  { passwords }: Pick<PeopleServices, 'passwords'>,
  wanted: NewUser,
  kind: PasswordKind = 'own',
): Promise<number> {
  const { username, email, firstName, lastName, mobile = null, password, roles = ['user'], organizationId } = wanted
  if (organizationId !== undefined && organizationId !== session.organizationId) refuse('organization_not_found')
  mayGrant(session, roles)
  checkUsername(username, email)
  if (password !== undefined) checkPassword(password, { username, email, words: await organizationWords(session) })
  const passwordHash = password === undefined ? null : await passwords.hash(password)
  return named(() =>
    session.write(async (tx) => {
      const fields = { username, email, firstName, lastName, mobile, roles }
      const { id } =
        (await tx.read(insertUser, {
          ...fields,
          passwordHash,
          passwordExpiresAt: expiryOf(kind, tx.now()),
          at: tx.now(),
        })) ?? refuse('internal')
      tx.emit('user.created', { userId: id, username, roles }, { resource: `user:${id}`, users: [id], after: fields })
      return id
    }),
  )
}

export interface UserChange {
  readonly username?: string | undefined
  readonly email?: string | undefined
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly mobile?: string | null | undefined
  readonly password?: string | undefined
  /** The present password, of whoever changes their own. */
  readonly currentPassword?: string | undefined
  readonly roles?: readonly RoleName[] | undefined
  readonly status?: 'active' | 'inactive' | undefined
}

/** How long a password that was made here for somebody is good for signing in (`patchbay org create`, `user create`, `user password`). */
const firstPasswordMs = 72 * 3600_000
const expiryOf = (kind: PasswordKind, now: Date): Date | null => (kind === 'first' ? new Date(now.getTime() + firstPasswordMs) : null)

/** What one may change of oneself without `users:write`, beside the password with the present one. */
const own: ReadonlySet<string> = new Set(['email', 'firstName', 'lastName'])

/**
 * What is left out of `change` stays as it is. New roles, a new password and leaving end the user's sign-ins.
 * @throws user_not_found, permission_denied, username_taken, email_taken, weak_password, invalid_request, locked_out
 */
export async function updateUser(
  session: Session,
  services: PeopleServices,
  id: number,
  change: UserChange,
  kind: PasswordKind = 'own',
): Promise<void> {
  const { principal } = session
  // Named one by one: whatever else a caller sends along (an id, a hash) is no change.
  const given = changeable.filter((field) => change[field] !== undefined)
  const itself = principal.userId === id
  const ownChange = itself && given.every((field) => own.has(field))
  if (!may(principal, 'users:write') && !ownChange) refuse('permission_denied', { message: 'This needs the permission users:write.' })
  if (itself) await proveForChange(session, services, id, change)
  const words = change.password === undefined ? [] : await organizationWords(session)
  const passwordHash = change.password === undefined ? null : await services.passwords.hash(change.password)
  await named(() =>
    session.write(async (tx) => {
      const before = (await tx.read(lockUser, { id })) ?? refuse('user_not_found')
      if (!ownChange) mayGrant(session, before.roles, before.permissions)
      if (change.roles) mayGrant(session, change.roles)
      const after: UserRow = { ...before, ...Object.fromEntries(given.map((field) => [field, change[field]])) }
      if (after.username !== before.username || after.email !== before.email) checkUsername(after.username, after.email)
      if (change.password === undefined) return store(tx, services, before, after)
      checkPassword(change.password, { ...after, words })
      if (before.passwordExpiresAt !== null && change.password === change.currentPassword)
        refuse('weak_password', {
          problems: [{ in: 'body', path: ['password'], message: 'must not be the first one again', rule: 'password' }],
        })
      return store(tx, services, before, { ...after, passwordHash, passwordExpiresAt: expiryOf(kind, tx.now()) })
    }),
  )
}

/** A new password takes the present one. So does what one signs in by, unless one signed in a moment ago. */
async function proveForChange(session: Session, services: PeopleServices, id: number, change: UserChange): Promise<void> {
  const prove = (message: string) => proveOneself(session, services, id, change.currentPassword, message)
  if (change.password !== undefined) return prove('One changes one’s own password with the present one in currentPassword.')
  const present = isStale(session) ? await session.read(selectUser, { id }) : null
  const isOther = (field: 'email' | 'username') => change[field] !== undefined && change[field] !== present?.[field]
  if (present && (isOther('email') || isOther('username')))
    await prove('Ten minutes after signing in, one changes one’s own address with the password in currentPassword.')
}

/** Nobody of that id can sign in any more, and what they hold ends. Twice is as once. @throws user_not_found, permission_denied */
export async function deactivateUser(session: Session, services: PeopleServices, id: number): Promise<void> {
  await session.write(async (tx) => {
    const before = (await tx.read(lockUser, { id })) ?? refuse('user_not_found')
    mayGrant(session, before.roles, before.permissions)
    await store(tx, services, before, { ...before, status: 'inactive' })
  })
}

async function store(tx: Tx, services: PeopleServices, before: UserRow, wanted: UserRow): Promise<void> {
  const leaves = before.status === 'active' && wanted.status === 'inactive'
  const after = { ...wanted, deactivatedAt: wanted.status === 'active' ? null : (before.deactivatedAt ?? tx.now()) }
  const changed = changedFields(before, after)
  if (changed.length === 0) return
  const { id } = before
  await tx.run(updateUserRow, { ...after, at: tx.now() })
  if (leaves || changed.some((field) => field === 'roles' || field === 'password')) await services.revocations.revoke(tx, `user:${id}`)
  if (leaves) await scheduleRelease(tx, services, id)
  const type = leaves ? 'user.deactivated' : 'user.updated'
  tx.emit(type, { userId: id, changed }, { resource: `user:${id}`, users: [id], before: audited(before), after: audited(after) })
  await dropUser(tx, services.caches, id)
}

const changeable = ['username', 'email', 'firstName', 'lastName', 'mobile', 'roles', 'status'] as const
const changedFields = (before: UserRow, after: UserRow): string[] => [
  ...changeable.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field])),
  ...(before.passwordHash === after.passwordHash ? [] : ['password']),
]
const audited = (row: UserRow): object => Object.fromEntries(changeable.map((field) => [field, row[field]]))

async function scheduleRelease(tx: Tx, { caches }: PeopleServices, id: number): Promise<void> {
  const { usernameDays } = (await organizationSettings(tx, { caches })).retention
  const runAt = new Date(tx.now().getTime() + usernameDays * dayMs)
  await tx.enqueue('users.release-name', { userId: id }, { key: `users.release-name:${tx.organizationId}:${id}`, runAt })
}
const dayMs = 24 * 3600 * 1000

/** The name of somebody who left may be given to somebody else; not before its time, and not when they came back. */
export async function releaseUsername(session: Session, { caches }: { caches: Caches }, id: number): Promise<boolean> {
  const { usernameDays } = (await organizationSettings(session, { caches })).retention
  const before = new Date(session.now().getTime() - usernameDays * dayMs)
  return session.write(async (tx) => {
    const released = await tx.read(releaseName, { id, before })
    if (released) tx.emit('user.name_released', { userId: id }, { resource: `user:${id}`, feed: false })
    return released !== null
  })
}

/** Nobody makes, changes or removes somebody who may do more than they may themselves. @throws permission_denied */
function mayGrant({ principal }: Session, roles: readonly string[], permissions: readonly string[] = []): void {
  const beyond = [...permissionsOf(roles), ...permissions].find((permission) => !may(principal, permission))
  if (beyond)
    refuse('permission_denied', { message: `This concerns somebody with the permission ${beyond}, which the caller does not have.` })
}

/** A user name that is somebody's e-mail address would sign in as either. */
function checkUsername(username: string, email: string): void {
  if (username.includes('@') && username.toLowerCase() !== email.toLowerCase()) {
    refuseField('body', 'username', 'may be an e-mail address only if it is the e-mail address of this user')
  }
}

/** Says which field is taken. */
async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (breaks(error, 'users_username')) return taken('username_taken', 'username')
    if (breaks(error, 'users_email')) return taken('email_taken', 'email')
    throw error
  }
}
const taken = (code: Code, field: string): never =>
  refuse(code, { problems: [{ in: 'body', path: [field], message: 'is already in use', rule: 'unique' }] })
